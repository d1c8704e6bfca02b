import { join } from 'node:path';
import type { Batch, Batches } from '../../data/batches.ts';
import { AlexNetError, ensure } from '../../errors.ts';
import { writeWhole } from '#platform';
import { probabilitiesOf } from '../../inference/probabilities.ts';
import { createFolder, rateFiles } from './folder.ts';
import { Divergence, growingRates, smoothed, steepestDescent } from '../core/rate-curve.ts';
import type { Descent, RateStep } from '../core/rate-curve.ts';
import { ratePage } from './report/rates.ts';
import { blueprintOf, layerRates, openSetup } from './setup.ts';
import type { Setup } from './setup.ts';
import { trainStep } from '../core/step.ts';
import { runOptions } from './train.ts';
import type { TrainOptions } from './train.ts';

export interface FindRateOptions extends Omit<TrainOptions, 'resume' | 'seconds' | 'clock'> {
  /** The rate of the first step. Default 1e-5. */
  readonly lowest?: number;
  /** The rate of the last step, where training has not diverged before. Default 1. */
  readonly highest?: number;
  /** Default 100. */
  readonly steps?: number;
}

export interface FoundRate {
  /** The folder with the files below. */
  readonly run: string;
  /** Where the loss fell fastest, to two digits. */
  readonly learningRate: number;
  /** Where the loss was lowest, to two digits: higher rates do harm. */
  readonly lowestLossAt: number;
  /** Whether training diverged; where it did not, higher rates may do too. */
  readonly diverged: boolean;
  /** A row a step. */
  readonly table: string;
  /** The curve, to look at. */
  readonly page: string;
  readonly steps: readonly RateStep[];
}

/**
 * Looks for a learning rate: trains for some steps with a rate that grows from step to step, and
 * suggests the one at which the loss of some training pictures fell fastest ({@link
 * steepestDescent}). The weights are thrown away. The schedule and warm-up play no part; all other
 * settings do, since the best rate depends on them.
 * @throws {AlexNetError} where the loss does not fall at any rate.
 */
export async function findLearningRate({
  lowest = 1e-5,
  highest = 1,
  steps = 100,
  ...options
}: FindRateOptions): Promise<FoundRate> {
  ensure(
    lowest > 0 && highest > lowest,
    `Expected rates that grow from above 0 but found ${lowest} to ${highest}.`,
  );
  ensure(
    Number.isInteger(steps) && steps >= 30,
    `Expected at least 30 steps to see a slope in but found ${steps}.`,
  );
  const { dataset, folder, settings, engine, ...rest } = await runOptions(options);
  const blueprint = await blueprintOf(dataset, settings!, engine);
  await createFolder(folder);
  const setup = await openSetup(blueprint, { ...rest, folder });
  try {
    const found: RateStep[] = [];
    const divergence = new Divergence();
    let diverged = false;
    for await (const step of rateSteps(
      setup,
      growingRates(lowest, highest, steps),
      options.signal,
    )) {
      diverged = divergence.happened(step.loss);
      if (Number.isFinite(step.loss)) found.push(step);
      rest.tell({ kind: 'rate', step: found.length, steps, ...step });
      if (diverged) break;
    }
    const descent = steepestDescent(found);
    const [table, page] = await writeFiles(folder, found, descent, [lowest, highest]);
    if (descent === undefined)
      throw new AlexNetError(
        `The loss did not fall at any rate from ${lowest} to ${found.at(-1)?.rate.toPrecision(2) ?? highest}: ${page} shows it. Look at the data with \`alexnet data check\`, or search with a larger batch.`,
      );
    return {
      run: folder,
      learningRate: Number(descent.fastest.toPrecision(2)),
      lowestLossAt: Number(descent.lowest.toPrecision(2)),
      diverged,
      table,
      page,
      steps: found,
    };
  } finally {
    await setup.close();
  }
}

/** One step at each rate, and what it did to the probe. */
async function* rateSteps(
  setup: Setup,
  rates: readonly number[],
  signal: AbortSignal | undefined,
): AsyncGenerator<RateStep> {
  const { session, settings } = setup;
  const factors = layerRates(await setup.begin(), settings);
  const probe = await probeOf(setup);
  let step = 0;
  for await (const batch of endless(setup.training)) {
    if (signal?.aborted)
      throw new AlexNetError('The search for the learning rate was interrupted: nothing was kept.');
    const rate = rates[step];
    if (rate === undefined) return;
    const { loss } = await trainStep(session, batch, {
      settings,
      step: step++,
      learningRate: rate,
      layerRates: factors,
    });
    yield { rate, loss: Number.isFinite(loss) ? await probeLoss(setup, probe) : loss };
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
async function probeOf({ training }: Setup): Promise<Probe[]> {
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
async function probeLoss({ session, dataset }: Setup, probe: readonly Probe[]): Promise<number> {
  const classes = dataset.classes.length;
  let sum = 0;
  let pictures = 0;
  for (const { images, labels, size } of probe) {
    const probabilities = await probabilitiesOf(session, images);
    labels.forEach(
      (label, i) => (sum -= Math.log(Math.max(probabilities[i * classes + label]!, 1e-12))),
    );
    pictures += size;
  }
  return sum / pictures;
}

async function* endless(batches: Batches): AsyncGenerator<Batch> {
  for (let epoch = 0; ; epoch++) yield* batches.epoch(epoch);
}

async function writeFiles(
  folder: string,
  steps: readonly RateStep[],
  descent: Descent | undefined,
  range: readonly [number, number],
): Promise<[table: string, page: string]> {
  const curve = smoothed(steps);
  const rows = steps.map(
    (step, i) =>
      `${step.rate.toPrecision(6)},${step.loss.toPrecision(6)},${curve[i]!.loss.toPrecision(6)}\n`,
  );
  const table = join(folder, rateFiles.table);
  const page = join(folder, rateFiles.page);
  await writeWhole(table, [
    new TextEncoder().encode(`learning_rate,loss,smoothed_loss\n${rows.join('')}`),
  ]);
  await writeWhole(page, [new TextEncoder().encode(ratePage(steps, descent, range))]);
  return [table, page];
}
