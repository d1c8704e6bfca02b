import { ensure } from '../errors.ts';
import type { Shape } from '../network/layer.ts';
import { statistics } from './maps.ts';

export interface WeightStatistics {
  readonly name: string;
  readonly numbers: number;
  readonly mean: number;
  readonly deviation: number;
  readonly largest: number;
  readonly least: number;
}

/** How large a parameter's numbers are. */
export function weightStatistics(name: string, values: Float32Array): WeightStatistics {
  const { mean, largest, least } = statistics(values);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { name, numbers: values.length, mean, deviation: Math.sqrt(variance), largest, least };
}

export interface MapDifference {
  readonly channel: number;
  /** Euclidean distance of the two maps, each layer brought to a largest number of 1 first. */
  readonly distance: number;
}

/**
 * The channels of one layer whose maps differ most between two models, most first. Each model's
 * layer is divided by its own largest absolute number, so that a model whose numbers are all larger
 * does not differ everywhere.
 * @param a `[channels, height, width]`
 * @param b the same
 */
export function mapDifferences(
  a: Float32Array,
  b: Float32Array,
  [channels, height, width]: Shape,
): MapDifference[] {
  const places = height * width;
  ensure(
    a.length === channels * places && b.length === a.length,
    () =>
      `Expected two layers of ${channels}×${height}×${width} but found ${a.length} and ` +
      `${b.length} numbers.`,
  );
  const scaleA = 1 / (largestSize(a) || 1);
  const scaleB = 1 / (largestSize(b) || 1);
  const all = Array.from({ length: channels }, (_, channel) => {
    let sum = 0;
    for (let i = channel * places; i < (channel + 1) * places; i++)
      sum += (a[i]! * scaleA - b[i]! * scaleB) ** 2;
    return { channel, distance: Math.sqrt(sum) };
  });
  return all.toSorted((x, y) => y.distance - x.distance || x.channel - y.channel);
}

function largestSize(values: Float32Array): number {
  return values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
}
