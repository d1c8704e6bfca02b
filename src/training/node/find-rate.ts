import { join } from 'node:path';
import { writeWhole } from '#platform';
import { findEngine } from '../../engine/registry.ts';
import { AlexNetError } from '../../errors.ts';
import { prepareSession } from '../core/begin.ts';
import { checkRange, searchRates } from '../core/find-rate.ts';
import type { RateRange } from '../core/find-rate.ts';
import { smoothed, steepestDescent } from '../core/rate-curve.ts';
import type { Descent, RateStep } from '../core/rate-curve.ts';
import { createFolder, rateFiles } from './folder.ts';
import { lockFolder, refuseHeld } from './lock.ts';
import { blueprintFor, openPicturesOf } from './pictures.ts';
import { ratePage } from './report/rates.ts';
import { openJob } from './train.ts';
import type { FolderJob, TrainOptions } from './train.ts';

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
  /** A row per step. */
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
  const range = { lowest, highest, steps };
  checkRange(range);
  const job = await openJob(options, false);
  const { folder } = job;
  const found = await search(job, range, options.signal);
  const descent = steepestDescent(found.steps);
  const { table, page } = await writeFiles(folder, found.steps, descent, [lowest, highest]);
  if (descent === undefined) {
    const reached = found.steps.at(-1)?.rate.toPrecision(2) ?? highest;
    throw new AlexNetError(
      `The loss did not fall at any rate from ${lowest} to ${reached}: ${page} shows it. ` +
        'Look at the data with `alexnet data check`, or search with a larger batch.',
    );
  }
  return {
    run: folder,
    learningRate: Number(descent.fastest.toPrecision(2)),
    lowestLossAt: Number(descent.lowest.toPrecision(2)),
    diverged: found.diverged,
    table,
    page,
    steps: found.steps,
  };
}

async function search(
  job: FolderJob,
  range: RateRange,
  signal: AbortSignal | undefined,
): ReturnType<typeof searchRates> {
  const { dataset, folder, settings, threads, tell } = job;
  const engine = await findEngine(job.engine);
  const blueprint = await blueprintFor(dataset, settings, tell);
  await refuseHeld(folder);
  await createFolder(folder);
  const lock = await lockFolder(folder, (text) => tell({ kind: 'remark', text }));
  const pictures = await openPicturesOf(dataset, blueprint, job).catch(async (error: unknown) => {
    await lock.release();
    throw error;
  });
  try {
    const session = await prepareSession(engine, blueprint, threads);
    try {
      const { training } = pictures;
      return await searchRates({ session, blueprint, training, range, signal, tell });
    } finally {
      await session.dispose();
    }
  } finally {
    await pictures.close();
    await lock.release();
  }
}

async function writeFiles(
  folder: string,
  steps: readonly RateStep[],
  descent: Descent | undefined,
  range: readonly [number, number],
): Promise<Pick<FoundRate, 'table' | 'page'>> {
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
  return { table, page };
}
