import { AlexNetError } from '../errors.ts';
import { fromBrains, fromHalves, toHalves } from './halves.ts';
import { checkRange } from './source.ts';
import type { ByteSource } from './source.ts';

/** The kinds of number that weight files hold, and the bytes of one. */
export const dtypeBytes = {
  f64: 8,
  f32: 4,
  f16: 2,
  bf16: 2,
  i64: 8,
  i32: 4,
  i16: 2,
  i8: 1,
  u64: 8,
  u32: 4,
  u16: 2,
  u8: 1,
  bool: 1,
} as const;

export type Dtype = keyof typeof dtypeBytes;

/** A tensor that a file holds: known by name and shape, read when asked for. */
export interface StoredTensor {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** How many numbers: the product of the shape. */
  readonly count: number;
  /**
   * A fresh array of its numbers, row by row, as f32 (f64 and integers are rounded to the nearest).
   */
  read(): Promise<Float32Array<ArrayBuffer>>;
  /** `length` of these from number `first` on; missing where they do not lie row by row. */
  readonly readPart?: (first: number, length: number) => Promise<Float32Array<ArrayBuffer>>;
  /** A fresh copy of its bytes as stored. */
  readRaw(): Promise<Uint8Array<ArrayBuffer>>;
  /** Tensors with the same text here are the same numbers in the file. */
  readonly share?: string;
}

/** A tensor to be written. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Uint8Array | Int32Array | Uint32Array;
}

/** How f32 is written. */
export type WrittenPrecision = 'f32' | 'f16';

/**
 * The product of a shape. @throws {AlexNetError} where a size is no whole number or the product is
 * beyond exact integers.
 */
export function elementCount(shape: readonly number[], what: string): number {
  let count = 1;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0)
      throw new AlexNetError(
        `The file is damaged: the shape of ${what}, ${showShape(shape)}, holds a size that is ` +
          'not a whole number.',
      );
    count *= size;
  }
  if (shape.length > 32 || !Number.isSafeInteger(count))
    throw new AlexNetError(
      `The file is damaged: the shape of ${what}, ${showShape(shape)}, is larger than any ` +
        'tensor can be.',
    );
  return count;
}

/** `[96,3,11,11]`. Long shapes are cut: they come from damaged files. */
export function showShape(shape: readonly number[]): string {
  return `[${shape.slice(0, 8).join(',')}${shape.length > 8 ? ',…' : ''}]`;
}

export interface Stored {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Where its bytes start, in bytes. */
  readonly position: number;
  readonly bigEndian?: boolean;
  /** Numbers lie column by column (Fortran's order). */
  readonly columnMajor?: boolean;
}

/**
 * A tensor whose numbers lie in one piece of `source`. @throws {AlexNetError} where that piece is
 * not all inside.
 */
export function storedTensor(
  source: ByteSource,
  { name, dtype, shape, position, bigEndian = false, columnMajor = false }: Stored,
): StoredTensor {
  const count = elementCount(shape, `"${name}"`);
  const length = count * dtypeBytes[dtype];
  checkRange(source, position, length, `tensor "${name}" of ${dtype} ${showShape(shape)}`);
  return {
    name,
    dtype,
    shape,
    count,
    async read() {
      const values = await readNumbers(source, position, count, dtype, bigEndian);
      return columnMajor && shape.length > 1 ? rowMajor(values, shape) : values;
    },
    ...(columnMajor && shape.length > 1
      ? {}
      : {
          readPart: (first: number, part: number) =>
            readNumbers(source, position + first * dtypeBytes[dtype], part, dtype, bigEndian),
        }),
    async readRaw() {
      const bytes = new Uint8Array(length);
      await source.read(bytes, position);
      return bytes;
    },
  };
}

/**
 * Numbers that are converted pass through a buffer of this many bytes, so that the stored and the
 * f32 form are never both held.
 */
const pieceBytes = 1 << 20;

async function readNumbers(
  source: ByteSource,
  position: number,
  count: number,
  dtype: Dtype,
  bigEndian: boolean,
): Promise<Float32Array<ArrayBuffer>> {
  const values = new Float32Array(count);
  if (dtype === 'f32' && !bigEndian) {
    await source.read(new Uint8Array(values.buffer), position);
    return values;
  }
  const size = dtypeBytes[dtype];
  const perPiece = pieceBytes / size;
  const piece = new Uint8Array(Math.min(pieceBytes, count * size));
  for (let done = 0; done < count; done += perPiece) {
    const part = Math.min(perPiece, count - done);
    const bytes = piece.subarray(0, part * size);
    await source.read(bytes, position + done * size);
    if (bigEndian) swapBytes(bytes, size);
    convert(bytes, dtype, values.subarray(done, done + part));
  }
  return values;
}

function swapBytes(bytes: Uint8Array, size: number): void {
  for (let i = 0; i < bytes.length; i += size) bytes.subarray(i, i + size).reverse();
}

/** `bytes` starts a buffer of its own, so that every kind of view is aligned. */
function convert({ buffer, length }: Uint8Array, dtype: Dtype, out: Float32Array): void {
  switch (dtype) {
    case 'f16':
      return fromHalves(new Uint16Array(buffer, 0, length / 2), out);
    case 'bf16':
      return fromBrains(new Uint16Array(buffer, 0, length / 2), out);
    case 'f64':
      return out.set(new Float64Array(buffer, 0, length / 8));
    case 'f32':
      return out.set(new Float32Array(buffer, 0, length / 4));
    case 'i64':
    case 'u64':
      return setFromBig(
        dtype === 'i64'
          ? new BigInt64Array(buffer, 0, length / 8)
          : new BigUint64Array(buffer, 0, length / 8),
        out,
      );
    case 'i32':
      return out.set(new Int32Array(buffer, 0, length / 4));
    case 'u32':
      return out.set(new Uint32Array(buffer, 0, length / 4));
    case 'i16':
      return out.set(new Int16Array(buffer, 0, length / 2));
    case 'u16':
      return out.set(new Uint16Array(buffer, 0, length / 2));
    case 'i8':
      return out.set(new Int8Array(buffer, 0, length));
    case 'u8':
    case 'bool':
      return out.set(new Uint8Array(buffer, 0, length));
  }
}

function setFromBig(values: BigInt64Array | BigUint64Array, out: Float32Array): void {
  for (let i = 0; i < values.length; i++) out[i] = Number(values[i]!);
}

function rowMajor(values: Float32Array, shape: readonly number[]): Float32Array<ArrayBuffer> {
  const axes = shape.map((_, axis) => shape.length - 1 - axis);
  return permuteAxes(values, shape.toReversed(), axes);
}

/**
 * The same numbers with their axes in another order: axis i of the result is axis `axes[i]` of
 * `values`, as in NumPy's transpose.
 * @param shape of `values`.
 */
export function permuteAxes(
  values: Float32Array,
  shape: readonly number[],
  axes: readonly number[],
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(values.length);
  if (values.length === 0) return out;
  const strides = shape.map((_, axis) =>
    shape.slice(axis + 1).reduce((product, n) => product * n, 1),
  );
  const sizes = axes.map((axis) => shape[axis]!);
  const steps = axes.map((axis) => strides[axis]!);
  let next = 0;
  const walk = (axis: number, from: number): void => {
    const size = sizes[axis] ?? 1;
    const step = steps[axis] ?? 0;
    if (axis >= sizes.length - 1) {
      for (let i = 0; i < size; i++) out[next++] = values[from + i * step]!;
      return;
    }
    for (let i = 0; i < size; i++) walk(axis + 1, from + i * step);
  };
  walk(0, 0);
  return out;
}

/** The bytes of an array, without a copy. */
export function bytesOf(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** The bytes of f32 numbers in the wanted precision, in pieces; f32 is not copied. */
export function* encodeNumbers(
  values: Float32Array,
  precision: WrittenPrecision,
): Generator<Uint8Array> {
  if (precision === 'f32') {
    yield bytesOf(values);
    return;
  }
  const perPiece = pieceBytes / 2;
  for (let done = 0; done < values.length; done += perPiece) {
    const part = values.subarray(done, done + perPiece);
    const bits = new Uint16Array(part.length);
    toHalves(part, bits);
    yield bytesOf(bits);
  }
}
