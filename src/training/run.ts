import { availableParallelism } from 'node:os';
import { openBatches } from '../data/batches.ts';
import type { Batches } from '../data/batches.ts';
import { samplesOf } from '../data/dataset.ts';
import type { Dataset } from '../data/dataset.ts';
import { openWorkers } from '../data/workers.ts';
import type { DataWorkers } from '../data/workers.ts';
import type { Session } from '../engine/engine.ts';
import { initialise } from '../engine/initialise.ts';
import { findEngine } from '../engine/registry.ts';
import { AlexNetError, ensure } from '../errors.ts';
import { reason } from '../model/files.ts';
import { readModel } from '../model/model-file.ts';
import type { Model } from '../model/model.ts';
import type { Network } from '../network/layer.ts';
import { WeightAverage } from './average.ts';
import { Checkpoint } from './checkpoint.ts';
import type { ModelFrame } from './checkpoint.ts';
import type { TrainEvent } from './events.ts';
import { createFolder, readRecord, writeRecord } from './folder.ts';
import type { RunRecord } from './folder.ts';
import { inputsFor } from './inputs.ts';
import type { Inputs } from './inputs.ts';
import { Journal } from './journal.ts';
import { checkMemory } from './memory.ts';
import { checkFrozen, networkFor, networkFrom } from './network.ts';
import { Guard } from './step.ts';
import { firstState } from './state.ts';
import type { State } from './state.ts';
import type { Settings } from './settings.ts';
import { takeOver } from './transfer.ts';
import type { Transfer } from './transfer.ts';
import { version } from '../version.ts';

export interface RunOptions {
  readonly dataset: Dataset;
  readonly folder: string;
  /** What to train with; undefined: the folder's own, to go on where it stopped. */
  readonly settings: Settings | undefined;
  readonly engine: string;
  readonly threads: number | undefined;
  /** Seconds that the run may take; undefined: as long as it needs, or when resuming what it was started with. */
  readonly budget: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly tell: (event: TrainEvent) => void;
}

/** Everything that a run holds while it trains. */
export interface Run {
  readonly folder: string;
  readonly record: RunRecord;
  readonly settings: Settings;
  readonly dataset: Dataset;
  readonly network: Network;
  readonly inputs: Inputs;
  readonly workers: DataWorkers;
  readonly session: Session;
  readonly training: Batches;
  /** Undefined where nothing was held out. */
  readonly validation: Batches | undefined;
  readonly journal: Journal;
  readonly checkpoint: Checkpoint;
  readonly guard: Guard;
  /** Factors on the learning rate of layers that were taken over. */
  readonly layerRates: Readonly<Record<string, number>>;
  readonly budget: number | null;
  readonly signal: AbortSignal | undefined;
  readonly tell: (event: TrainEvent) => void;
  /** Sets weights and average to where the run begins. */
  readonly begin: () => Promise<Transfer | undefined>;
  state: State;
  average: WeightAverage | undefined;
  /** When this process began, in `performance.now()`, less the seconds that earlier ones spent. */
  began: number;
  /** Why the last file could not be written; null where it was. */
  unsaved: string | null;
  close(): Promise<void>;
}

/** Opens a new run, or one that was interrupted, ready for its next step. */
export async function openRun(options: RunOptions): Promise<Run> {
  const started = performance.now();
  const { dataset, folder, tell } = options;
  const before = options.settings === undefined ? await readRecord(folder) : undefined;
  const settings = before?.settings ?? options.settings!;
  if (before) checkSameData(before, dataset);
  const engine = await findEngine(before?.engine ?? options.engine);
  const model = settings.from === null ? undefined : await readModel(settings.from);
  const network = networkOf(settings, model, dataset.classes.length);
  const training = samplesOf(dataset, 'train').length;
  ensure(training > 0, `There are no training pictures in ${dataset.provenance.root}.`);
  const batch = Math.min(settings.batch, training);
  const micro = Math.min(settings.microBatch ?? batch, batch);
  checkMemory(network, { micro, batch, averaged: settings.average !== null });
  if (!before) await createFolder(folder);
  const held = new Held();
  try {
    const workers = held.add(await openWorkers({ ...(options.threads && { threads: options.threads }), onRemark: (text) => tell({ kind: 'remark', text }) }), (it) => it.close());
    const inputs = model && settings.variant === null ? fromModel(model, await inputsFor(settings, model.preprocessing.crop, dataset, workers)) : await inputsFor(settings, inputSize(network), dataset, workers);
    const session = held.add(await engine.prepare(network, { batch: micro, mode: 'training', precision: settings.precision, frozen: settings.freeze, ...(options.threads && { threads: options.threads }) }), (it) => it.dispose());
    const begin = async (): Promise<Transfer | undefined> => {
      await initialise(session, settings.seed);
      await zeroVelocities(session, settings.freeze);
      return model && takeOver(session, model, model.labels.map(({ name }) => name).join('\n') !== dataset.classes.join('\n'));
    };
    const transfer = await begin();
    const record = before ?? (await newRecord(options, settings, engine.name, transfer));
    const checkpoint = new Checkpoint(folder, settings.freeze);
    const saved = before && (await checkpoint.read(session));
    const state = saved?.state ?? firstState(settings.epochs);
    const batchesOf = async (split: 'train' | 'val'): Promise<Batches> => {
      const augmentation = split === 'train' ? { augmentation: settings.augmentation } : {};
      return held.add(await openBatches(dataset, { split, batch, seed: settings.seed, ...inputs, ...augmentation, workers }), (it) => it.close());
    };
    return {
      folder,
      record,
      settings,
      dataset,
      network,
      inputs,
      workers,
      session,
      training: await batchesOf('train'),
      validation: samplesOf(dataset, 'val').length > 0 ? await batchesOf('val') : undefined,
      journal: await Journal.open(folder, state.step, (error) => tell({ kind: 'remark', text: `The log could not be written: ${reason(error)}. Training goes on.` })),
      checkpoint,
      guard: new Guard(dataset.classes.length),
      layerRates: Object.fromEntries((record.transfer?.taken ?? []).filter((layer) => !settings.freeze.includes(layer)).map((layer) => [layer, settings.oldRate])),
      budget: options.budget ?? record.budget,
      signal: options.signal,
      tell,
      begin,
      state,
      average: settings.average ? await WeightAverage.start(session, settings.average, saved?.average) : undefined,
      began: started - 1000 * state.seconds,
      unsaved: null,
      close: () => held.close(),
    };
  } catch (error) {
    await held.close();
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

/** Things to close, the last opened first. */
class Held {
  readonly #closers: (() => Promise<void>)[] = [];

  add<T>(thing: T, close: (thing: T) => Promise<void>): T {
    this.#closers.push(() => close(thing));
    return thing;
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).toReversed()) await close();
  }
}

function networkOf(settings: Settings, model: Model | undefined, classes: number): Network {
  const { variant } = settings;
  if (variant === null && model === undefined) throw new AlexNetError('Settings without a variant need a model to start from.');
  const network = variant === null ? networkFrom(model!.network, classes, settings.dropout) : networkFor({ ...settings, variant }, classes);
  checkFrozen(network, settings.freeze);
  return network;
}

/** A model's own preprocessing goes on to hold; only what chance needs is measured anew. */
function fromModel({ preprocessing, meanImage }: Model, { statistics }: Inputs): Inputs {
  return { preprocessing, ...(meanImage && { meanImage }), ...(statistics && { statistics }) };
}

function inputSize(network: Network): number {
  const [input] = network;
  return input?.type === 'input' ? input.shape[1] : 0;
}

function checkSameData({ data }: RunRecord, { provenance, classes }: Dataset): void {
  if (data.digest === provenance.digest) return;
  throw new AlexNetError(`The run was started on other data: ${data.root} with ${data.classes} classes, ${data.train} training and ${data.validation} validation pictures. Now ${provenance.root} has ${classes.length} classes, and its files or their split differ. Resume with the data as it was, or start a new run from the weights with --from.`);
}

async function newRecord({ folder, dataset, budget }: RunOptions, settings: Settings, engine: string, transfer: Transfer | undefined): Promise<RunRecord> {
  const { root, kind, digest } = dataset.provenance;
  const record: RunRecord = {
    alexnet: version,
    node: process.version,
    started: new Date().toISOString(),
    machine: { cores: availableParallelism(), system: `${process.platform} ${process.arch}` },
    engine,
    budget: budget ?? null,
    data: { root, kind, digest, classes: dataset.classes.length, train: samplesOf(dataset, 'train').length, validation: samplesOf(dataset, 'val').length },
    settings,
    transfer: transfer ?? null,
  };
  await writeRecord(folder, record);
  return record;
}

async function zeroVelocities(session: Session, frozen: readonly string[]): Promise<void> {
  for (const { name, size, layer } of session.parameters) {
    if (!frozen.includes(layer.name)) await session.setParameter(name, new Float32Array(size), 'velocity');
  }
}
