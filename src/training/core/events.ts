import type { EpochEntry } from './entries.ts';

/** What a run tells whoever watches it. */
export type TrainEvent =
  | { readonly kind: 'remark'; readonly text: string }
  /** Before the first step. */
  | { readonly kind: 'plan'; readonly plan: TrainPlan }
  /** After every step. */
  | { readonly kind: 'step'; readonly progress: StepProgress }
  /** After every step of a search for the learning rate. */
  | {
      readonly kind: 'rate';
      readonly step: number;
      readonly steps: number;
      readonly rate: number;
      readonly loss: number;
    }
  /** While validation pictures are looked at. */
  | { readonly kind: 'evaluating'; readonly done: number; readonly all: number }
  /** After every epoch. */
  | {
      readonly kind: 'epoch';
      readonly entry: EpochEntry;
      readonly epochs: number;
      /** Whether the number of epochs is what a time budget allows by now, and may change. */
      readonly estimated: boolean;
      readonly best: boolean;
    };

export interface TrainPlan {
  readonly folder: string;
  readonly engine: string;
  readonly threads: number;
  readonly precision: string;
  readonly recipe: string;
  readonly variant: string;
  readonly parameters: number;
  readonly classes: number;
  readonly train: number;
  readonly validation: number;
  /** Height and width of the network's input. */
  readonly input: number;
  readonly batch: number;
  readonly stepsPerEpoch: number;
  readonly epochs: number;
  /** Whether the number of epochs is what a time budget allows, and may change. */
  readonly estimated: boolean;
  /** Epochs that are done already, where a run is resumed. */
  readonly from: number;
  /**
   * For what is left; measured on a step whose result is thrown away, evaluation and an allowance
   * for reading pictures included.
   */
  readonly seconds: number;
  /** Of the engine, the batches made ahead and the moving average. */
  readonly memoryBytes: number;
}

export interface StepProgress {
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Whether `epochs` is what a time budget allows by now, and may change. */
  readonly estimated: boolean;
  /** Within the epoch, from 1. */
  readonly step: number;
  readonly steps: number;
  /** Means over the epoch so far. */
  readonly loss: number;
  readonly top1: number;
  readonly learningRate: number;
  readonly imagesPerSecond: number;
  /** The share of the time spent waiting for data. */
  readonly waiting: number;
  readonly secondsLeft: number;
}
