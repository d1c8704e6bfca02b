import { labelRank } from './ranking.ts';

/**
 * `out = softmax(logits)` for each of `count` images, with the largest logit taken off first so
 * that nothing overflows.
 */
export function softmax(
  logits: ArrayLike<number>,
  count: number,
  classes: number,
  out: Float32Array | Float64Array,
): void {
  for (let n = 0; n < count; n++) {
    const row = n * classes;
    const { largest, sum } = exponentials(logits, row, classes);
    for (let j = 0; j < classes; j++) out[row + j] = Math.exp(logits[row + j]! - largest) / sum;
  }
}

/** The largest logit of a row, and the sum of exp(logit − largest). */
function exponentials(
  logits: ArrayLike<number>,
  row: number,
  classes: number,
): { readonly largest: number; readonly sum: number } {
  let largest = -Infinity;
  for (let j = 0; j < classes; j++) largest = Math.max(largest, logits[row + j]!);
  let sum = 0;
  for (let j = 0; j < classes; j++) sum += Math.exp(logits[row + j]! - largest);
  return { largest, sum };
}

export interface CrossEntropy {
  /** Sum over the images, not the mean. */
  readonly lossSum: number;
  readonly correct: number;
  readonly correct5: number;
}

/**
 * Cross-entropy of softmax with label smoothing s: the target t is 1 − s + s/classes for the label,
 * s/classes elsewhere; loss = −Σ t·log p per image. Writes the gradient of (sum of losses)/divisor
 * with respect to the logits, (p − t)/divisor.
 * @param logits `[count, classes]`
 * @param gradient `[count, classes]`, written
 */
export function crossEntropy(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  count: number,
  classes: number,
  options: { readonly labelSmoothing: number; readonly divisor: number },
  gradient: Float32Array | Float64Array,
): CrossEntropy {
  const everywhere = options.labelSmoothing / classes;
  let lossSum = 0;
  let correct = 0;
  let correct5 = 0;
  for (let n = 0; n < count; n++) {
    const row = n * classes;
    const label = labels[n]!;
    const { largest, sum } = exponentials(logits, row, classes);
    const logSum = largest + Math.log(sum);
    for (let j = 0; j < classes; j++) {
      const logP = logits[row + j]! - logSum;
      const target = everywhere + (j === label ? 1 - options.labelSmoothing : 0);
      if (target > 0) lossSum -= target * logP;
      gradient[row + j] = (Math.exp(logP) - target) / options.divisor;
    }
    const rank = labelRank(logits, row, classes, label);
    if (rank < 1) correct++;
    if (rank < 5) correct5++;
  }
  return { lossSum, correct, correct5 };
}
