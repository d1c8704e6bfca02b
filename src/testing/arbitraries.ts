/** What property tests draw: always the same, because a test must not pass by luck. */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { dtypeBytes } from '../formats/tensor.ts';
import type { Dtype } from '../formats/tensor.ts';

fc.configureGlobal({ seed: 20_121_203, numRuns: 200 });

/** Any text that UTF-8 can say. */
export const anyText = fc.string({ unit: 'binary', maxLength: 12 });

export const anyShape = fc.array(fc.nat(5), { maxLength: 4 });

/**
 * Zeros of both signs, the smallest and largest numbers of each kind, infinities, quiet and
 * signalling NaNs with something in them.
 */
const special = [
  0, 0x80000000, 1, 0x80000001, 0x007fffff, 0x00800000, 0x33000000, 0x33000001, 0x387fc000,
  0x38800000, 0x477fe000, 0x477ff000, 0x7f7fffff, 0x7f800000, 0xff800000, 0x7f800001, 0x7fc00000,
  0xffc12345,
];

const anyBits = fc.oneof(fc.nat(0xffffffff), fc.constantFrom(...special));

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** f32 of any bits. */
export function anyFloats(count: number): fc.Arbitrary<Float32Array<ArrayBuffer>> {
  return fc
    .array(anyBits, { minLength: count, maxLength: count })
    .map((bits) => new Float32Array(Uint32Array.from(bits).buffer));
}

export function anyBytes(count: number): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  return anyFloats(Math.ceil(count / 4)).map(({ buffer }) => new Uint8Array(buffer, 0, count));
}

export interface AnyTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

/** Some tensors of different names. */
export const anyTensors: fc.Arbitrary<AnyTensor[]> = fc.uniqueArray(
  fc
    .tuple(anyText, anyShape)
    .chain(([name, shape]) => anyFloats(sizeOf(shape)).map((data) => ({ name, shape, data }))),
  { selector: ({ name }) => name, maxLength: 5 },
);

/** The numbers of an array, bit for bit. */
export function bitsOf(data: Float32Array): number[] {
  return [...new Uint32Array(data.buffer, data.byteOffset, data.length)];
}

/**
 * Equal numbers, -0 and 0 told apart, all NaNs alike: what conversions between kinds of numbers
 * keep.
 */
export function assertSame(found: Float32Array, expected: ArrayLike<number>): void {
  assert.equal(found.length, expected.length);
  for (let i = 0; i < found.length; i++)
    assert.ok(
      Object.is(found[i], expected[i]),
      `number ${i}: ${found[i]} instead of ${expected[i]}`,
    );
}

export const anyDtype = fc.constantFrom(...(Object.keys(dtypeBytes) as Dtype[]));

/** One stored number as f32, by the definition of its kind. */
export function decode(
  bytes: Uint8Array,
  dtype: Dtype,
  index: number,
  littleEndian = true,
): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = index * dtypeBytes[dtype];
  switch (dtype) {
    case 'f64':
      return Math.fround(view.getFloat64(at, littleEndian));
    case 'f32':
      return view.getFloat32(at, littleEndian);
    case 'f16':
      return half(view.getUint16(at, littleEndian));
    case 'bf16':
      return brain(view.getUint16(at, littleEndian));
    case 'i64':
      return Math.fround(Number(view.getBigInt64(at, littleEndian)));
    case 'u64':
      return Math.fround(Number(view.getBigUint64(at, littleEndian)));
    case 'i32':
      return Math.fround(view.getInt32(at, littleEndian));
    case 'u32':
      return Math.fround(view.getUint32(at, littleEndian));
    case 'i16':
      return view.getInt16(at, littleEndian);
    case 'u16':
      return view.getUint16(at, littleEndian);
    case 'i8':
      return view.getInt8(at);
    case 'u8':
    case 'bool':
      return view.getUint8(at);
  }
}

/** IEEE 754 binary16: sign, five bits of exponent with bias 15, ten bits of fraction. */
export function half(bits: number): number {
  const sign = bits < 0x8000 ? 1 : -1;
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

/** bfloat16: sign, eight bits of exponent with bias 127, seven bits of fraction. */
export function brain(bits: number): number {
  const sign = bits < 0x8000 ? 1 : -1;
  const [exponent, fraction] = [(bits >> 7) & 255, bits & 127];
  if (exponent === 255) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -133 : (128 + fraction) * 2 ** (exponent - 134));
}
