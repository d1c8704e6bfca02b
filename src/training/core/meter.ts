import type { StepResult } from '../../engine/engine.ts';
import type { EpochEntry, StepEntry } from '../node/journal.ts';
import type { Evaluation } from '../../inference/evaluation.ts';
import type { Run } from '../node/run.ts';
import { noSums } from './state.ts';
import type { Sums } from './state.ts';

/**
 * Counts what an epoch does, tells it after every step, and writes it down about fifty times an
 * epoch.
 */
export class Meter {
  readonly #run: Run;
  readonly #every: number;
  #window: Sums = noSums;
  /** Ends of the last step and of the last checkpoint, by the run's clock. */
  #last: number;
  #saved: number;

  constructor(run: Run) {
    this.#run = run;
    this.#last = run.clock();
    this.#saved = this.#last;
    this.#every = Math.max(1, Math.round(run.training.length / 50));
  }

  /** Adds a step to the sums of the epoch. @param waited milliseconds. */
  count(sums: Sums, result: StepResult, waited: number): Sums {
    const now = this.#run.clock();
    const seconds = (now - this.#last) / 1000;
    this.#last = now;
    this.#window = added(this.#window, result, seconds, waited / 1000);
    return added(sums, result, seconds, waited / 1000);
  }

  /** After every step. */
  async log(learningRate: number): Promise<void> {
    const { state, training, journal, tell } = this.#run;
    tell({
      kind: 'step',
      progress: {
        epoch: state.epoch + 1,
        epochs: state.epochs,
        step: state.batch,
        steps: training.length,
        learningRate,
        ...means(state.sums),
        secondsLeft: this.#secondsLeft(),
      },
    });
    if (state.batch % this.#every !== 0 && state.batch !== training.length) return;
    const { loss, top1, imagesPerSecond, waiting } = means(this.#window);
    const entry: StepEntry = {
      kind: 'step',
      step: state.step,
      epoch: state.epoch + 1,
      loss,
      top1,
      learningRate,
      imagesPerSecond,
      waiting,
    };
    this.#window = noSums;
    await journal.add(entry);
  }

  checkpointDue(): boolean {
    const now = this.#run.clock();
    if (now - this.#saved < 60_000 * this.#run.settings.checkpointMinutes) return false;
    this.#saved = now;
    return true;
  }

  /** The epoch that is now complete. */
  epoch(validation: Evaluation | null, learningRate: number): EpochEntry {
    const { state, began, clock } = this.#run;
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
      seconds: (clock() - began) / 1000,
    };
  }

  /** By the steps of this epoch, and what earlier epochs took beside them. */
  #secondsLeft(): number {
    const { state, training, began, clock } = this.#run;
    const done = state.epoch + state.batch / training.length;
    const perEpoch =
      state.epoch > 0
        ? (clock() - began) / 1000 / done
        : (state.sums.seconds / state.batch) * training.length;
    return Math.max(0, perEpoch * (state.epochs - done));
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
