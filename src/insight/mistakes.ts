import { firstOf } from '../inference/ranking.ts';

export interface Mistake {
  /** Which image. */
  readonly index: number;
  readonly label: number;
  readonly predicted: number;
  /** Probability of the wrong answer. */
  readonly confidence: number;
  /** Probability of the right one. */
  readonly probability: number;
}

export interface Confusion {
  readonly label: number;
  readonly predicted: number;
  readonly images: number;
}

/**
 * The images that are answered wrongly, worst first: those whose own class got the least
 * probability.
 * @param probabilities `[images, classes]`
 */
export function worstMistakes(probabilities: Float32Array, labels: ArrayLike<number>): Mistake[] {
  const classes = probabilities.length / labels.length;
  const all = Array.from({ length: labels.length }, (_, index): Mistake => {
    const row = probabilities.subarray(index * classes, (index + 1) * classes);
    const predicted = firstOf(row);
    return {
      index,
      label: labels[index]!,
      predicted,
      confidence: row[predicted]!,
      probability: row[labels[index]!]!,
    };
  });
  return all
    .filter(({ label, predicted }) => label !== predicted)
    .toSorted(
      (a, b) => a.probability - b.probability || b.confidence - a.confidence || a.index - b.index,
    );
}

/** Pairs (label, answer) by how many images they cost, most first. */
export function confusedPairs(mistakes: readonly Mistake[]): Confusion[] {
  const counts = new Map<string, { label: number; predicted: number; images: number }>();
  for (const { label, predicted } of mistakes) {
    const key = `${label} ${predicted}`;
    const pair = counts.get(key) ?? { label, predicted, images: 0 };
    pair.images++;
    counts.set(key, pair);
  }
  return [...counts.values()].toSorted(
    (a, b) => b.images - a.images || a.label - b.label || a.predicted - b.predicted,
  );
}
