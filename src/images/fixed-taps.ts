import { roundHalfEven } from './rounding.ts';

/** Which pixels along one axis make each output pixel, with weights in fixed point. */
export interface FixedTaps {
  /** How many pixels make one. */
  readonly count: number;
  /** The first of them, per output pixel. */
  readonly first: Int32Array;
  /** `[output pixels, count]`. */
  readonly weights: Int32Array;
}

/** Bits of a weight's fraction: Pillow leaves 8 for the byte and 2 against overflow. */
const pillowBits = 32 - 8 - 2;

/**
 * Pillow's bilinear taps for the output pixels from `from` to `to` of `size`, made of `length`: a
 * triangle, as wide as the output's pixels are where it shrinks, so that nothing aliases. Weights
 * are normalised in double precision, then rounded; what falls outside the picture is left out.
 */
export function pillowTaps(length: number, size: number, from = 0, to = size): FixedTaps {
  const scale = length / size;
  const reach = Math.max(1, scale);
  const count = Math.ceil(2 * reach);
  const first = new Int32Array(to - from);
  const weights = new Int32Array((to - from) * count);
  const triangle = new Float64Array(count + 1);
  for (let i = 0; i < to - from; i++) {
    const centre = (from + i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - reach + 0.5));
    const end = Math.min(length, Math.trunc(centre + reach + 0.5));
    let sum = 0;
    for (let t = 0; t < end - start; t++) {
      const distance = Math.abs((start + t - centre + 0.5) * (1 / reach));
      triangle[t] = Math.max(0, 1 - distance);
      sum += triangle[t]!;
    }
    first[i] = start;
    for (let t = 0; t < Math.min(count, end - start); t++)
      weights[i * count + t] = Math.trunc(0.5 + (triangle[t]! / sum) * 2 ** pillowBits);
  }
  return { count, first, weights };
}

/** The two pixels, each of `[size]`, that OpenCV blends, and their weights. */
export interface TwoTaps {
  readonly lower: Int32Array;
  readonly upper: Int32Array;
  readonly lowerWeight: Int32Array;
  readonly upperWeight: Int32Array;
}

const opencvScale = 2 ** 11;

/**
 * OpenCV's INTER_LINEAR for bytes, for the output pixels from `from` to `to` of `size`: the two
 * nearest pixels, whatever the scale, with 11 bits of fraction, worked out in single precision.
 * Beyond the border stands the border's pixel.
 */
export function opencvTaps(length: number, size: number, from = 0, to = size): TwoTaps {
  const scale = 1 / (size / length);
  const lower = new Int32Array(to - from);
  const upper = new Int32Array(to - from);
  const lowerWeight = new Int32Array(to - from);
  const upperWeight = new Int32Array(to - from);
  for (let i = 0; i < to - from; i++) {
    const place = Math.fround((from + i + 0.5) * scale - 0.5);
    const before = Math.floor(place);
    const over = Math.fround(place - before);
    lower[i] = Math.max(0, Math.min(length - 1, before));
    upper[i] = Math.max(0, Math.min(length - 1, before + 1));
    lowerWeight[i] = roundHalfEven(Math.fround(1 - over) * opencvScale);
    upperWeight[i] = roundHalfEven(over * opencvScale);
  }
  return { lower, upper, lowerWeight, upperWeight };
}
