/** A step of a search for the learning rate. */
export interface RateStep {
  readonly rate: number;
  /** Of the same pictures each time, after the step. */
  readonly loss: number;
}

/** `count` rates from the lowest to the highest, each the same multiple of the one before. */
export function growingRates(lowest: number, highest: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => lowest * (highest / lowest) ** (i / (count - 1)));
}

/** Steps on each side over which the loss is smoothed and its slope taken. */
const reach = 6;

/** The running mean follows with this much of what it was; a single hard batch is no divergence. */
const inertia = 0.9;

/**
 * Tells when training has diverged: the loss is not finite, or its running mean is four times the
 * lowest so far.
 */
export class Divergence {
  #mean = 0;
  #steps = 0;
  #lowest = Infinity;

  happened(loss: number): boolean {
    this.#mean = inertia * this.#mean + (1 - inertia) * loss;
    const mean = this.#mean / (1 - inertia ** ++this.#steps);
    this.#lowest = Math.min(this.#lowest, mean);
    return !Number.isFinite(loss) || mean > 4 * this.#lowest;
  }
}

/**
 * The loss around each step: a straight line fitted to its neighbours on both sides, so that
 * nothing is moved to the right as by a running mean.
 */
export function smoothed(
  steps: readonly RateStep[],
): { readonly loss: number; readonly slope: number }[] {
  return steps.map((_, i) => {
    const side = Math.min(reach, i, steps.length - 1 - i);
    const near = steps.slice(i - side, i + side + 1);
    const squares = near.reduce((sum, _step, j) => sum + (j - side) ** 2, 0);
    return {
      loss: near.reduce((sum, { loss }) => sum + loss, 0) / near.length,
      slope:
        squares === 0 ? 0 : near.reduce((sum, { loss }, j) => sum + (j - side) * loss, 0) / squares,
    };
  });
}

/**
 * A fall by less than this share of the loss at the start, or than so many standard errors of the
 * smoothed loss, is noise.
 */
const leastFall = { share: 0.02, errors: 5 };

export interface Descent {
  /** The rate at which the loss fell fastest. */
  readonly fastest: number;
  /** The rate at which it was lowest: above, it rises again. */
  readonly lowest: number;
}

/**
 * The rate at which the loss falls fastest as the rate grows, on the way to the lowest loss: one at
 * which a network learns quickly and still far from where it diverges (Smith 2015, arXiv
 * 1506.01186, §3.3; by slope as in Howard and Gugger 2020).
 * @returns undefined where the loss does not fall.
 */
export function steepestDescent(steps: readonly RateStep[]): Descent | undefined {
  const curve = smoothed(steps);
  const whole = curve.slice(reach, -reach);
  if (whole.length === 0) return undefined;
  const lowest = whole.reduce((best, { loss }, i) => (loss < whole[best]!.loss ? i : best), 0);
  const start = whole[0]!.loss;
  const grain =
    steps
      .slice(reach, reach + lowest)
      .reduce((sum, { loss }, i) => sum + (loss - whole[i]!.loss) ** 2, 0) / Math.max(1, lowest);
  const error = Math.sqrt(grain / (2 * reach + 1));
  if (start - whole[lowest]!.loss < Math.max(leastFall.share * start, leastFall.errors * error))
    return undefined;
  const steepest = whole
    .slice(0, lowest + 1)
    .reduce((best, { slope }, i) => (slope < whole[best]!.slope ? i : best), 0);
  return { fastest: steps[steepest + reach]!.rate, lowest: steps[lowest + reach]!.rate };
}
