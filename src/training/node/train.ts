import { join } from 'node:path';
import { cores, writeWhole } from '#platform';
import type { Dataset } from '../../data/dataset.ts';
import { openDataset } from '../../data/node/open.ts';
import { maximumPixels } from '../../images/decode-limits.ts';
import { findEngine } from '../../engine/registry.ts';
import { AlexNetError, UsageError } from '../../errors.ts';
import type { Evaluation } from '../../inference/evaluation.ts';
import { version } from '../../version.ts';
import type { LeftOut } from '../core/entries.ts';
import type { TrainEvent } from '../core/events.ts';
import { checkSameData, checkSameSettings, sameReading } from '../core/record.ts';
import type { Host, Reading, RunRecord } from '../core/record.ts';
import { resolveSettings } from '../core/resolve.ts';
import type { SettingsOverrides } from '../core/resolve.ts';
import type { Settings } from '../core/settings.ts';
import type { Best } from '../core/state.ts';
import { trainNetwork } from '../core/train.ts';
import type { PictureCounts, TrainedNetwork } from '../core/train.ts';
import { FolderStore } from './folder-store.ts';
import { createFolder, freshFolder, readRecord, removeUnfinished } from './folder.ts';
import { lockFolder, refuseHeld } from './lock.ts';
import { blueprintFor, openPicturesOf } from './pictures.ts';
import { report } from './report/report.ts';
import { withValidation } from './validation.ts';

export interface TrainOptions {
  /**
   * A folder of photographs, one folder per class, or whatever else `openDataset` reads; or a
   * dataset that is open.
   */
  readonly data: string | Dataset;
  /** The run folder. Default: a fresh one under `runs/`; needed to resume. */
  readonly out?: string;
  /** Default `photos`. */
  readonly recipe?: string;
  /** What differs from the recipe. */
  readonly settings?: SettingsOverrides;
  /** Default `auto`. */
  readonly engine?: string;
  readonly threads?: number;
  /**
   * Bytes of memory for decoded pictures; what does not fit is kept on the disk. Default: a quarter
   * of the machine's memory, or half of what training leaves free where that is less.
   */
  readonly cacheBytes?: number;
  /** Of one picture: more are refused before decoding. Default 100 million. */
  readonly maximumPixels?: number;
  /** Of class folders that hold folders: how far down the classes are. Default 1. */
  readonly depth?: number;
  /**
   * Go on with the run in `out`, with its own settings; the same ones may be given again, others
   * are refused.
   */
  readonly resume?: boolean;
  /** Seconds that the run may take. The epochs are planned so that it ends in time. */
  readonly seconds?: number;
  /** Other data whose pictures are all for validation. */
  readonly validation?: string;
  /** Saves and ends the run when aborted. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainEvent) => void;
  /**
   * Milliseconds from any moment on, for `seconds` and all that is told about time. Default:
   * `performance.now`.
   */
  readonly clock?: () => number;
}

export interface TrainResult {
  readonly run: string;
  /** The file of the best model. */
  readonly model: string;
  /** The file to look at. */
  readonly report: string;
  readonly classes: number;
  /** Epochs done. */
  readonly epochs: number;
  /** By validation; where nothing was held out, the last epoch's training. */
  readonly best: Best;
  readonly seconds: number;
  /** Training pictures per second, evaluation and everything else included. */
  readonly imagesPerSecond: number;
  /** Why it ended. */
  readonly finished: string;
  /** Of the best model on the test pictures, where there are any; they had no say in anything. */
  readonly test: Evaluation | null;
  /** How many pictures there were that could be read. */
  readonly pictures: PictureCounts;
  /** Those that could not be read. */
  readonly leftOut: readonly LeftOut[];
}

/**
 * Trains a network on labelled pictures in files, and keeps the run in a folder.
 * @throws {UsageError} for settings that do not hold. @throws {Interrupted} when `signal` is
 * aborted: the run is saved.
 * @throws {AlexNetError} for data that cannot be used, too little memory, and a loss that explodes
 * again and again.
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  if (typeof options !== 'object' || options === null)
    throw new UsageError(
      "Expected train({ data: 'photos' }), an object of options, but found " +
        `${options === undefined ? 'nothing' : JSON.stringify(options)}.`,
    );
  const { resume = false, clock = () => performance.now() } = options;
  const job = await openJob(options, resume);
  const { folder, before, tell } = job;
  const began = clock();
  if (before) checkSameData(before, job.dataset.provenance, job.dataset.classes.length);
  await refuseHeld(folder);
  if (before === undefined) await createFolder(folder);
  const lock = await lockFolder(folder, (text) => tell({ kind: 'remark', text }));
  try {
    // Another may have begun and ended here between the two.
    await (before ? removeUnfinished(folder) : createFolder(folder));
    return await trainIn(job, options, began);
  } finally {
    await lock.release();
  }
}

/** @param began when, by the options' clock. */
async function trainIn(
  job: FolderJob,
  { resume = false, seconds, signal, clock, ...options }: TrainOptions,
  began: number,
): Promise<TrainResult> {
  const { dataset, folder, before, settings, tell } = job;
  const store = new FolderStore(folder, (text) => tell({ kind: 'remark', text }));
  const engine = await findEngine(before?.engine ?? job.engine);
  const own = before && (await store.lastFile());
  const blueprint = await blueprintFor(dataset, settings, tell, own ?? settings.from);
  const threads = options.threads ?? before?.threads;
  const pictures = await openPicturesOf(dataset, blueprint, { ...job, threads });
  try {
    for (const text of dataset.remarks) tell({ kind: 'remark', text });
    const trained = await trainNetwork({
      ...pictures,
      data: { ...pictures.data, reading: job.reading },
      blueprint,
      engine,
      threads,
      store,
      resume,
      host: host(),
      seconds,
      signal,
      onEvent: tell,
      ...(clock && { clock }),
      began,
    });
    return resultOf(trained, store, await writeReport(trained, store, job));
  } finally {
    await pictures.close();
  }
}

/** What is trained on what, and where it is kept: the options with their defaults. */
export interface FolderJob {
  readonly dataset: Dataset;
  readonly folder: string;
  /** Of the run that is resumed. */
  readonly before: RunRecord | undefined;
  readonly settings: Settings;
  readonly engine: string;
  readonly threads: number | undefined;
  readonly cacheBytes: number | undefined;
  readonly maximumPixels: number | undefined;
  readonly reading: Reading;
  readonly tell: (event: TrainEvent) => void;
}

/** Opens what the options name; nothing is written yet. */
export async function openJob(
  { data, out, recipe, settings, validation, ...options }: TrainOptions,
  resume: boolean,
): Promise<FolderJob> {
  if (resume && out === undefined)
    throw new UsageError('Resuming needs the folder of the run: --out RUN.');
  if (typeof data !== 'string' && !isDataset(data))
    throw new UsageError(
      'Expected `data` to be the path of a folder of photographs, or an open dataset, but found ' +
        `${data === undefined ? 'nothing' : JSON.stringify(data)}.`,
    );
  const before = resume ? await readRecord(out!) : undefined;
  if (before) checkSameSettings(before, { recipe, settings, engine: options.engine }, out!);
  const resolved = before?.settings ?? resolveSettings(recipe ?? 'photos', settings);
  const given = readingOf(typeof data === 'string', validation, options);
  const reading = before
    ? sameReading(before, given, out!)
    : { ...(typeof data === 'string' && { depth: 1 }), maximumPixels, ...given };
  // A depth that was not chosen is remarked on: that of `reading` counts as chosen.
  const dataset =
    typeof data === 'string' ? await openData(data, before ? reading : given, resolved) : data;
  const folder = out ?? (await freshFolder(dataset.provenance.root));
  const { engine = 'auto', threads, cacheBytes, onEvent = () => undefined } = options;
  return {
    dataset,
    folder,
    before,
    settings: resolved,
    engine,
    threads,
    cacheBytes,
    maximumPixels: reading.maximumPixels,
    reading,
    tell: onEvent,
  };
}

function isDataset(value: unknown): value is Dataset {
  return typeof value === 'object' && value !== null && 'samples' in value && 'classes' in value;
}

/** What is said of how files are read; of an open dataset only what is still to come. */
function readingOf(
  files: boolean,
  validation: string | undefined,
  { depth, maximumPixels: pixels }: Pick<TrainOptions, 'depth' | 'maximumPixels'>,
): Reading {
  return {
    ...(files && depth !== undefined && { depth }),
    ...(files && validation !== undefined && { validation }),
    ...(pixels !== undefined && { maximumPixels: pixels }),
  };
}

async function openData(
  data: string,
  { depth, validation }: Reading,
  { holdOut, seed }: Settings,
): Promise<Dataset> {
  const reading = depth === undefined ? {} : { depth };
  if (validation === undefined) return openDataset(data, { holdOut, seed, ...reading });
  return withValidation(await openDataset(data, reading), await openDataset(validation, reading));
}

function host(): Host {
  return {
    alexnet: version,
    node: process.version,
    machine: { cores: cores(), system: `${process.platform} ${process.arch}` },
  };
}

function resultOf(trained: TrainedNetwork, store: FolderStore, reportFile: string): TrainResult {
  const { epochs, best, seconds, imagesPerSecond, finished, test, pictures, leftOut } = trained;
  return {
    run: store.place,
    model: store.bestFile,
    report: reportFile,
    classes: trained.record.data.classes,
    epochs,
    best,
    seconds,
    imagesPerSecond,
    finished,
    test,
    pictures,
    leftOut,
  };
}

function evaluatedOn(test: Evaluation | null, validation: Evaluation | null): string {
  if (test !== null) return 'test';
  return validation === null ? 'training' : 'validation';
}

/** @returns the file, whether it could be written or not. */
async function writeReport(
  { record, state, model, test, validation, pictures, leftOut }: TrainedNetwork,
  store: FolderStore,
  { dataset, tell }: FolderJob,
): Promise<string> {
  const html = await report({
    record,
    state,
    entries: await store.entries(),
    dataset,
    model,
    evaluation: test ?? validation,
    evaluatedOn: evaluatedOn(test, validation),
    pictures,
    leftOut,
  });
  const path = join(store.place, 'report.html');
  try {
    await writeWhole(path, [new TextEncoder().encode(html)]);
  } catch (error) {
    if (!(error instanceof AlexNetError)) throw error;
    tell({ kind: 'remark', text: error.message });
  }
  return path;
}
