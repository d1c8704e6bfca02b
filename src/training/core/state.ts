import { AlexNetError } from '../../errors.ts';
import type { Model } from '../../model/model.ts';
import { flawsOf, nullable, number, object, text } from './rules.ts';
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
  /** The learning rate of the last step, where the settings need it. */
  rate?: number;
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

/** Whether a score is better than the best so far. */
export function isBetter(score: { top1: number; loss: number }, best: State['best']): boolean {
  if (best === null || score.top1 > best.top1) return true;
  return score.top1 === best.top1 && score.loss < best.loss;
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

const count = number({ whole: true, atLeast: 0 });
const amount = number({ atLeast: 0 });

const bestRule = object<Best>({ epoch: count, top1: amount, top5: amount, loss: number() });

const stateRule = object<State>(
  {
    step: count,
    epoch: count,
    batch: count,
    epochs: count,
    rateFactor: amount,
    rollbacks: count,
    plateau: object<Plateau>({ lowest: amount, waited: count, drops: count }),
    rate: amount,
    best: nullable(bestRule),
    seconds: amount,
    images: count,
    sums: object<Sums>({
      images: count,
      loss: number(),
      correct: count,
      correct5: count,
      seconds: amount,
      waited: amount,
    }),
    finished: nullable(text),
  },
  ['rate'],
);

/** A state that was written down. @throws {AlexNetError} with what is wrong in it. */
export function parseState(value: unknown): State {
  const [flaw] = flawsOf(stateRule, value);
  if (flaw === undefined) return value as State;
  const where = flaw.path.join('.');
  throw new AlexNetError(`What it says of the run is damaged${where && ` at "${where}"`}.`);
}

/** What a model says of itself: the score that it was kept for. */
export function bestOf({ provenance }: Pick<Model, 'provenance'>): Best | undefined {
  const score = provenance['validation'];
  const [flaw] = flawsOf(bestRule, score);
  return flaw === undefined ? (score as unknown as Best) : undefined;
}
