import { ensure } from '../errors.ts';
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
 * @throws {AlexNetError} where they are no numbers.
 */
export function predictionsFrom(
  probabilities: Float32Array,
  labels: readonly Label[],
  top: number,
): Prediction[] {
  const mean = averageCrops(probabilities, probabilities.length / labels.length, labels.length);
  refuseNaN(mean);
  return ranking(mean, top).map((index) => ({
    index,
    ...labels[index]!,
    probability: mean[index]!,
  }));
}

/** NaN compares with nothing, is in JSON null, and comes from weights alone. */
export function refuseNaN(values: Float32Array): void {
  ensure(
    values.every((value) => Number.isFinite(value)),
    'The network answers NaN instead of probabilities: its weights are not finite, or so large ' +
      'that they overflow. `alexnet explain MODEL` shows which.',
  );
}
