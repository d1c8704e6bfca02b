import { availableParallelism } from 'node:os';
import { samplesOf } from '../../data/dataset.ts';
import type { Dataset } from '../../data/dataset.ts';
import { AlexNetError } from '../../errors.ts';
import { reason } from '#platform';
import { WeightAverage } from '../core/average.ts';
import { Checkpoint } from './checkpoint.ts';
import type { ModelFrame } from './checkpoint.ts';
import type { TrainEvent } from '../core/events.ts';
import { createFolder, readRecord, removeUnfinished, writeRecord } from './folder.ts';
import type { RunRecord } from './folder.ts';
import { Journal } from './journal.ts';
import { blueprintOf, layerRates, openSetup } from './setup.ts';
import type { Setup } from './setup.ts';
import { Guard } from '../core/step.ts';
import { firstState } from '../core/state.ts';
import type { State } from '../core/state.ts';
import type { Settings } from '../core/settings.ts';
import { transferText } from '../core/transfer.ts';
import type { Transfer } from '../core/transfer.ts';
import { version } from '../../version.ts';

export interface RunOptions {
  readonly dataset: Dataset;
  readonly folder: string;
  /** What to train with; undefined: the folder's own, to go on where it stopped. */
  readonly settings: Settings | undefined;
  readonly engine: string;
  readonly threads: number | undefined;
  readonly cacheBytes: number | undefined;
  /**
   * Seconds that the run may take; undefined: as long as it needs, or when resuming what it was
   * started with.
   */
  readonly budget: number | undefined;
  /** Milliseconds from any moment on. */
  readonly clock: () => number;
  readonly signal: AbortSignal | undefined;
  readonly tell: (event: TrainEvent) => void;
}

/** Everything that a run holds while it trains. */
export interface Run extends Setup {
  readonly folder: string;
  readonly record: RunRecord;
  readonly journal: Journal;
  readonly checkpoint: Checkpoint;
  readonly guard: Guard;
  readonly layerRates: Readonly<Record<string, number>>;
  readonly budget: number | null;
  readonly clock: () => number;
  readonly signal: AbortSignal | undefined;
  readonly tell: (event: TrainEvent) => void;
  state: State;
  average: WeightAverage | undefined;
  /** When this process began, by the clock, less the time that earlier ones spent. */
  began: number;
  /** Why the last file could not be written; null where it was. */
  unsaved: string | null;
}

/** Opens a new run, or one that was interrupted, ready for its next step. */
export async function openRun(options: RunOptions): Promise<Run> {
  const { dataset, folder, tell, clock, signal } = options;
  const started = clock();
  const before = options.settings === undefined ? await readRecord(folder) : undefined;
  const settings = before?.settings ?? options.settings!;
  if (before) checkSameData(before, dataset);
  const checkpoint = new Checkpoint(folder, settings.freeze);
  const own = before && (await checkpoint.model());
  const blueprint = await blueprintOf(
    dataset,
    settings,
    before?.engine ?? options.engine,
    own ?? settings.from,
  );
  await (before ? removeUnfinished(folder) : createFolder(folder));
  const setup = await openSetup(blueprint, {
    ...options,
    threads: options.threads ?? before?.threads,
  });
  try {
    const transfer = await setup.begin();
    if (!before && transfer) tell({ kind: 'remark', text: transferText(transfer, settings.from!) });
    const record = before ?? (await newRecord(options, setup, transfer));
    const saved = before && (await checkpoint.read(setup.session));
    const state = saved?.state ?? firstState(settings.epochs);
    return {
      ...setup,
      folder,
      record,
      journal: await Journal.open(folder, state.step, (error) =>
        tell({
          kind: 'remark',
          text: `The log could not be written: ${reason(error)}. Training goes on.`,
        }),
      ),
      checkpoint,
      guard: new Guard(dataset.classes.length),
      layerRates: layerRates(record.transfer, settings),
      budget: options.budget ?? record.budget,
      clock,
      signal,
      tell,
      state,
      average: settings.average
        ? await WeightAverage.start(setup.session, settings.average, saved?.average)
        : undefined,
      began: started - 1000 * state.seconds,
      unsaved: null,
    };
  } catch (error) {
    await setup.close();
    throw error;
  }
}

/** What every model file of the run says beside its weights. */
export function frameOf({ network, dataset, inputs, record, settings, state }: Run): ModelFrame {
  const { preprocessing, meanImage } = inputs;
  const { alexnet, data } = record;
  return {
    network,
    labels: dataset.classes.map((name) => ({ name })),
    preprocessing,
    ...('tensor' in preprocessing.mean && meanImage && { meanImage }),
    provenance: {
      madeBy: `alexnet ${alexnet}`,
      data: { ...data },
      recipe: settings.recipe,
      settings: JSON.stringify(settings),
      engine: record.engine,
      step: state.step,
      epoch: state.epoch,
      validation: state.best && { ...state.best },
    },
  };
}

function checkSameData({ data }: RunRecord, { provenance, classes }: Dataset): void {
  if (data.digest === provenance.digest) return;
  throw new AlexNetError(
    `The run was started on other data: ${data.root} with ${data.classes} classes, ${data.train} training and ${data.validation} validation pictures. Now ${provenance.root} has ${classes.length} classes, and its files or their split differ. Resume with the data as it was, or start a new run from the weights with --from.`,
  );
}

async function newRecord(
  { folder, dataset, budget }: RunOptions,
  { settings, session }: Setup,
  transfer: Transfer | undefined,
): Promise<RunRecord> {
  const { root, kind, digest } = dataset.provenance;
  const record: RunRecord = {
    alexnet: version,
    node: process.version,
    started: new Date().toISOString(),
    machine: { cores: availableParallelism(), system: `${process.platform} ${process.arch}` },
    engine: session.engine,
    threads: session.threads,
    budget: budget ?? null,
    data: {
      root,
      kind,
      digest,
      classes: dataset.classes.length,
      train: samplesOf(dataset, 'train').length,
      validation: samplesOf(dataset, 'val').length,
    },
    settings,
    transfer: transfer ?? null,
  };
  await writeRecord(folder, record);
  return record;
}
