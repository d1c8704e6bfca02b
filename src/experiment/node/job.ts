import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { reason, sha256, writeWhole } from '#platform';
import type { Dataset } from '../../data/dataset.ts';
import { samplesOf } from '../../data/dataset.ts';
import { openDataset } from '../../data/node/open.ts';
import { classesOf, hardScenes } from '../../data/scenes/style.ts';
import { findEngine } from '../../engine/registry.ts';
import { AlexNetError, UsageError, ensure } from '../../errors.ts';
import { makeFolders } from '../../platform/node/folders.ts';
import { version } from '../../version.ts';
import { experiments, parseExperiment } from '../catalogue/index.ts';
import type { Experiment, PerClass } from '../experiment.ts';
import type { ExperimentEvent, ExperimentOptions } from './options.ts';

/** What is run, on what, and where: the options with their defaults. */
export interface Job {
  readonly name: string;
  readonly experiment: Experiment;
  readonly folder: string;
  /** Undefined: scenes are drawn. */
  readonly dataset: Dataset | undefined;
  readonly classes: number;
  readonly perClass: PerClass;
  /** The first seed. */
  readonly seed: number;
  readonly seeds: number;
  readonly engine: string;
  readonly threads: number | undefined;
  readonly tell: (event: ExperimentEvent) => void;
}

/** What a folder holds: who goes on there must want the same. */
export interface ExperimentRecord {
  readonly experiment: string;
  readonly alexnet: string;
  readonly node: string;
  readonly started: string;
  readonly data: { readonly root: string; readonly digest: string } | null;
  readonly perClass: PerClass;
  readonly seed: number;
  readonly engine: string;
  /** SHA-256 of networks and settings. */
  readonly definition: string;
}

const recordName = 'experiment.json';

/** Opens what the options name, and begins the folder or goes on in it. */
export async function openJob(options: ExperimentOptions): Promise<Job> {
  const { name, data, depth, seed = 1, engine = 'auto', threads } = options;
  const experiment = options.experiment ?? experiments[parseExperiment(name)];
  const seeds = options.seeds ?? experiment.seeds;
  ensure(
    Number.isInteger(seeds) && seeds > 0,
    `Expected seeds to be a whole number above 0 but found ${seeds}.`,
  );
  const folder = options.out ?? join('experiments', name);
  const before = await readRecord(folder);
  if (before === undefined) await refuseOther(folder);
  const perClass = { ...experiment.perClass, ...options.perClass };
  const dataset = data === undefined ? undefined : await openPhotographs(data, { depth, seed });
  const classes = dataset?.classes.length ?? classesOf(hardScenes).length;
  const wanted: ExperimentRecord = {
    experiment: name,
    alexnet: version,
    node: process.version,
    started: new Date().toISOString(),
    data: dataset === undefined ? null : { root: data!, digest: dataset.provenance.digest },
    perClass,
    seed,
    engine: (await findEngine(engine === 'auto' ? (before?.engine ?? 'auto') : engine)).name,
    definition: await definitionOf(experiment, classes),
  };
  if (before === undefined) await beginFolder(folder, wanted);
  else checkSame(before, wanted, folder);
  const tell = options.onEvent ?? (() => undefined);
  return {
    name,
    experiment,
    folder,
    dataset,
    classes,
    perClass,
    seed,
    seeds,
    engine: wanted.engine,
    threads,
    tell,
  };
}

/** Photographs with some for validation: their own, else the test ones, else a fifth held out. */
async function openPhotographs(
  root: string,
  { depth, seed }: { readonly depth: number | undefined; readonly seed: number },
): Promise<Dataset> {
  const reading = depth === undefined ? {} : { depth };
  const whole = await openDataset(root, reading);
  const others = samplesOf(whole, 'val').length + samplesOf(whole, 'test').length;
  return others > 0 ? whole : openDataset(root, { holdOut: 0.2, seed, ...reading });
}

function definitionOf(
  { settings, arms, measure, search }: Experiment,
  classes: number,
): Promise<string> {
  const networks = arms.map((arm) => [arm.name, arm.settings, arm.network?.(classes)]);
  return sha256([JSON.stringify([settings, networks, measure, search])]);
}

async function beginFolder(folder: string, record: ExperimentRecord): Promise<void> {
  try {
    await makeFolders(folder);
  } catch (error) {
    throw new AlexNetError(
      `The folder ${folder} could not be made: ${reason(error)}. Choose another with --out.`,
      { cause: error },
    );
  }
  await writeJson(join(folder, recordName), record);
}

/** @throws {AlexNetError} where something else lies there. */
async function refuseOther(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (found === undefined) return;
  ensure(
    found.isDirectory() && (await isEmpty(folder)),
    `${folder} holds something else, and an experiment needs a folder of its own. Choose another ` +
      'with --out.',
  );
}

async function isEmpty(folder: string): Promise<boolean> {
  return (await readdir(folder)).length === 0;
}

async function readRecord(folder: string): Promise<ExperimentRecord | undefined> {
  return readJson<ExperimentRecord>(join(folder, recordName));
}

/** @throws {UsageError} naming what differs, with both values. */
function checkSame(before: ExperimentRecord, wanted: ExperimentRecord, folder: string): void {
  const shown = (record: ExperimentRecord) => ({
    experiment: record.experiment,
    data: record.data?.root ?? 'drawn scenes',
    'pictures of each class': `${record.perClass.train} and ${record.perClass.val}`,
    'first seed': record.seed,
    engine: record.engine,
  });
  const [kept, asked] = [shown(before), shown(wanted)];
  for (const key of Object.keys(kept) as (keyof typeof kept)[])
    if (kept[key] !== asked[key])
      throw new UsageError(
        `${folder} was begun otherwise: ${key} ${kept[key]} there, ${asked[key]} now. Choose ` +
          'another folder with --out.',
      );
  const why = 'What is done there could not be compared with what would come. ';
  const choose = 'Choose another folder with --out.';
  if (before.data?.digest !== wanted.data?.digest)
    throw new AlexNetError(
      `The files or the split of ${wanted.data?.root} have changed since ${folder} was begun. ` +
        why +
        choose,
    );
  if (before.definition !== wanted.definition)
    throw new AlexNetError(
      `${folder} was begun by alexnet ${before.alexnet}, whose ${before.experiment} had other ` +
        `networks or settings. ${why}${choose}`,
    );
}

export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeWhole(path, [new TextEncoder().encode(`${JSON.stringify(value, undefined, 1)}\n`)]);
}

/** Undefined where there is no such file. @throws {AlexNetError} where it is damaged. */
export async function readJson<Value>(path: string): Promise<Value | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Value;
  } catch (error) {
    throw new AlexNetError(
      `${path} is damaged (${reason(error)}). Remove it, and what it held is done again.`,
    );
  }
}
