/**
 * Which pixels along one axis make each output pixel: `count` of them from `first[i]` on, with
 * `weights[i · count …]`, whose sum is 1.
 */
export interface Taps {
  readonly count: number;
  readonly first: Uint32Array;
  readonly weights: Float32Array;
}

/**
 * Bilinear weights for resampling `length` pixels from `from` (both may be fractions) to `size`: a
 * triangle, widened where it shrinks so that nothing aliases; neighbours outside [0, limit) are
 * left out.
 */
export function taps(from: number, length: number, limit: number, size: number): Taps {
  const scale = length / size;
  const reach = Math.max(1, scale);
  const count = Math.min(limit, Math.ceil(2 * reach));
  const first = new Uint32Array(size);
  const weights = new Float32Array(size * count);
  for (let i = 0; i < size; i++) {
    const centre = from + (i + 0.5) * scale - 0.5;
    const start = Math.max(0, Math.min(limit - count, Math.floor(centre - reach) + 1));
    let sum = 0;
    for (let t = 0; t < count; t++)
      sum += weights[i * count + t] = Math.max(0, 1 - Math.abs(start + t - centre) / reach);
    for (let t = 0; t < count; t++) weights[i * count + t]! /= sum;
    first[i] = start;
  }
  return { count, first, weights };
}

/** The same pixels in the opposite order. */
export function reversed({ count, first, weights }: Taps): Taps {
  const size = first.length;
  return {
    count,
    first: first.toReversed(),
    weights: Float32Array.from(
      weights,
      (_, i) => weights[(size - 1 - Math.floor(i / count)) * count + (i % count)]!,
    ),
  };
}
