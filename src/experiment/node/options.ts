import type { EpochEntry } from '../../training/core/entries.ts';
import type { Experiment, PerClass, Run, Trial } from '../experiment.ts';

export interface ExperimentOptions {
  /** One of `experiments`, by its name; or one of your own, with a name. */
  readonly name: string;
  readonly experiment?: Experiment;
  /** Labelled photographs of any kind that `openDataset` reads. Default: drawn scenes. */
  readonly data?: string;
  /** Of class folders that hold folders: how far down the classes are. Default 1. */
  readonly depth?: number;
  /** Pictures of each class for each seed. Default: the experiment's. */
  readonly perClass?: Partial<PerClass>;
  /** How many seeds, and so pairs. Default: the experiment's. */
  readonly seeds?: number;
  /** The first seed. Default 1. */
  readonly seed?: number;
  /** Seconds that this call may take. What is done by then counts. */
  readonly seconds?: number;
  /** Where everything goes, and where it goes on. Default `experiments/NAME`. */
  readonly out?: string;
  readonly engine?: string;
  readonly threads?: number;
  /** Saves and ends when aborted. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: ExperimentEvent) => void;
}

export type ExperimentEvent =
  | { readonly kind: 'remark'; readonly text: string }
  | { readonly kind: 'drawing'; readonly seed: number }
  | { readonly kind: 'trying'; readonly trial: Omit<Trial, 'epochs'> }
  | { readonly kind: 'tried'; readonly trial: Trial }
  | { readonly kind: 'rate'; readonly arm: string; readonly learningRate: number }
  | {
      readonly kind: 'epoch';
      readonly arm: string;
      readonly seed: number;
      readonly entry: EpochEntry;
      readonly epochs: number;
    }
  | {
      readonly kind: 'run';
      readonly run: Run;
      /** From 1. */
      readonly number: number;
      readonly of: number;
      /** Whether it was there already. */
      readonly kept: boolean;
      /** By the seeds done so far. */
      readonly secondsLeft: number | undefined;
    };
