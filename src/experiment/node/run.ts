import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { reason, writeWhole } from '#platform';
import { AlexNetError } from '../../errors.ts';
import { makeFolders } from '../../platform/node/folders.ts';
import { lockFolder } from '../../training/node/lock.ts';
import { compare, completeSeeds, epochsUntil } from '../comparison.ts';
import type { Comparison } from '../comparison.ts';
import type { Arm, Epoch, PerClass, Run, Trial } from '../experiment.ts';
import { experimentPage } from '../page.ts';
import { epochsOf, searchRate } from '../search.ts';
import { verdictSentence } from '../words.ts';
import { openJob, readJson, writeJson } from './job.ts';
import type { Job } from './job.ts';
import type { ExperimentOptions } from './options.ts';
import { forgetPictures, picturesFor } from './pictures.ts';
import { lookAgain, trainRun } from './train-run.ts';
import type { RunPlan } from './train-run.ts';

export interface ExperimentResult extends Comparison {
  readonly experiment: string;
  readonly claim: string;
  /** The verdict with its numbers. */
  readonly sentence: string;
  /** The rate of each arm, where it was searched for. */
  readonly rates?: readonly { readonly arm: string; readonly learningRate: number }[];
  readonly trials?: readonly Trial[];
  readonly data: string;
  readonly perClass: PerClass;
  readonly seeds: { readonly done: number; readonly wanted: number };
  /** Of training, all runs together. */
  readonly seconds: number;
  readonly out: string;
  /** The file to look at. */
  readonly page: string;
}

/** The search draws its pictures and its chance from seeds of its own. */
const searchSeed = 1_000_000;

/**
 * Runs one of the paper's claims: all arms with a seed, then with the next. What is done already in
 * the folder is not done again.
 * @throws {Interrupted} when the signal is aborted: the same call goes on from there.
 * @throws {AlexNetError} where the folder holds something else, or the time was up before one pair
 * was complete.
 */
export async function runExperiment(options: ExperimentOptions): Promise<ExperimentResult> {
  const began = performance.now();
  const job = await openJob(options);
  const lock = await lockFolder(job.folder, (text) => job.tell({ kind: 'remark', text }));
  const time = timeLimit(options.seconds, began);
  const signals = [options.signal, time.signal].filter((signal) => signal !== undefined);
  try {
    await makeFolders(join(job.folder, 'results'));
    await new Laboratory(job, AbortSignal.any(signals), time.left).work();
  } catch (error) {
    if (options.signal?.aborted || !time.signal.aborted) throw error;
    job.tell({ kind: 'remark', text: 'The time is up: what is complete by now counts.' });
  } finally {
    time.clear();
    await lock.release();
  }
  return conclude(job);
}

interface TimeLimit {
  readonly signal: AbortSignal;
  /** Seconds. */
  readonly left: () => number;
  readonly clear: () => void;
}

function timeLimit(seconds: number | undefined, began: number): TimeLimit {
  const controller = new AbortController();
  const left = (): number => (seconds ?? Infinity) - (performance.now() - began) / 1000;
  // A timer takes no more than 2³¹ − 1 ms.
  const timer =
    seconds === undefined || seconds > 2_000_000
      ? undefined
      : setTimeout(() => controller.abort(), 1000 * Math.max(0, left()));
  return { signal: controller.signal, left, clear: () => clearTimeout(timer) };
}

/** One call's work: the search, then seed after seed. */
class Laboratory {
  readonly #job: Job;
  readonly #signal: AbortSignal;
  readonly #left: () => number;
  #number = 0;

  /** @param left seconds that are left. */
  constructor(job: Job, signal: AbortSignal, left: () => number) {
    this.#job = job;
    this.#signal = signal;
    this.#left = left;
  }

  async work(): Promise<void> {
    const { seed: first, seeds, tell } = this.#job;
    const rates = await this.#rates();
    let longest = 0;
    for (let i = 0; i < seeds; i++) {
      if (longest > this.#left()) {
        const text = `The time does not allow another pair: ${i} of ${seeds} are done.`;
        return tell({ kind: 'remark', text });
      }
      const began = performance.now();
      const fresh = await this.#seed(first + i, rates, longest * (seeds - i));
      if (fresh) {
        longest = Math.max(longest, (performance.now() - began) / 1000);
        await writePage(this.#job);
      }
    }
  }

  /** All arms with one seed. @returns whether any of it was not there yet. */
  async #seed(
    seed: number,
    rates: ReadonlyMap<string, number>,
    secondsLeft: number,
  ): Promise<boolean> {
    const job = this.#job;
    const arms = job.experiment.arms.filter(({ trainedAs }) => trainedAs === undefined);
    const of = arms.length * job.seeds;
    let fresh = false;
    for (const arm of arms) {
      const plan = { ...this.#plan(arm, seed), learningRate: rates.get(arm.name) };
      const known = await readRun(job, plan.name);
      const run = known ?? (await this.#train(plan));
      fresh ||= known === undefined;
      job.tell({
        kind: 'run',
        run,
        number: ++this.#number,
        of,
        kept: known !== undefined,
        secondsLeft: secondsLeft > 0 ? secondsLeft : undefined,
      });
    }
    if (fresh) await forgetPictures(job, seed);
    return fresh;
  }

  #plan(arm: Arm, seed: number): RunPlan {
    const { measure } = this.#job.experiment;
    const enough = (epochs: readonly Epoch[]): boolean =>
      measure.kind === 'epochs' && epochsUntil(epochs, measure.error) !== null;
    return { name: `${fileName(arm.name)}-seed-${seed}`, arm, seed, enough };
  }

  async #train(plan: RunPlan): Promise<Run> {
    const job = this.#job;
    const dataset = await picturesFor(job, plan.seed, this.#signal);
    const run = await trainRun(job, plan, dataset, this.#signal);
    const whole = { ...run, ...(await lookAgain(job, plan, dataset)) };
    await writeJson(resultFile(job, plan.name), whole);
    return whole;
  }

  /** The rate of each arm, where it is searched for. */
  async #rates(): Promise<ReadonlyMap<string, number>> {
    const rates = new Map<string, number>();
    const { experiment, tell } = this.#job;
    if (experiment.search === undefined) return rates;
    for (const arm of experiment.arms) {
      const rate = await searchRate(experiment.search.rates, (learningRate, most) =>
        this.#trial(arm, learningRate, most),
      );
      if (rate === undefined)
        throw new AlexNetError(
          `The arm "${arm.name}" exploded at every rate that was tried ` +
            `(${experiment.search.rates.join(', ')}). Look at the data with alexnet data check.`,
        );
      rates.set(arm.name, rate);
      tell({ kind: 'rate', arm: arm.name, learningRate: rate });
    }
    return rates;
  }

  async #trial(arm: Arm, learningRate: number, most: number | undefined): Promise<number | null> {
    const job = this.#job;
    const { measure } = job.experiment;
    if (measure.kind !== 'epochs') throw new Error('Only a number of epochs is searched for.');
    const name = trialName(arm, learningRate);
    const known = await readJson<Trial>(resultFile(job, name));
    if (known !== undefined) return epochsOf(known);
    const seed = job.seed + searchSeed;
    job.tell({ kind: 'trying', trial: { arm: arm.name, learningRate } });
    const plan: RunPlan = {
      name,
      arm,
      seed,
      learningRate,
      steady: true,
      enough: (epochs) =>
        epochsUntil(epochs, measure.error) !== null || epochs.length >= (most ?? Infinity) + 1,
    };
    const dataset = await picturesFor(job, seed, this.#signal);
    const run = await trainRun(job, plan, dataset, this.#signal);
    const trial = trialOf(run, measure.error, most);
    await writeJson(resultFile(job, name), trial);
    job.tell({ kind: 'tried', trial });
    return epochsOf(trial);
  }
}

function trialOf(
  { arm, learningRate, epochs, rollbacks }: Run,
  error: number,
  most: number | undefined,
): Trial {
  const reached = rollbacks > 0 ? null : epochsUntil(epochs, error);
  const last = epochs.at(-1);
  const cutShort = last === undefined || rollbacks > 0 || last.epoch >= (most ?? Infinity);
  return {
    arm,
    learningRate,
    epochs: reached,
    ...(reached === null &&
      !cutShort && { after: { epochs: last.epoch, error: 1 - last.train.top1 } }),
  };
}

function trialName(arm: Arm, learningRate: number): string {
  return `${fileName(arm.name)}-rate-${learningRate}`;
}

function fileName(arm: string): string {
  return arm.replaceAll(/[^A-Za-z0-9]+/g, '-');
}

function resultFile({ folder }: Job, name: string): string {
  return join(folder, 'results', `${name}.json`);
}

function readRun(job: Job, name: string): Promise<Run | undefined> {
  return readJson<Run>(resultFile(job, name));
}

/** What is done, of the seeds that were asked for. */
async function runsOf(job: Job): Promise<Run[]> {
  const runs: Run[] = [];
  for (let i = 0; i < job.seeds; i++)
    for (const { name, trainedAs } of job.experiment.arms) {
      if (trainedAs !== undefined) continue;
      const run = await readRun(job, `${fileName(name)}-seed-${job.seed + i}`);
      if (run !== undefined) runs.push(run);
    }
  return runs;
}

/** The trials of the search: by the files, so that those of an earlier call count too. */
async function trialsOf({ folder, experiment }: Job): Promise<Trial[]> {
  if (experiment.search === undefined) return [];
  const names = await readdir(join(folder, 'results'));
  const trials = await Promise.all(
    names
      .filter((name) => /-rate-[^/]*\.json$/.test(name))
      .map((name) => readJson<Trial>(join(folder, 'results', name))),
  );
  return trials
    .filter((trial) => trial !== undefined)
    .sort((a, b) => a.arm.localeCompare(b.arm) || a.learningRate - b.learningRate);
}

/** Reads everything back from the folder, so that what is told is what lies there. */
async function resultOf(job: Job): Promise<{ result: ExperimentResult; runs: Run[] } | undefined> {
  const { experiment, folder, name, dataset, seeds, perClass } = job;
  const runs = await runsOf(job);
  const done = completeSeeds(experiment, runs);
  if (done.length === 0) return undefined;
  const comparison = compare(experiment, runs);
  const trials = await trialsOf(job);
  const chosen = runs.filter(({ seed }) => seed === done[0]);
  const result: ExperimentResult = {
    experiment: name,
    claim: experiment.claim,
    ...comparison,
    sentence: verdictSentence(experiment, comparison),
    ...(trials.length > 0 && {
      rates: chosen.map(({ arm, learningRate }) => ({ arm, learningRate })),
      trials,
    }),
    data: dataset?.provenance.root ?? 'drawn scenes',
    seeds: { done: done.length, wanted: seeds },
    seconds: runs.reduce((sum, { seconds }) => sum + seconds, 0),
    perClass,
    out: folder,
    page: join(folder, 'experiment.html'),
  };
  return { result, runs: runs.filter(({ seed }) => done.includes(seed)) };
}

async function writePage(job: Job): Promise<ExperimentResult | undefined> {
  const found = await resultOf(job);
  if (found === undefined) return undefined;
  const { result, runs } = found;
  const html = experimentPage(job.experiment, { ...result, runs });
  try {
    await writeWhole(result.page, [new TextEncoder().encode(html)]);
    await writeJson(join(job.folder, 'result.json'), { ...result, runs });
  } catch (error) {
    throw new AlexNetError(`The page could not be written: ${reason(error)}.`, { cause: error });
  }
  return result;
}

async function conclude(job: Job): Promise<ExperimentResult> {
  const result = await writePage(job);
  if (result !== undefined) return result;
  throw new AlexNetError(
    `The time was up before one pair was complete. What is done lies in ${job.folder}: the same ` +
      'command goes on from there.',
  );
}
