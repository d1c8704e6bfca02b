/**
 * PyTorch's `.pth` and `.pt` (torch/serialization.py): since 1.6 a zip archive with `data.pkl` and
 * one entry per storage, before that four pickles, a list of storages and their bytes.
 */
import { AlexNetError } from '../errors.ts';
import { itemsOf, PyDict, PyGlobal, PyTuple, readPickle, textOf } from './pickle.ts';
import type { PyValue } from './pickle.ts';
import { checkRange, readBytes } from './source.ts';
import type { ByteSource } from './source.ts';
import { dtypeBytes, elementCount, permuteAxes, showShape, storedTensor } from './tensor.ts';
import type { Dtype, StoredTensor } from './tensor.ts';
import type { ZipEntry } from './zip.ts';

/** The first pickle of the older form is this number, ten bytes long. */
const legacyMagic = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];

export function isLegacyTorch(start: Uint8Array): boolean {
  return start[0] === 0x80 && legacyMagic.every((byte, i) => start[i + 2] === byte);
}

/** Whether a zip archive is one of PyTorch's. */
export function isTorchZip(entries: ReadonlyMap<string, ZipEntry>): boolean {
  return [...entries.keys()].some((name) => /^[^/]+\/data\.pkl$/.test(name));
}

const storageKinds: ReadonlyMap<string, Dtype> = new Map<string, Dtype>([
  ['DoubleStorage', 'f64'],
  ['FloatStorage', 'f32'],
  ['HalfStorage', 'f16'],
  ['BFloat16Storage', 'bf16'],
  ['LongStorage', 'i64'],
  ['IntStorage', 'i32'],
  ['ShortStorage', 'i16'],
  ['CharStorage', 'i8'],
  ['ByteStorage', 'u8'],
  ['BoolStorage', 'bool'],
]);

class Storage {
  readonly key: string;
  readonly dtype: Dtype;
  readonly count: number;
  constructor(key: string, dtype: Dtype, count: number) {
    this.key = key;
    this.dtype = dtype;
    this.count = count;
  }
}

/** A tensor as the pickle describes it: a view of a storage. */
class TensorView {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  constructor(
    storage: Storage,
    offset: number,
    shape: readonly number[],
    strides: readonly number[],
  ) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

const globals: ReadonlyMap<string, ((...args: PyValue[]) => PyValue) | undefined> = new Map<
  string,
  ((...args: PyValue[]) => PyValue) | undefined
>([
  ['collections OrderedDict', orderedDict],
  ['torch._utils _rebuild_tensor_v2', rebuildTensor],
  ['torch._utils _rebuild_tensor', rebuildTensor],
  ['torch._utils _rebuild_parameter', (data) => data ?? null],
  ['torch Size', (items) => items ?? null],
  ['torch device', (kind) => kind ?? null],
  ['torch.serialization _get_layout', (name) => name ?? null],
  // What checkpoints hold beside weights, as far as it is harmless data: NumPy's scalars.
  ['_codecs encode', () => null],
  ['numpy dtype', () => ({ setState: () => undefined })],
  ['numpy.core.multiarray scalar', () => null],
  ['numpy._core.multiarray scalar', () => null],
  ...[...storageKinds.keys()].map((name) => [`torch ${name}`, undefined] as const),
  ['torch.storage UntypedStorage', undefined],
  ...[
    'float64',
    'float32',
    'float16',
    'bfloat16',
    'int64',
    'int32',
    'int16',
    'int8',
    'uint8',
    'bool',
  ].map((name) => [`torch ${name}`, undefined] as const),
]);

function orderedDict(items?: PyValue): PyValue {
  const dict = new PyDict();
  if (Array.isArray(items)) {
    for (const item of items) {
      const [key, value] = itemsOf(item) ?? [];
      if (key === undefined || value === undefined)
        throw damaged('an OrderedDict is not made of pairs');
      dict.entries.set(textOf(key) ?? key, value);
    }
  }
  return dict;
}

function rebuildTensor(
  storage?: PyValue,
  offset?: PyValue,
  shape?: PyValue,
  strides?: PyValue,
): PyValue {
  if (!(storage instanceof Storage) || typeof offset !== 'number')
    throw damaged('a tensor has no storage');
  return new TensorView(storage, offset, wholes(shape), wholes(strides));
}

function wholes(value: PyValue | undefined): number[] {
  const items = value instanceof PyTuple ? value.items : undefined;
  if (
    items === undefined ||
    !items.every((item) => typeof item === 'number' && Number.isSafeInteger(item) && item >= 0)
  )
    throw damaged('the shape of a tensor is not made of whole numbers');
  return items as number[];
}

/** `('storage', torch.FloatStorage, key, device, count[, view])`. */
function persistentStorage(id: PyValue): Storage {
  const [tag, kind, key, , count] = id instanceof PyTuple ? id.items : [];
  const dtype =
    kind instanceof PyGlobal ? storageKinds.get(kind.name.slice('torch '.length)) : undefined;
  const name = textOf(key);
  if (
    textOf(tag) !== 'storage' ||
    dtype === undefined ||
    name === undefined ||
    typeof count !== 'number' ||
    !Number.isSafeInteger(count) ||
    count < 0
  )
    throw damaged('a storage is not described as it should be');
  return new Storage(name, dtype, count);
}

/**
 * All tensors of a file, named by their path through its dictionaries
 * (`state_dict.features.0.weight`), in its order.
 */
export async function readTorchZip(
  entries: ReadonlyMap<string, ZipEntry>,
): Promise<StoredTensor[]> {
  const path = [...entries.keys()].find((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (path === undefined) throw damaged('its data.pkl is missing');
  const folder = path.slice(0, -'data.pkl'.length);
  const order = entries.get(`${folder}byteorder`);
  const bigEndian =
    order !== undefined &&
    order.size < 16 &&
    new TextDecoder().decode(await readBytes(order.content, 0, order.size, 'byteorder')) === 'big';
  const { value } = await readPickle(entries.get(path)!.content, 0, {
    globals,
    persistent: persistentStorage,
  });
  return collect(value, (storage) => {
    const entry = entries.get(`${folder}data/${storage.key}`);
    if (entry === undefined) throw damaged(`the storage "${storage.key.slice(0, 40)}" is missing`);
    return { source: entry.content, start: 0, bigEndian };
  });
}

/**
 * The older form: magic number, protocol, system, value, storage keys; then each storage as its
 * count and its bytes.
 */
export async function readLegacyTorch(source: ByteSource): Promise<StoredTensor[]> {
  let position = 0;
  const next = async (): Promise<PyValue> => {
    const { value, end } = await readPickle(source, position, {
      globals,
      persistent: persistentStorage,
    });
    position = end;
    return value;
  };
  await next();
  const protocol = await next();
  if (protocol !== 1001)
    throw damaged(
      `its protocol is ${typeof protocol === 'number' ? protocol : 'missing'} and not 1001`,
    );
  const system = await next();
  if (system instanceof PyDict && system.get('little_endian') === false)
    throw damaged('it was written on a big-endian machine');
  const value = await next();
  const storages = describedStorages(value);
  const keys = await next();
  const places = await placeStorages(source, position, keys, storages);
  return collect(value, (storage) => {
    const start = places.get(storage.key);
    if (start === undefined) throw damaged(`the storage "${storage.key.slice(0, 40)}" is missing`);
    return { source, start, bigEndian: false };
  });
}

async function placeStorages(
  source: ByteSource,
  start: number,
  keys: PyValue,
  storages: ReadonlyMap<string, Storage>,
): Promise<Map<string, number>> {
  if (!Array.isArray(keys)) throw damaged('the list of its storages is missing');
  const places = new Map<string, number>();
  let position = start;
  for (const item of keys) {
    const storage = storages.get(textOf(item) ?? '');
    if (storage === undefined || places.has(storage.key))
      throw damaged('its list of storages does not fit its tensors');
    const count = Number(
      new DataView(
        (await readBytes(source, position, 8, 'the length of a storage')).buffer,
      ).getBigInt64(0, true),
    );
    if (count !== storage.count)
      throw damaged(`a storage of ${storage.count} numbers says it has ${count}`);
    places.set(storage.key, position + 8);
    position += 8 + count * dtypeBytes[storage.dtype];
  }
  return places;
}

function describedStorages(value: PyValue): Map<string, Storage> {
  const storages = new Map<string, Storage>();
  for (const { view } of walk(value)) storages.set(view.storage.key, view.storage);
  return storages;
}

interface Found {
  readonly name: string;
  readonly view: TensorView;
}

/**
 * Every tensor in nested dictionaries and lists. A pickle can contain itself and share parts: each
 * part is entered once.
 */
function walk(root: PyValue): Found[] {
  const found: Found[] = [];
  const entered = new Set<PyValue>();
  const enter = (value: PyValue, path: string, depth: number): void => {
    if (value instanceof TensorView) {
      found.push({ name: path, view: value });
      return;
    }
    const children = childrenOf(value);
    if (children === undefined || entered.has(value)) return;
    if (depth > 16 || path.length > 1024) throw damaged('it is nested deeper than 16 levels');
    entered.add(value);
    for (const [key, child] of children)
      enter(child, path === '' ? key : `${path}.${key}`, depth + 1);
  };
  enter(root, '', 0);
  return found;
}

function childrenOf(value: PyValue): [string, PyValue][] | undefined {
  if (value instanceof PyDict)
    return [...value.entries].map(([key, child]) => [
      typeof key === 'string' || typeof key === 'number' ? String(key) : '?',
      child,
    ]);
  return itemsOf(value)?.map((child, index) => [String(index), child]);
}

interface Place {
  readonly source: ByteSource;
  readonly start: number;
  readonly bigEndian: boolean;
}

function collect(value: PyValue, place: (storage: Storage) => Place): StoredTensor[] {
  const names = new Set<string>();
  const found = walk(value);
  checkStorages(found, place);
  return found.map(({ name, view }) => {
    if (names.has(name)) throw damaged(`the tensor "${name}" is there twice`);
    names.add(name);
    return viewedTensor(name, view, place(view.storage));
  });
}

/**
 * Tensors may share their numbers, but a file whose tensors are many times what it stores was made
 * to fill the memory.
 */
function checkStorages(found: readonly Found[], place: (storage: Storage) => Place): void {
  let stored = 0;
  for (const storage of new Map(
    found.map(({ view }) => [view.storage.key, view.storage]),
  ).values()) {
    const { source, start } = place(storage);
    checkRange(
      source,
      start,
      storage.count * dtypeBytes[storage.dtype],
      `the storage "${storage.key.slice(0, 40)}"`,
    );
    stored += storage.count;
  }
  const shown = found.reduce(
    (sum, { name, view }) => sum + elementCount(view.shape, `"${name}"`),
    0,
  );
  if (shown > 10 * stored)
    throw damaged(
      `its tensors have ${shown} numbers, more than ten times the ${stored} that it stores`,
    );
}

function viewedTensor(
  name: string,
  { storage, offset, shape, strides }: TensorView,
  { source, start, bigEndian }: Place,
): StoredTensor {
  const count = elementCount(shape, `"${name}"`);
  if (strides.length !== shape.length)
    throw damaged(`the tensor "${name}" has ${shape.length} sizes but ${strides.length} strides`);
  if (offset + count > storage.count)
    throw damaged(
      `the tensor "${name}" of ${showShape(shape)} goes beyond its storage of ` +
        `${storage.count} numbers`,
    );
  const order = axisOrder(shape, strides);
  if (order === undefined)
    throw new AlexNetError(
      `The tensor "${name}" does not lie in one piece (strides ${showShape(strides)} for ` +
        `shape ${showShape(shape)}). Save it with .contiguous().`,
    );
  const stored = storedTensor(source, {
    name,
    dtype: storage.dtype,
    shape: order.map((axis) => shape[axis]!),
    position: start + offset * dtypeBytes[storage.dtype],
    bigEndian,
  });
  const inOrder = order.every((axis, i) => axis === i);
  const back = order.map((_, axis) => order.indexOf(axis));
  const share = `${storage.key}:${offset}`;
  if (inOrder) return { ...stored, shape, share };
  const { readPart: _, ...rest } = stored;
  return {
    ...rest,
    shape,
    share,
    read: async () => permuteAxes(await stored.read(), stored.shape, back),
  };
}

/**
 * The order in which the axes lie in memory, outermost first; undefined where they do not fill it
 * without gaps.
 */
function axisOrder(shape: readonly number[], strides: readonly number[]): number[] | undefined {
  const order = [...shape.keys()].toSorted(
    (a, b) => strides[b]! - strides[a]! || (shape[b] === 1 ? -1 : 0) || a - b,
  );
  const contiguous = fills([...shape.keys()], shape, strides);
  if (contiguous) return [...shape.keys()];
  return fills(order, shape, strides) ? order : undefined;
}

function fills(
  order: readonly number[],
  shape: readonly number[],
  strides: readonly number[],
): boolean {
  let expected = 1;
  for (const axis of order.toReversed()) {
    if (shape[axis] === 1) continue;
    if (shape[axis] !== 0 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}

function damaged(why: string): AlexNetError {
  return new AlexNetError(`The PyTorch file is damaged or not supported: ${why}.`);
}
