/**
 * NumPy's `.npy` (numpy/lib/format.py, versions 1 to 3), `.npz`, and the pickled dictionaries of
 * arrays in `.npy`.
 */
import { AlexNetError } from '../errors.ts';
import { PyBytes, PyDict, PyTuple, keyText, readPickle, textOf } from './pickle.ts';
import type { PyValue, Stateful } from './pickle.ts';
import { partOf, readBytes } from './source.ts';
import type { ByteSource } from './source.ts';
import { dtypeBytes, elementCount, encodeNumbers, showShape, storedTensor } from './tensor.ts';
import type { Dtype, StoredTensor, WrittenPrecision } from './tensor.ts';
import { writeZip } from './zip.ts';
import type { ZipEntry } from './zip.ts';

export function isNumpy(start: Uint8Array): boolean {
  return [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59].every((byte, i) => start[i] === byte);
}

/** Whether a zip archive is an `.npz`. */
export function isNpz(entries: ReadonlyMap<string, ZipEntry>): boolean {
  return entries.size > 0 && [...entries.keys()].every((name) => name.endsWith('.npy'));
}

const dtypes: ReadonlyMap<string, Dtype> = new Map<string, Dtype>([
  ['f8', 'f64'],
  ['f4', 'f32'],
  ['f2', 'f16'],
  ['i8', 'i64'],
  ['i4', 'i32'],
  ['i2', 'i16'],
  ['i1', 'i8'],
  ['u8', 'u64'],
  ['u4', 'u32'],
  ['u2', 'u16'],
  ['u1', 'u8'],
  ['b1', 'bool'],
]);

/** The arrays of an archive, named as in it without `.npy`. */
export async function readNpz(entries: ReadonlyMap<string, ZipEntry>): Promise<StoredTensor[]> {
  const tensors: StoredTensor[] = [];
  for (const { name, content } of entries.values())
    tensors.push(...(await readNpy(content, name.slice(0, -'.npy'.length))));
  return tensors;
}

/**
 * The array of an `.npy` file; or, where it holds a pickled dictionary (the TensorFlow ports of
 * 2016), its arrays, named by their path: `conv1.0`, `conv1.1` for `{"conv1": [weights, biases]}`.
 */
export async function readNpy(source: ByteSource, name: string): Promise<StoredTensor[]> {
  const { descr, columnMajor, shape, position } = await readHeader(source, name);
  if (descr === '|O' || descr === 'O') return readPickled(source, position);
  const dtype = dtypes.get(descr.slice(1));
  if (dtype === undefined || !'<>|='.includes(descr[0]!))
    throw damaged(
      `the array "${name}" holds numbers of the kind ${JSON.stringify(descr)}, which is not read`,
    );
  const tensor = storedTensor(source, {
    name,
    dtype,
    shape,
    position,
    bigEndian: descr.startsWith('>'),
    columnMajor,
  });
  if (position + tensor.count * dtypeBytes[dtype] !== source.size)
    throw damaged(`the array "${name}" of ${descr} ${showShape(shape)} leaves bytes over`);
  return [tensor];
}

interface Header {
  readonly descr: string;
  readonly columnMajor: boolean;
  readonly shape: readonly number[];
  readonly position: number;
}

async function readHeader(source: ByteSource, name: string): Promise<Header> {
  const start = await readBytes(source, 0, 12, `the header of the array "${name}"`);
  if (!isNumpy(start)) throw damaged(`the array "${name}" does not start as one`);
  const version = start[6]!;
  if (version < 1 || version > 3)
    throw damaged(`the array "${name}" has format version ${version}`);
  const view = new DataView(start.buffer);
  const [from, length] =
    version === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  if (length > 65_536) throw damaged(`the header of the array "${name}" has ${length} bytes`);
  const text = new TextDecoder('latin1').decode(
    await readBytes(source, from, length, `the header of the array "${name}"`),
  );
  return { ...parseHeader(text, name), position: from + length };
}

/**
 * `{'descr': '<f4', 'fortran_order': False, 'shape': (96, 3), }`, a Python literal of exactly this
 * form.
 */
function parseHeader(text: string, name: string): Omit<Header, 'position'> {
  const descr = /^\{[^[\]{}]*'descr': ?'([^']{1,8})'/.exec(text)?.[1];
  const order = /'fortran_order': ?(True|False)/.exec(text)?.[1];
  const sizes = /'shape': ?\(([\d, L]{0,400})\)/.exec(text)?.[1];
  if (descr === undefined || order === undefined || sizes === undefined)
    throw damaged(
      `the header of the array "${name}" is not one: ${JSON.stringify(text.slice(0, 60))}`,
    );
  const shape = sizes
    .split(',')
    .map((size) => size.trim().replace(/L$/, ''))
    .filter((size) => size !== '')
    .map(Number);
  return { descr, columnMajor: order === 'True', shape };
}

class PickledType implements Stateful {
  readonly kind: string;
  bigEndian = false;
  constructor(kind: string) {
    this.kind = kind;
  }

  setState(state: PyValue): void {
    this.bigEndian = state instanceof PyTuple && textOf(state.items[1]) === '>';
  }
}

class PickledArray implements Stateful {
  state: readonly PyValue[] = [];

  setState(state: PyValue): void {
    if (!(state instanceof PyTuple) || state.items.length !== 5)
      throw damaged('a pickled array has no state');
    this.state = state.items;
  }
}

const reconstruct = (): PyValue => new PickledArray();
const pickledGlobals = new Map<string, ((...args: PyValue[]) => PyValue) | undefined>([
  ['numpy.core.multiarray _reconstruct', reconstruct],
  ['numpy._core.multiarray _reconstruct', reconstruct],
  ['numpy ndarray', undefined],
  ['numpy dtype', (kind) => new PickledType(textOf(kind) ?? '')],
]);

async function readPickled(source: ByteSource, position: number): Promise<StoredTensor[]> {
  const { value } = await readPickle(source, position, { globals: pickledGlobals });
  const root = value instanceof PickledArray ? objectsOf(value)?.[0] : value;
  if (!(root instanceof PyDict)) throw damaged('its pickle holds no dictionary of arrays');
  const tensors: StoredTensor[] = [];
  for (const [layer, arrays] of root.entries)
    tensors.push(...namedArrays(source, keyText(layer), arrays));
  return tensors;
}

/** `{layer: [weights, biases]}`, `{layer: {"weights": …, "biases": …}}` or `{name: array}`. */
function namedArrays(source: ByteSource, path: string, value: PyValue): StoredTensor[] {
  if (value instanceof PickledArray) {
    const objects = objectsOf(value);
    return objects === undefined
      ? [pickledTensor(source, path, value)]
      : objects.map((item, i) => pickledTensor(source, `${path}.${i}`, item));
  }
  if (value instanceof PyDict)
    return [...value.entries].map(([key, array]) =>
      pickledTensor(source, `${path}.${keyText(key)}`, array),
    );
  const items = value instanceof PyTuple ? value.items : value;
  if (!Array.isArray(items)) throw damaged(`"${path}" in its dictionary is no array`);
  return items.map((array, index) => pickledTensor(source, `${path}.${index}`, array as PyValue));
}

/** The items of an array of Python objects. */
function objectsOf({ state }: PickledArray): PyValue[] | undefined {
  const [, , type, , items] = state;
  return type instanceof PickledType && type.kind.startsWith('O') && Array.isArray(items)
    ? items
    : undefined;
}

function pickledTensor(source: ByteSource, name: string, value: PyValue): StoredTensor {
  const [, shape, type, columnMajor, data] = value instanceof PickledArray ? value.state : [];
  const dtype = type instanceof PickledType ? dtypes.get(type.kind) : undefined;
  if (!(shape instanceof PyTuple) || dtype === undefined || !(data instanceof PyBytes))
    throw damaged(`"${name}" in its dictionary is no array of numbers`);
  const sizes = shape.items.map((size) => (typeof size === 'number' ? size : NaN));
  const piece = partOf(source, data.position, data.length, `the array "${name}"`);
  if (elementCount(sizes, `"${name}"`) * dtypeBytes[dtype] !== data.length)
    throw damaged(`the array "${name}" of ${dtype} ${showShape(sizes)} has ${data.length} bytes`);
  return storedTensor(piece, {
    name,
    dtype,
    shape: sizes,
    position: 0,
    bigEndian: (type as PickledType).bigEndian,
    columnMajor: columnMajor === true,
  });
}

export interface NumpyArray {
  readonly name: string;
  readonly shape: readonly number[];
  /** Bytes are written as they are, in whatever precision the numbers. */
  readonly data: Float32Array | Uint8Array;
}

/** An `.npz` archive in pieces, stored and not packed. */
export function writeNpz(
  arrays: readonly NumpyArray[],
  precision: WrittenPrecision = 'f32',
): Generator<Uint8Array> {
  return writeZip(
    arrays.map(({ name, shape, data }) => {
      const dtype = data instanceof Uint8Array ? 'u8' : precision;
      const header = npyHeader(shape, dtype);
      return {
        name: `${name}.npy`,
        size: header.length + data.length * dtypeBytes[dtype],
        pieces: () => npyPieces(header, data, precision),
      };
    }),
  );
}

function* npyPieces(
  header: Uint8Array,
  data: Float32Array | Uint8Array,
  precision: WrittenPrecision,
): Generator<Uint8Array> {
  yield header;
  if (data instanceof Uint8Array) yield data;
  else yield* encodeNumbers(data, precision);
}

const written = { f32: '<f4', f16: '<f2', u8: '|u1' } as const;

function npyHeader(shape: readonly number[], dtype: keyof typeof written): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const literal = `{'descr': '${written[dtype]}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const length = Math.ceil((10 + literal.length + 1) / 64) * 64 - 10;
  const bytes = new TextEncoder().encode(`.NUMPY....${literal.padEnd(length - 1)}\n`);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, length & 255, length >> 8]);
  return bytes;
}

function damaged(why: string): AlexNetError {
  return new AlexNetError(`The NumPy file is damaged or not supported: ${why}.`);
}
