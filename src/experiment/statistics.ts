/** What a list of paired differences says about the difference in general. */
export interface Interval {
  /** Pairs. */
  readonly count: number;
  readonly mean: number;
  /** Standard deviation between the pairs, with count − 1; null for one pair. */
  readonly deviation: number | null;
  /** The ends of the confidence interval of the mean; null for one pair, which has none. */
  readonly low: number | null;
  readonly high: number | null;
}

/**
 * The mean of paired differences with its t interval (Student 1908): mean ± t·s/√n, t with n − 1
 * degrees of freedom. It takes the differences as independent and about normally distributed.
 * @param confidence how often such an interval holds the true mean, were all repeated: 0.95.
 */
export function pairedInterval(differences: readonly number[], confidence = 0.95): Interval {
  const count = differences.length;
  const mean = meanOf(differences);
  if (count < 2) return { count, mean, deviation: null, low: null, high: null };
  const squares = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (count - 1));
  const half = halfWidth(deviation, count, confidence);
  return { count, mean, deviation, low: mean - half, high: mean + half };
}

/** Half the length of the interval for the mean of so many pairs. */
export function halfWidth(deviation: number, count: number, confidence: number): number {
  return (studentQuantile((1 + confidence) / 2, count - 1) * deviation) / Math.sqrt(count);
}

/**
 * How many pairs with this spread it would take for a mean of this size to be told from nothing;
 * undefined where a thousand would not do.
 */
export function pairsNeeded(
  mean: number,
  deviation: number,
  confidence = 0.95,
): number | undefined {
  for (let count = 2; count <= 1000; count++)
    if (halfWidth(deviation, count, confidence) < Math.abs(mean)) return count;
  return undefined;
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * The value below which Student's t with `freedom` degrees of freedom lies with probability `p`.
 * @param freedom a whole number of at least 1.
 */
export function studentQuantile(p: number, freedom: number): number {
  if (p < 0.5) return -studentQuantile(1 - p, freedom);
  let low = 0;
  let high = 1;
  while (studentBetween(high, freedom) < 2 * p - 1) high *= 2;
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (studentBetween(middle, freedom) < 2 * p - 1) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * The probability that |t| is below `t`: for whole degrees of freedom a finite sum (Abramowitz and
 * Stegun 26.7.3 and 26.7.4).
 */
function studentBetween(t: number, freedom: number): number {
  const angle = Math.atan(t / Math.sqrt(freedom));
  const odd = freedom % 2 === 1;
  const square = Math.cos(angle) ** 2;
  let term = odd ? Math.cos(angle) : 1;
  let sum = freedom === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k < freedom; k += 2) {
    term *= ((k - 1) / k) * square;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
}
