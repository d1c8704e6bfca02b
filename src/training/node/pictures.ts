import { memory } from '#platform';
import { openBatches } from '../../data/batches.ts';
import type { Batches } from '../../data/batches.ts';
import { samplesOf } from '../../data/dataset.ts';
import type { Dataset, Split } from '../../data/dataset.ts';
import { measureColours } from '../../data/measure.ts';
import { openWorkers } from '../../data/node/workers.ts';
import { ensure } from '../../errors.ts';
import { readModel } from '../../model/node/model-file.ts';
import { blueprintOf } from '../core/blueprint.ts';
import type { Blueprint } from '../core/blueprint.ts';
import type { TrainEvent } from '../core/events.ts';
import { inputsFor } from '../core/inputs.ts';
import type { Inputs } from '../core/inputs.ts';
import { cacheLimit } from '../core/memory.ts';
import type { Settings } from '../core/settings.ts';

/**
 * What settings make of a dataset.
 * @param from the model to start from. A run that is resumed has a model of its own, so that the
 * one it came from may be gone.
 * @throws {AlexNetError} where network, data and memory do not go together.
 */
export async function blueprintFor(
  dataset: Dataset,
  settings: Settings,
  from = settings.from,
): Promise<Blueprint> {
  const pictures = samplesOf(dataset, 'train').length;
  ensure(pictures > 0, `There are no training pictures in ${dataset.provenance.root}.`);
  return blueprintOf({
    settings,
    classes: dataset.classes,
    pictures,
    model: settings.from === null || from === null ? undefined : await readModel(from),
    memoryAvailable: memory().available,
  });
}

export interface PicturesOptions {
  /** Where decoded pictures go that do not fit into memory. */
  readonly folder: string;
  readonly threads: number | undefined;
  /** Bytes of memory for decoded pictures; undefined: {@link cacheLimit}. */
  readonly cacheBytes: number | undefined;
  readonly tell: (event: TrainEvent) => void;
}

/** A dataset's pictures, ready to be trained on. */
export interface Pictures {
  readonly inputs: Inputs;
  readonly training: Batches;
  /** Undefined where nothing was held out. */
  readonly validation: Batches | undefined;
  /** Undefined where there are none. */
  readonly test: (() => Promise<Batches>) | undefined;
  close(): Promise<void>;
}

export async function openPictures(
  dataset: Dataset,
  blueprint: Blueprint,
  { folder, threads, cacheBytes, tell }: PicturesOptions,
): Promise<Pictures> {
  const { settings, batch, memoryBytes } = blueprint;
  const workers = await openWorkers({
    cacheDirectory: folder,
    cacheBytes: cacheBytes ?? cacheLimit(memoryBytes, memory()),
    onRemark: (text) => tell({ kind: 'remark', text }),
    ...(threads !== undefined && { threads }),
  });
  const opened: Batches[] = [];
  const close = async (): Promise<void> => {
    for (const batches of opened.splice(0).toReversed()) await batches.close();
    await workers.close();
  };
  try {
    const inputs = await inputsFor(blueprint, (resize, meanImage) =>
      measureColours(dataset, { resize, workers, meanImage }),
    );
    const open = async (
      split: Split,
      more: Partial<Parameters<typeof openBatches>[1]>,
    ): Promise<Batches> => {
      const batches = await openBatches(dataset, { split, batch, ...inputs, workers, ...more });
      opened.push(batches);
      return batches;
    };
    const has = (split: Split): boolean => samplesOf(dataset, split).length > 0;
    const { seed, augmentation } = settings;
    return {
      inputs,
      training: await open('train', { seed, augmentation }),
      validation: has('val') ? await open('val', { seed }) : undefined,
      test: has('test')
        ? () => open('test', { batch: settings.batch, mostFailures: 1 })
        : undefined,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
