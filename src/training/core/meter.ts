import type { StepResult } from '../../engine/engine.ts';
import type { EpochEntry, EpochScore } from './entries.ts';
import { elapsed } from './job.ts';
import type { Job } from './job.ts';
import { noSums } from './state.ts';
import type { State, Sums } from './state.ts';

/**
 * Counts what an epoch does, tells it after every step, and writes it down about fifty times an
 * epoch.
 */
export class Meter {
  readonly #job: Job;
  readonly #state: Readonly<State>;
  readonly #every: number;
  #window: Sums = noSums;
  /** End of the last step, by the run's clock. */
  #last: number;

  constructor(job: Job, state: Readonly<State>) {
    this.#job = job;
    this.#state = state;
    this.#last = job.clock();
    this.#every = Math.max(1, Math.round(job.training.length / 50));
  }

  /** Adds a step to the sums of the epoch. @param waited milliseconds. */
  count(sums: Sums, result: StepResult, waited: number): Sums {
    const now = this.#job.clock();
    const seconds = (now - this.#last) / 1000;
    this.#last = now;
    this.#window = added(this.#window, result, seconds, waited / 1000);
    return added(sums, result, seconds, waited / 1000);
  }

  /** After every step. */
  async log(learningRate: number): Promise<void> {
    const { training, store, tell } = this.#job;
    const state = this.#state;
    tell({
      kind: 'step',
      progress: {
        epoch: state.epoch + 1,
        epochs: state.epochs,
        estimated: this.#job.budget !== null,
        step: state.batch,
        steps: training.length,
        learningRate,
        ...means(state.sums),
        secondsLeft: this.#secondsLeft(),
      },
    });
    if (state.batch % this.#every !== 0 && state.batch !== training.length) return;
    const { loss, top1, imagesPerSecond, waiting } = means(this.#window);
    this.#window = noSums;
    await store.addEntry({
      kind: 'step',
      step: state.step,
      epoch: state.epoch + 1,
      loss,
      top1,
      learningRate,
      imagesPerSecond,
      waiting,
    });
  }

  /** The epoch that is now complete. */
  epoch(validation: EpochScore | null, learningRate: number): EpochEntry {
    const state = this.#state;
    const { loss, top1, top5, imagesPerSecond, waiting } = means(state.sums);
    return {
      kind: 'epoch',
      step: state.step,
      epoch: state.epoch + 1,
      train: { loss, top1, top5 },
      validation: validation && {
        loss: validation.loss,
        top1: validation.top1,
        top5: validation.top5,
      },
      learningRate,
      imagesPerSecond,
      waiting,
      seconds: elapsed(this.#job),
    };
  }

  /** By the steps of this epoch, and what earlier epochs took beside them. */
  #secondsLeft(): number {
    const { training } = this.#job;
    const { epoch, epochs, batch, sums } = this.#state;
    const done = epoch + batch / training.length;
    const perEpoch =
      epoch > 0 ? elapsed(this.#job) / done : (sums.seconds / batch) * training.length;
    return Math.max(0, perEpoch * (epochs - done));
  }
}

function added(
  sums: Sums,
  { images, loss, correct, correct5 }: StepResult,
  seconds: number,
  waited: number,
): Sums {
  return {
    images: sums.images + images,
    loss: sums.loss + loss * images,
    correct: sums.correct + correct,
    correct5: sums.correct5 + correct5,
    seconds: sums.seconds + seconds,
    waited: sums.waited + waited,
  };
}

function means({ images, loss, correct, correct5, seconds, waited }: Sums): {
  loss: number;
  top1: number;
  top5: number;
  imagesPerSecond: number;
  waiting: number;
} {
  return {
    loss: loss / images,
    top1: correct / images,
    top5: correct5 / images,
    imagesPerSecond: images / seconds,
    waiting: waited / seconds,
  };
}
