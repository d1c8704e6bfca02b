import { ensure } from '../errors.ts';

export type Metric = 'euclidean' | 'cosine';

export interface Neighbour {
  /** Row of the features. */
  readonly index: number;
  /**
   * Euclidean distance, or 1 − cosine of the angle (0 the same direction, 1 at right angles, 2
   * opposite).
   */
  readonly distance: number;
}

/**
 * The rows of `features` nearest to `query`, nearest first, equal ones in order (the paper's Figure
 * 4: Euclidean, on fc7).
 * @param query `[dimensions]`
 * @param features `[count, dimensions]`
 */
export function nearestNeighbours(
  query: Float32Array,
  features: Float32Array,
  count: number,
  metric: Metric = 'euclidean',
): Neighbour[] {
  const dimensions = query.length;
  ensure(
    dimensions > 0 && features.length % dimensions === 0,
    () =>
      `Expected rows of ${dimensions} features, as many as the query has, but found ` +
      `${features.length} numbers.`,
  );
  const distanceTo = metric === 'euclidean' ? euclidean : cosine;
  const all = Array.from({ length: features.length / dimensions }, (_, index) => ({
    index,
    distance: distanceTo(query, features, index * dimensions),
  }));
  return all.toSorted((a, b) => a.distance - b.distance || a.index - b.index).slice(0, count);
}

function euclidean(query: Float32Array, features: Float32Array, from: number): number {
  let sum = 0;
  for (let i = 0; i < query.length; i++) {
    const apart = query[i]! - features[from + i]!;
    sum += apart * apart;
  }
  return Math.sqrt(sum);
}

/** A row of zeros has no direction: its distance is 1. */
function cosine(query: Float32Array, features: Float32Array, from: number): number {
  let product = 0;
  let own = 0;
  let other = 0;
  for (let i = 0; i < query.length; i++) {
    const a = query[i]!;
    const b = features[from + i]!;
    product += a * b;
    own += a * a;
    other += b * b;
  }
  return own === 0 || other === 0 ? 1 : 1 - product / Math.sqrt(own * other);
}
