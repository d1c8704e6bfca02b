import { noPlateau } from './schedule.ts';
import type { Plateau } from './schedule.ts';

/**
 * Where a run stands, beside its weights and velocities. Plain data; chance needs no state, its
 * draws are addressed by step and epoch.
 */
export interface State {
  /** Steps done: the number of the next one, and the stream of its dropout masks. */
  step: number;
  /** Epochs done: the number of the current one. */
  epoch: number;
  /** Batches of the current epoch that are done. */
  batch: number;
  /** Epochs planned; a time budget can lower it. */
  epochs: number;
  /** What is left of the learning rate after explosions. */
  rateFactor: number;
  /** How often the run went back to its last good state. */
  rollbacks: number;
  plateau: Plateau;
  best: Best | null;
  /** Seconds spent so far, interruptions left out. */
  seconds: number;
  /** Pictures trained on so far. */
  images: number;
  /** Sums over the current epoch. */
  sums: Sums;
  /** Why the run is finished; null while it is not. */
  finished: string | null;
}

export interface Best {
  /** From 1. */
  readonly epoch: number;
  readonly top1: number;
  readonly top5: number;
  readonly loss: number;
}

/** Sums over training pictures as they were seen. */
export interface Sums {
  readonly images: number;
  readonly loss: number;
  readonly correct: number;
  readonly correct5: number;
  readonly seconds: number;
  readonly waited: number;
}

export const noSums: Sums = { images: 0, loss: 0, correct: 0, correct5: 0, seconds: 0, waited: 0 };

export function firstState(epochs: number): State {
  return {
    step: 0,
    epoch: 0,
    batch: 0,
    epochs,
    rateFactor: 1,
    rollbacks: 0,
    plateau: noPlateau,
    best: null,
    seconds: 0,
    images: 0,
    sums: noSums,
    finished: null,
  };
}
