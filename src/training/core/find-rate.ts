import type { Batch } from '../../data/batches.ts';
import type { Session } from '../../engine/engine.ts';
import { AlexNetError, ensure } from '../../errors.ts';
import { probabilitiesOf } from '../../inference/probabilities.ts';
import { layerRates, beginWeights } from './begin.ts';
import type { Blueprint } from './blueprint.ts';
import type { TrainEvent } from './events.ts';
import type { BatchStream } from './job.ts';
import { Divergence, growingRates } from './rate-curve.ts';
import type { RateStep } from './rate-curve.ts';
import { trainStep } from './step.ts';

export interface RateRange {
  /** The rate of the first step. */
  readonly lowest: number;
  /** The rate of the last step, where training has not diverged before. */
  readonly highest: number;
  readonly steps: number;
}

/** @throws {AlexNetError} for a range in which nothing can be seen. */
export function checkRange({ lowest, highest, steps }: RateRange): void {
  ensure(
    lowest > 0 && highest > lowest,
    `Expected rates that grow from above 0 but found ${lowest} to ${highest}.`,
  );
  ensure(
    Number.isInteger(steps) && steps >= 30,
    `Expected at least 30 steps to see a slope in but found ${steps}.`,
  );
}

export interface RateSearch {
  readonly session: Session;
  readonly blueprint: Blueprint;
  readonly training: BatchStream;
  readonly range: RateRange;
  readonly signal: AbortSignal | undefined;
  readonly tell: (event: TrainEvent) => void;
}

/** Trains with a rate that grows from step to step, up to the last or until training diverges. */
export async function searchRates(
  search: RateSearch,
): Promise<{ readonly steps: RateStep[]; readonly diverged: boolean }> {
  const { steps } = search.range;
  const found: RateStep[] = [];
  const divergence = new Divergence();
  for await (const step of rateSteps(search)) {
    const diverged = divergence.happened(step.loss);
    if (Number.isFinite(step.loss)) found.push(step);
    search.tell({ kind: 'rate', step: found.length, steps, ...step });
    if (diverged) return { steps: found, diverged };
  }
  return { steps: found, diverged: false };
}

/** One step at each rate, and what it did to the probe. */
async function* rateSteps(search: RateSearch): AsyncGenerator<RateStep> {
  const { session, blueprint, training, range, signal } = search;
  const { settings, classes } = blueprint;
  const rates = growingRates(range.lowest, range.highest, range.steps);
  const factors = layerRates(await beginWeights(session, blueprint), settings);
  const probe = await probeOf(training);
  let step = 0;
  for await (const batch of endless(training)) {
    if (signal?.aborted)
      throw new AlexNetError('The search for the learning rate was interrupted: nothing was kept.');
    const rate = rates[step];
    if (rate === undefined) return;
    const options = { settings, step, learningRate: rate, layerRates: factors };
    const { loss } = await trainStep(session, batch, options);
    step++;
    const finite = Number.isFinite(loss);
    yield { rate, loss: finite ? await probeLoss(session, probe, classes.length) : loss };
  }
}

type Probe = Pick<Batch, 'images' | 'labels' | 'size'>;

/** Pictures in the probe, or whole batches of about as many. */
const probeSize = 128;
/** An epoch that is never trained: its order is another, and its chance. */
const probeEpoch = 2 ** 30;

/**
 * Some training pictures, looked at again after every step: the losses of ever other batches would
 * differ by more than a step changes.
 */
async function probeOf(training: BatchStream): Promise<Probe[]> {
  const probe: Probe[] = [];
  let pictures = 0;
  for await (const { images, labels, size } of training.epoch(probeEpoch)) {
    probe.push({ images: images.slice(), labels, size });
    pictures += size;
    if (pictures >= probeSize) break;
  }
  return probe;
}

/** The mean cross-entropy, without dropout. */
async function probeLoss(
  session: Session,
  probe: readonly Probe[],
  classes: number,
): Promise<number> {
  let sum = 0;
  let pictures = 0;
  for (const { images, labels, size } of probe) {
    const probabilities = await probabilitiesOf(session, images);
    for (const [i, label] of labels.entries())
      sum -= Math.log(Math.max(probabilities[i * classes + label]!, 1e-12));
    pictures += size;
  }
  return sum / pictures;
}

async function* endless(batches: BatchStream): AsyncGenerator<Batch> {
  for (let epoch = 0; ; epoch++) yield* batches.epoch(epoch);
}
