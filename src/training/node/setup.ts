import { openBatches } from '../../data/batches.ts';
import type { Batches } from '../../data/batches.ts';
import { samplesOf } from '../../data/dataset.ts';
import type { Dataset } from '../../data/dataset.ts';
import { openWorkers } from '#workers';
import type { DataWorkers } from '../../data/workers.ts';
import type { Engine, Session } from '../../engine/engine.ts';
import { initialise } from '../../engine/initialise.ts';
import { findEngine } from '../../engine/registry.ts';
import { AlexNetError, ensure } from '../../errors.ts';
import { readModel } from '../../model/node/model-file.ts';
import type { Model } from '../../model/model.ts';
import type { Network } from '../../network/layer.ts';
import type { TrainEvent } from '../core/events.ts';
import { inputsFor } from './inputs.ts';
import type { Inputs } from './inputs.ts';
import { cacheLimit, checkMemory } from '../core/memory.ts';
import { checkFrozen, networkFor, networkFrom } from '../core/network.ts';
import type { Settings } from '../core/settings.ts';
import { takeOver } from '../core/transfer.ts';
import type { Transfer } from '../core/transfer.ts';

/** What will be trained, with what: settled before a folder is made or a picture read. */
export interface Blueprint {
  readonly dataset: Dataset;
  readonly settings: Settings;
  readonly engine: Engine;
  /** The model that training starts from. */
  readonly model: Model | undefined;
  readonly network: Network;
  /** Pictures in a step: no more than there are. */
  readonly batch: number;
  /** Pictures in the engine at once. */
  readonly micro: number;
  /** What training takes, without decoded pictures. */
  readonly memoryBytes: number;
}

/**
 * @param from the model to start from. A run that is resumed has a model of its own, so that the
 * one it came from may be gone.
 * @throws {AlexNetError} where network, data and memory do not go together.
 */
export async function blueprintOf(
  dataset: Dataset,
  settings: Settings,
  engineName: string,
  from = settings.from,
): Promise<Blueprint> {
  const engine = await findEngine(engineName);
  const model = settings.from === null || from === null ? undefined : await readModel(from);
  const network = networkOf(settings, model, dataset.classes.length);
  const pictures = samplesOf(dataset, 'train').length;
  ensure(pictures > 0, `There are no training pictures in ${dataset.provenance.root}.`);
  const batch = Math.min(settings.batch, pictures);
  const micro = Math.min(settings.microBatch ?? batch, batch);
  const memoryBytes = checkMemory(network, { micro, batch, averaged: settings.average !== null });
  return { dataset, settings, engine, model, network, batch, micro, memoryBytes };
}

export interface SetupOptions {
  /** Where decoded pictures go that do not fit into memory. */
  readonly folder: string;
  readonly threads: number | undefined;
  /** Bytes of memory for decoded pictures; undefined: {@link cacheLimit}. */
  readonly cacheBytes: number | undefined;
  readonly tell: (event: TrainEvent) => void;
}

/** Everything that learns, opened. */
export interface Setup {
  readonly dataset: Dataset;
  readonly settings: Settings;
  readonly network: Network;
  readonly inputs: Inputs;
  readonly workers: DataWorkers;
  readonly session: Session;
  readonly training: Batches;
  /** Undefined where nothing was held out. */
  readonly validation: Batches | undefined;
  /** Sets weights and velocities to where training begins. */
  readonly begin: () => Promise<Transfer | undefined>;
  close(): Promise<void>;
}

export async function openSetup(
  { dataset, settings, engine, model, network, batch, micro, memoryBytes }: Blueprint,
  { folder, threads, cacheBytes = cacheLimit(memoryBytes), tell }: SetupOptions,
): Promise<Setup> {
  const held = new Held();
  try {
    const onThreads = threads === undefined ? {} : { threads };
    const workers = held.add(
      await openWorkers({
        ...onThreads,
        cacheDirectory: folder,
        cacheBytes,
        onRemark: (text) => tell({ kind: 'remark', text }),
      }),
      (it) => it.close(),
    );
    const inputs =
      model && settings.variant === null
        ? fromModel(model, await inputsFor(settings, model.preprocessing.crop, dataset, workers))
        : await inputsFor(settings, inputSize(network), dataset, workers);
    const session = held.add(
      await engine.prepare(network, {
        batch: micro,
        mode: 'training',
        precision: settings.precision,
        frozen: settings.freeze,
        ...onThreads,
      }),
      (it) => it.dispose(),
    );
    const batchesOf = async (split: 'train' | 'val'): Promise<Batches> => {
      const augmentation = split === 'train' ? { augmentation: settings.augmentation } : {};
      return held.add(
        await openBatches(dataset, {
          split,
          batch,
          seed: settings.seed,
          ...inputs,
          ...augmentation,
          workers,
        }),
        (it) => it.close(),
      );
    };
    return {
      dataset,
      settings,
      network,
      inputs,
      workers,
      session,
      training: await batchesOf('train'),
      validation: samplesOf(dataset, 'val').length > 0 ? await batchesOf('val') : undefined,
      begin: async () => {
        await initialise(session, settings.seed);
        await zeroVelocities(session, settings.freeze);
        return (
          model &&
          takeOver(
            session,
            model,
            model.labels.map(({ name }) => name).join('\n') !== dataset.classes.join('\n'),
          )
        );
      },
      close: () => held.close(),
    };
  } catch (error) {
    await held.close();
    throw error;
  }
}

/** Factors on the learning rate of layers that were taken over. */
export function layerRates(
  transfer: Transfer | null | undefined,
  { freeze, oldRate }: Settings,
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    (transfer?.taken ?? [])
      .filter((layer) => !freeze.includes(layer))
      .map((layer) => [layer, oldRate]),
  );
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
  if (variant === null && model === undefined)
    throw new AlexNetError('Settings without a variant need a model to start from.');
  const network =
    variant === null
      ? networkFrom(model!.network, classes, settings.dropout)
      : networkFor({ ...settings, variant }, classes);
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

async function zeroVelocities(session: Session, frozen: readonly string[]): Promise<void> {
  for (const { name, size, layer } of session.parameters) {
    if (!frozen.includes(layer.name))
      await session.setParameter(name, new Float32Array(size), 'velocity');
  }
}
