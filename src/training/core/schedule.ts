import type { Settings } from './settings.ts';

type Schedule = Settings['schedule'];

/** What validation has said so far, for a schedule that waits for it. Plain data. */
export interface Plateau {
  /** The lowest validation error (1 − top-1) so far, 1 before any. */
  readonly lowest: number;
  /** Epochs since then, or since the rate was last lowered. */
  readonly waited: number;
  /** How often the rate was lowered. */
  readonly drops: number;
}

export const noPlateau: Plateau = { lowest: 1, waited: 0, drops: 0 };

export interface Progress {
  /** Epochs done, with the fraction of the current one. */
  readonly epoch: number;
  /** Epochs planned. */
  readonly epochs: number;
  readonly plateau: Plateau;
}

/** ε of a step: rises evenly over the warm-up, then follows the schedule. */
export function learningRate(
  { learningRate: rate, schedule, warmup }: Pick<Settings, 'learningRate' | 'schedule' | 'warmup'>,
  progress: Progress,
): number {
  return rate * rise(warmup, progress) * decay(schedule, warmup, progress);
}

/** By how much the biases' rate differs from that of the weights, beside their own factors. */
export function biasRate(
  { schedule, biasSchedule, warmup }: Pick<Settings, 'schedule' | 'biasSchedule' | 'warmup'>,
  progress: Progress,
): number {
  return biasSchedule === undefined
    ? 1
    : decay(biasSchedule, warmup, progress) / decay(schedule, warmup, progress);
}

/** The first step already learns a little: the rise ends with the first step after the warm-up. */
function rise(warmup: number, { epoch, epochs }: Progress): number {
  const length = Math.min(warmup, epochs / 2);
  return epoch < length ? Math.max(0.01, epoch / length) : 1;
}

function decay(schedule: Schedule, warmup: number, { epoch, epochs, plateau }: Progress): number {
  switch (schedule.kind) {
    case 'constant':
      return 1;
    case 'steps':
      return schedule.factor ** Math.floor(epoch / schedule.every + 1e-9);
    case 'drops':
      return schedule.factor ** schedule.at.filter((drop) => epoch >= drop - 1e-9).length;
    case 'exponential': {
      const step = Math.min(
        schedule.steps - 1,
        Math.floor((schedule.steps * epoch) / epochs + 1e-9),
      );
      return schedule.divisor ** (-step / (schedule.steps - 1));
    }
    case 'plateau':
      return schedule.factor ** plateau.drops;
    case 'cosine': {
      const start = Math.min(warmup, epochs / 2);
      const done = Math.min(1, Math.max(0, (epoch - start) / (epochs - start)));
      return schedule.floor + ((1 - schedule.floor) * (1 + Math.cos(Math.PI * done))) / 2;
    }
  }
}

/**
 * After an epoch's validation: whether the rate is to be lowered. Other schedules do not listen.
 */
export function nextPlateau(schedule: Schedule, before: Plateau, error: number): Plateau {
  if (schedule.kind !== 'plateau') return before;
  if (error < before.lowest) return { ...before, lowest: error, waited: 0 };
  const waited = before.waited + 1;
  return waited < schedule.patience || before.drops >= schedule.drops
    ? { ...before, waited }
    : { ...before, waited: 0, drops: before.drops + 1 };
}

/** Whether a plateau schedule has nothing left to lower. */
export function plateauEnded(schedule: Schedule, { waited, drops }: Plateau): boolean {
  return schedule.kind === 'plateau' && drops >= schedule.drops && waited >= schedule.patience;
}
