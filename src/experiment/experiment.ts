import type { Network } from '../network/layer.ts';
import type { SettingsOverrides } from '../training/core/resolve.ts';

/**
 * One of the paper's claims as runs that differ in one thing. Plain data, but for the networks,
 * which are made when they are asked for.
 */
export interface Experiment {
  readonly title: string;
  /** What the paper claims, in one sentence. */
  readonly claim: string;
  readonly paper: {
    readonly where: string;
    /** What it measured, or that it gives no number. */
    readonly says: string;
    /** On which data, with which network. */
    readonly on: string;
  };
  /** What is done here, a sentence each: the network, and what is otherwise than in the paper. */
  readonly here: readonly string[];
  readonly measure: Measure;
  /** The settings of every arm, beside the recipe `photos`. */
  readonly settings: SettingsOverrides;
  /** The first is the network of the paper; the others differ from it in one thing each. */
  readonly arms: readonly [Arm, Arm, ...Arm[]];
  /** Pictures of each class for each seed. */
  readonly perClass: PerClass;
  readonly seeds: number;
  /** About what it takes on two cores with nothing else to do: an estimate for `--list`. */
  readonly minutes: number;
  /** Each arm gets the best rate of a small search. */
  readonly search?: { readonly rates: readonly number[] };
  /** What the page draws, against epochs. */
  readonly curves: readonly CurveKind[];
  /** Whether the last networks are asked about their training pictures too. */
  readonly overfitting?: true;
}

export interface PerClass {
  readonly train: number;
  readonly val: number;
}

export interface Arm {
  /** A few letters and spaces: it names folders too. */
  readonly name: string;
  readonly about: string;
  readonly network?: (classes: number) => Network;
  readonly settings?: SettingsOverrides;
  /** How many crops are asked when it answers. Default 1. */
  readonly crops?: 1 | 10;
  /** The arm whose networks are asked, where this one trains none of its own. */
  readonly trainedAs?: string;
}

/**
 * What is compared:
 * - `top1`: the share of validation pictures that the last epoch's network names rightly; the
 *   difference is the first arm less the mean of the others;
 * - `epochs`: how many epochs it takes until the training error is `error`; the difference is the
 *   factor of the others on the first arm.
 */
export type Measure =
  { readonly kind: 'top1' } | { readonly kind: 'epochs'; readonly error: number };

export type CurveKind = 'trainingError' | 'validationError' | 'validationLoss';

/** What an epoch came to. */
export interface Epoch {
  readonly epoch: number;
  readonly train: Score;
  readonly validation: Score;
}

export interface Score {
  readonly top1: number;
  readonly loss: number;
}

/** One network that was trained. */
export interface Run {
  readonly arm: string;
  readonly seed: number;
  readonly learningRate: number;
  readonly epochs: readonly Epoch[];
  readonly seconds: number;
  /** How often training exploded and went back with half the rate. */
  readonly rollbacks: number;
  /** Of the last network on the validation pictures, with ten crops, where an arm asks for it. */
  readonly tenCrops?: Score;
  /** Of the last network on its training pictures, as it answers. */
  readonly training?: Score;
}

/** One rate that was tried for an arm. */
export interface Trial {
  readonly arm: string;
  readonly learningRate: number;
  /** Until the error was reached; null: it was not, or not within as many as the best had needed. */
  readonly epochs: number | null;
  /**
   * Of all epochs, the training error after the last, where the error was not reached: how near it
   * came. Left out where the trial ended before, because it was slower or exploded.
   */
  readonly after?: { readonly epochs: number; readonly error: number };
}
