import type { Batches } from '../../data/batches.ts';
import type { Session } from '../../engine/engine.ts';
import type { Blueprint } from './blueprint.ts';
import type { TrainEvent } from './events.ts';
import type { Inputs } from './inputs.ts';
import type { LeftOutPictures } from './left-out.ts';
import type { RunRecord } from './record.ts';
import type { ModelFrame, RunStore } from './run-store.ts';
import type { State } from './state.ts';

/** Batches of labelled pictures, epoch after epoch, the same whenever an epoch is asked for. */
export type BatchStream = Pick<Batches, 'epoch' | 'length' | 'samples'> &
  Partial<Pick<Batches, 'failures'>>;

/** What does not change while a run trains: what is trained, on what, and where it is kept. */
export interface Job {
  readonly blueprint: Blueprint;
  readonly inputs: Inputs;
  readonly training: BatchStream;
  /** Undefined where nothing was held out. */
  readonly validation: BatchStream | undefined;
  readonly record: RunRecord;
  readonly store: RunStore;
  readonly leftOut: LeftOutPictures;
  /** Factors on the learning rate by layer. */
  readonly layerRates: Readonly<Record<string, number>>;
  /** Seconds that the run may take; null: as long as it needs. */
  readonly budget: number | null;
  /** Milliseconds from any moment on. */
  readonly clock: () => number;
  /** When this process began, by the clock, less the time that earlier ones spent. */
  readonly began: number;
  readonly signal: AbortSignal | undefined;
  readonly tell: (event: TrainEvent) => void;
  /** A session as the run needs it, its weights not set yet. */
  readonly prepare: () => Promise<Session>;
}

/** Seconds that the run has taken, interruptions left out. */
export function elapsed({ began, clock }: Pick<Job, 'began' | 'clock'>): number {
  return (clock() - began) / 1000;
}

/** How many pictures there are that can be read, as far as is known. */
export function picturesOf({
  leftOut,
  training,
  validation,
}: Pick<Job, 'leftOut' | 'training' | 'validation'>): { train: number; validation: number } {
  return {
    train: leftOut.usable('train', training),
    validation: leftOut.usable('val', validation),
  };
}

/** What every model of the run says beside its weights. */
export function frameOf(job: Job, state: State): ModelFrame {
  const { blueprint, inputs, record } = job;
  const { network, classes, settings } = blueprint;
  const { preprocessing, meanImage } = inputs;
  const { classes: count, root, kind, digest } = record.data;
  return {
    network,
    labels: classes.map((name) => ({ name })),
    preprocessing,
    ...('tensor' in preprocessing.mean && meanImage && { meanImage }),
    provenance: {
      madeBy: record.alexnet === undefined ? 'alexnet' : `alexnet ${record.alexnet}`,
      data: { root, kind, digest, classes: count, ...picturesOf(job) },
      recipe: settings.recipe,
      settings: JSON.stringify(settings),
      engine: record.engine,
      step: state.step,
      epoch: state.epoch,
      validation: state.best && { ...state.best },
    },
  };
}
