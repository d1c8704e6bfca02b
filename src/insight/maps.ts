import type { Shape } from '../network/layer.ts';

/** One channel of a layer's output for one image. */
export interface MapStatistics {
  readonly channel: number;
  readonly mean: number;
  readonly largest: number;
  readonly least: number;
  /** Share of numbers that are exactly zero: what a ReLU turned off. */
  readonly zeros: number;
}

/**
 * Every channel of one layer's output, the strongest first: by mean, which tells a map that answers
 * in many places from one that answers in one; equal means by their number.
 * @param activation `[channels, height, width]`, one image.
 */
export function mapStatistics(
  activation: Float32Array,
  [channels, height, width]: Shape,
): MapStatistics[] {
  const places = height * width;
  const all = Array.from({ length: channels }, (_, channel) => ({
    channel,
    ...statistics(activation.subarray(channel * places, (channel + 1) * places)),
  }));
  return all.toSorted((a, b) => b.mean - a.mean || a.channel - b.channel);
}

/** Mean, largest, least and share of zeros of any numbers. */
export function statistics(values: Float32Array): Omit<MapStatistics, 'channel'> {
  let sum = 0;
  let largest = -Infinity;
  let least = Infinity;
  let zeros = 0;
  for (const value of values) {
    sum += value;
    if (value > largest) largest = value;
    if (value < least) least = value;
    if (value === 0) zeros++;
  }
  return { mean: sum / values.length, largest, least, zeros: zeros / values.length };
}
