/** Numbers of 16 bits: IEEE binary16 ("half") and bfloat16, as bit patterns in a Uint16Array. */

let table: Float32Array | undefined;

/** The value of each of the 65,536 halves. */
function halves(): Float32Array {
  table ??= Float32Array.from({ length: 65536 }, (_, bits) => {
    const sign = bits >>> 15 === 1 ? -1 : 1;
    const exponent = (bits >>> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
    return (
      sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15))
    );
  });
  return table;
}

/**
 * Writes the values of `bits` into `out`, which has the same length. Every half is exact in f32.
 */
export function fromHalves(bits: Uint16Array, out: Float32Array): void {
  const values = halves();
  for (let i = 0; i < bits.length; i++) out[i] = values[bits[i]!]!;
}

/** Rounds to the nearest half, ties to even; what is too large becomes infinite, as in IEEE 754. */
export function toHalves(values: Float32Array, out: Uint16Array): void {
  const patterns = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < patterns.length; i++) out[i] = toHalf(patterns[i]!);
}

function toHalf(pattern: number): number {
  const sign = (pattern >>> 16) & 0x8000;
  const magnitude = pattern & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) return sign | subnormal(magnitude);
  const rounded = magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1);
  return sign | (rounded >>> 13);
}

/** Below 2⁻¹⁴ a half is a multiple of 2⁻²⁴. */
function subnormal(magnitude: number): number {
  const exponent = magnitude >>> 23;
  if (exponent < 102) return 0;
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const shift = 126 - exponent;
  const down = mantissa >>> shift;
  const rest = mantissa & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return down + (rest > half || (rest === half && (down & 1) === 1) ? 1 : 0);
}

/** A bfloat16 is the upper half of an f32. */
export function fromBrains(bits: Uint16Array, out: Float32Array): void {
  const patterns = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < bits.length; i++) patterns[i] = bits[i]! << 16;
}
