import { memory } from '#platform';
import { openBatchSource } from '../../data/batch-source.ts';
import { samplesOf } from '../../data/dataset.ts';
import type { Dataset } from '../../data/dataset.ts';
import { ensure } from '../../errors.ts';
import { importWeights } from '../../model/import.ts';
import type { Model } from '../../model/model.ts';
import { blueprintOf } from '../core/blueprint.ts';
import type { Blueprint } from '../core/blueprint.ts';
import type { TrainEvent } from '../core/events.ts';
import { cacheLimit } from '../core/memory.ts';
import { openPictures } from '../core/pictures.ts';
import type { Pictures } from '../core/pictures.ts';
import type { Settings } from '../core/settings.ts';

/**
 * What settings make of a dataset.
 * @param tell gets what had to be guessed of weights that say less than a model of ours.
 * @param from the weights to start from, of any kind that is read. A run that is resumed has a
 * model of its own, so that the one it came from may be gone.
 * @throws {AlexNetError} where network, data and memory do not go together.
 */
export async function blueprintFor(
  dataset: Dataset,
  settings: Settings,
  tell: (event: TrainEvent) => void,
  from = settings.from,
): Promise<Blueprint> {
  const pictures = samplesOf(dataset, 'train').length;
  ensure(pictures > 0, `There are no training pictures in ${dataset.provenance.root}.`);
  return blueprintOf({
    settings,
    classes: dataset.classes,
    pictures,
    model: settings.from === null || from === null ? undefined : await modelFrom(from, tell),
    memoryAvailable: memory().available,
  });
}

/** Labels that are not in the file do no harm: the classes are the data's. */
async function modelFrom(path: string, tell: (event: TrainEvent) => void): Promise<Model> {
  const { model, guesses, warnings } = await importWeights(path);
  const texts = guesses.filter(({ about }) => about !== 'labels').map(({ text }) => text);
  for (const text of [...texts, ...warnings]) {
    const hint =
      'To say it otherwise, make a model of it first: alexnet convert IN OUT.safetensors';
    tell({ kind: 'remark', text: `${path}: ${text} ${hint}` });
  }
  return model;
}

export interface PicturesOptions {
  /** Where decoded pictures go that do not fit into memory. */
  readonly folder: string;
  readonly threads: number | undefined;
  /** Bytes of memory for decoded pictures; undefined: {@link cacheLimit}. */
  readonly cacheBytes: number | undefined;
  readonly maximumPixels: number | undefined;
  readonly tell: (event: TrainEvent) => void;
}

/** A dataset's pictures, with workers of their own that end with them. */
export async function openPicturesOf(
  dataset: Dataset,
  blueprint: Blueprint,
  { folder, threads, cacheBytes, maximumPixels, tell }: PicturesOptions,
): Promise<Pictures> {
  const source = await openBatchSource(dataset, {
    cacheDirectory: folder,
    cacheBytes: cacheBytes ?? cacheLimit(blueprint.memoryBytes, memory()),
    onRemark: (text) => tell({ kind: 'remark', text }),
    ...(threads !== undefined && { threads }),
    ...(maximumPixels !== undefined && { maximumPixels }),
  });
  try {
    const pictures = await openPictures(source, blueprint);
    const close = async (): Promise<void> => {
      await pictures.close();
      await source.close();
    };
    return { ...pictures, close };
  } catch (error) {
    await source.close();
    throw error;
  }
}
