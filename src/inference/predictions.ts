import type { Label } from '../model/model.ts';
import { averageCrops } from './probabilities.ts';
import { ranking } from './ranking.ts';

export interface Prediction extends Label {
  /** Position among the network's outputs. */
  readonly index: number;
  readonly probability: number;
}

/**
 * The `top` first answers for one picture.
 * @param probabilities `[crops, classes]` of its crops.
 */
export function predictionsFrom(
  probabilities: Float32Array,
  labels: readonly Label[],
  top: number,
): Prediction[] {
  const mean = averageCrops(probabilities, probabilities.length / labels.length, labels.length);
  return ranking(mean, top).map((index) => ({
    index,
    ...labels[index]!,
    probability: mean[index]!,
  }));
}
