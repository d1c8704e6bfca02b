import type { Split } from '../../data/dataset.ts';

/** What a run writes down as it goes. */
export type Entry = StepEntry | EpochEntry | RemarkEntry | LeftOutEntry;

/** What is written down now and then while an epoch runs: means since the last such entry. */
export interface StepEntry {
  readonly kind: 'step';
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly top1: number;
  readonly learningRate: number;
  readonly imagesPerSecond: number;
  /** The share of the time spent waiting for data. */
  readonly waiting: number;
}

/** What an epoch came to. */
export interface EpochEntry {
  readonly kind: 'epoch';
  readonly step: number;
  /** From 1. */
  readonly epoch: number;
  /**
   * Over the epoch's training pictures as they were seen, with dropout, augmentation and label
   * smoothing.
   */
  readonly train: EpochScore;
  /** Over the validation pictures; null where there are none. */
  readonly validation: EpochScore | null;
  readonly learningRate: number;
  readonly imagesPerSecond: number;
  readonly waiting: number;
  /** Of the whole run up to here. */
  readonly seconds: number;
}

export interface EpochScore {
  readonly loss: number;
  readonly top1: number;
  readonly top5: number;
}

export interface RemarkEntry {
  readonly kind: 'remark';
  readonly step: number;
  readonly text: string;
}

/** A picture that could not be read. */
export interface LeftOut {
  readonly split: Split;
  /** Its name in the dataset. */
  readonly file: string;
  readonly why: string;
}

/** Holds for the whole run, from whatever moment it goes on. */
export interface LeftOutEntry extends LeftOut {
  readonly kind: 'leftOut';
  readonly step: number;
}

/** How far a run has come. */
export interface Position {
  /** Steps done. */
  readonly step: number;
  /** Epochs done. */
  readonly epoch: number;
}

/** Whether an entry holds when a run goes on from a position; later ones are written again. */
export function isBefore(entry: Entry, { step, epoch }: Position): boolean {
  if (entry.kind === 'leftOut') return true;
  return entry.step <= step && (entry.kind !== 'epoch' || entry.epoch <= epoch);
}
