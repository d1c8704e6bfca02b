/** Two models on the same pictures, one by one. */
export interface Comparison {
  /** Pictures that were asked of both. */
  readonly images: number;
  /** Pictures whose first answer is another one. */
  readonly changed: number;
  /** Right before, wrong after. */
  readonly lost: number;
  /** Wrong before, right after. */
  readonly won: number;
  /**
   * McNemar's exact p: how likely a difference at least this large is where both models are equally
   * good, and only luck says which of the two is right on a picture on which one alone is.
   */
  readonly p: number;
}

export interface Answered {
  readonly sample: number;
  readonly label: number;
  readonly answer: number;
}

export function compared(before: readonly Answered[], after: readonly Answered[]): Comparison {
  const first = new Map(before.map((verdict) => [verdict.sample, verdict]));
  let [images, changed, lost, won] = [0, 0, 0, 0];
  for (const { sample, label, answer } of after) {
    const was = first.get(sample);
    if (was === undefined) continue;
    images++;
    if (was.answer === answer) continue;
    changed++;
    if (was.answer === label) lost++;
    else if (answer === label) won++;
  }
  return { images, changed, lost, won, p: mcnemar(lost, won) };
}

/** The two-sided binomial test of `lost` and `won` against one half. */
export function mcnemar(lost: number, won: number): number {
  const n = lost + won;
  let logTerm = -n * Math.LN2;
  let tail = 0;
  for (let k = 0; k <= Math.min(lost, won); k++) {
    tail += Math.exp(logTerm);
    logTerm += Math.log(n - k) - Math.log(k + 1);
  }
  return Math.min(1, 2 * tail);
}
