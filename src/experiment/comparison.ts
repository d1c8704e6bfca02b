import type { Arm, Epoch, Experiment, Run } from './experiment.ts';
import { meanOf, pairedInterval } from './statistics.ts';
import type { Interval } from './statistics.ts';

/** What came out for one arm and one seed. */
export interface Outcome {
  readonly seed: number;
  readonly top1: number;
  readonly loss: number;
  /**
   * Epochs until the error was reached, where that is measured (`atLeast`: it was not, so it is at
   * least that many); else epochs trained.
   */
  readonly epochs: number;
  readonly atLeast?: true;
  /** Top-1 on the training pictures less top-1 on others, where that is asked. */
  readonly gap?: number;
}

export interface ArmOutcome {
  readonly name: string;
  readonly runs: readonly Outcome[];
}

export type Verdict = 'shown' | 'not shown' | 'the other way round' | 'one pair says nothing';

export interface Comparison {
  readonly arms: readonly ArmOutcome[];
  /** Of each seed, in order: what is averaged in `difference`. */
  readonly pairs: readonly { readonly seed: number; readonly value: number }[];
  /**
   * Of fractions right (0.012 is 1.2 points), above 0 where it is as claimed; or of epochs, a
   * factor: above 1 where it is as claimed.
   */
  readonly difference: Interval;
  /** Each other arm against the first, where there are several: intervals widened for their number. */
  readonly each: readonly { readonly arm: string; readonly difference: Interval }[];
  /** How much larger the gap between training pictures and others is in the other arm. */
  readonly gap?: Interval;
  readonly verdict: Verdict;
}

export const confidence = 0.95;

/** @param runs all arms of every seed that counts; others are left out. */
export function compare(experiment: Experiment, runs: readonly Run[]): Comparison {
  const { arms, measure } = experiment;
  const seeds = completeSeeds(experiment, runs);
  const outcomes = arms.map((arm): ArmOutcome => ({
    name: arm.name,
    runs: seeds.map((seed) => outcomeOf(experiment, arm, runOf(arm, seed, runs)!)),
  }));
  const [first, ...others] = outcomes as [ArmOutcome, ...ArmOutcome[]];
  const pairsWith = (other: ArmOutcome): number[] =>
    seeds.map((_, i) => pairValue(experiment, first.runs[i]!, other.runs[i]!));
  const byOther = others.map(pairsWith);
  const values = seeds.map((_, i) => meanOf(byOther.map((list) => list[i]!)));
  const scale = measure.kind === 'epochs' ? powers : (interval: Interval): Interval => interval;
  const plain = pairedInterval(values, confidence);
  const narrow = 1 - (1 - confidence) / others.length;
  const gaps = gapDifferences(first, others[0]!);
  return {
    arms: outcomes,
    pairs: seeds.map((seed, i) => ({
      seed,
      value: measure.kind === 'epochs' ? Math.exp(values[i]!) : values[i]!,
    })),
    difference: scale(plain),
    each:
      others.length < 2
        ? []
        : others.map(({ name }, i) => ({
            arm: name,
            difference: scale(pairedInterval(byOther[i]!, narrow)),
          })),
    ...(gaps !== undefined && { gap: pairedInterval(gaps, confidence) }),
    verdict: verdictOf(plain),
  };
}

/** The seeds that every arm has been trained with. */
export function completeSeeds({ arms }: Experiment, runs: readonly Run[]): number[] {
  const seeds = [...new Set(runs.map(({ seed }) => seed))].sort((a, b) => a - b);
  return seeds.filter((seed) => arms.every((arm) => runOf(arm, seed, runs) !== undefined));
}

function runOf(arm: Arm, seed: number, runs: readonly Run[]): Run | undefined {
  const name = arm.trainedAs ?? arm.name;
  return runs.find((run) => run.arm === name && run.seed === seed);
}

function outcomeOf({ measure }: Experiment, arm: Arm, run: Run): Outcome {
  const last = run.epochs.at(-1)!;
  const { top1, loss } = arm.crops === 10 ? run.tenCrops! : last.validation;
  const gap = run.training && { gap: run.training.top1 - last.validation.top1 };
  const { seed } = run;
  if (measure.kind === 'top1') return { seed, top1, loss, epochs: last.epoch, ...gap };
  const reached = epochsUntil(run.epochs, measure.error);
  return reached === null
    ? { seed, top1, loss, epochs: last.epoch, atLeast: true, ...gap }
    : { seed, top1, loss, epochs: reached, ...gap };
}

/**
 * How many epochs it took until the training error was `error`; null where it was not reached. An
 * epoch's error is the mean over its pictures as they were seen, and so stands for its middle;
 * between two epochs it is taken to change evenly.
 */
export function epochsUntil(epochs: readonly Epoch[], error: number): number | null {
  const at = epochs.findIndex(({ train }) => 1 - train.top1 <= error);
  if (at < 0) return null;
  const { epoch, train } = epochs[at]!;
  if (at === 0) return epoch - 0.5;
  const before = 1 - epochs[at - 1]!.train.top1;
  const now = 1 - train.top1;
  return epoch - 1.5 + (before - error) / (before - now);
}

/** Above 0 where the first is as claimed: a difference of top-1, or the logarithm of a factor. */
function pairValue({ measure }: Experiment, first: Outcome, other: Outcome): number {
  return measure.kind === 'top1' ? first.top1 - other.top1 : Math.log(other.epochs / first.epochs);
}

function gapDifferences(first: ArmOutcome, other: ArmOutcome): number[] | undefined {
  const differences = first.runs.map(({ gap }, i) => {
    const theirs = other.runs[i]!.gap;
    return gap === undefined || theirs === undefined ? NaN : theirs - gap;
  });
  return differences.length > 0 && differences.every(Number.isFinite) ? differences : undefined;
}

/** An interval of logarithms as one of factors; the mean becomes the geometric mean. */
function powers({ count, mean, deviation, low, high }: Interval): Interval {
  return {
    count,
    mean: Math.exp(mean),
    deviation: deviation === null ? null : Math.exp(deviation),
    low: low === null ? null : Math.exp(low),
    high: high === null ? null : Math.exp(high),
  };
}

function verdictOf({ low, high }: Interval): Verdict {
  if (low === null || high === null) return 'one pair says nothing';
  if (low > 0) return 'shown';
  return high < 0 ? 'the other way round' : 'not shown';
}
