import { rangeOf, shade, signedRangeOf } from 'alexnet/browser';
import type { Range } from 'alexnet/browser';
import type { Histogram, Shades } from './protocol.ts';

/**
 * Numbers as bytes on one scale: from zero, or evenly to both sides of it where some are below.
 * @param share of the numbers that the scale's end is to hold, so that a few do not darken the
 * rest.
 */
export function shadesOf(values: Float32Array, share = 1, range?: Range): Shades {
  const signed = range === undefined ? values.some((value) => value < 0) : range.low < 0;
  const found = range ?? (signed ? signedRangeOf(values, share) : rangeOf(values, share));
  const bytes = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) bytes[i] = shade(values[i]!, found);
  return { bytes, ...found, signed };
}

/** How often numbers of which size occur; exact zeros apart, for a ReLU makes most of them. */
export function histogramOf(values: Float32Array, bins = 48): Histogram {
  let [low, high] = [Infinity, -Infinity];
  let zeros = 0;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
    if (value === 0) zeros++;
  }
  const counts = Array.from({ length: bins }, () => 0);
  const width = (high - low) / bins || 1;
  for (const value of values) {
    if (value !== 0) counts[Math.min(bins - 1, Math.floor((value - low) / width))]!++;
  }
  return { low, high, counts, zeros, numbers: values.length };
}
