import { openBatches } from '../../data/batches.ts';
import type { Dataset } from '../../data/dataset.ts';
import { imageFolder } from '../../data/node/folder.ts';
import { finishDataset } from '../../data/split.ts';
import { filesBelow } from '../../data/node/walk.ts';
import { openWorkers } from '#workers';
import { AlexNetError, ensure } from '../../errors.ts';
import { isPictureFile } from '../../images/node/is-picture.ts';
import { untilStopped } from '../work.ts';
import type { Work } from '../work.ts';
import type { Opened } from './open.ts';

/**
 * All photographs below a folder: with its classes where it has folders of them, else as they lie.
 */
export async function photographsIn(folder: string): Promise<Dataset> {
  const files = await filesBelow(folder).catch((error: unknown) => {
    throw new AlexNetError(
      `${folder} cannot be opened as a folder of photographs ` +
        `(${error instanceof Error ? error.message : String(error)}).`,
    );
  });
  const wanted = await Promise.all(files.map(({ path }) => isPictureFile(path)));
  const pictures = files.filter((_, i) => wanted[i]);
  ensure(
    pictures.length > 0,
    () =>
      `${folder} has no photographs in it. Expected JPEG, PNG, WebP, GIF, AVIF or TIFF files, ` +
      'in folders or not.',
  );
  if (pictures.every(({ name }) => name.includes('/'))) return imageFolder(folder, { as: 'test' });
  const samples = pictures.map(({ path, name }) => ({
    source: { path },
    name,
    label: 0,
    split: 'test' as const,
  }));
  return finishDataset(
    { classes: ['photographs'], samples, remarks: [], kind: 'folder', root: folder },
    {},
  );
}

/**
 * What `eachPhotograph` gives: a batch, and which of `dataset.samples` its pictures are. Valid
 * during the call.
 */
export interface Looked {
  readonly images: Float32Array;
  readonly probabilities: Float32Array;
  readonly indices: Int32Array;
  readonly count: number;
}

/**
 * Every photograph through the network, once, in order, decoded ahead by threads of their own while
 * the engine works.
 * @returns how many could not be read, with the first reason.
 */
export async function eachPhotograph(
  { session, model, maximumPixels }: Pick<Opened, 'session' | 'model' | 'maximumPixels'>,
  dataset: Dataset,
  { progress, signal }: Work,
  use: (looked: Looked) => Promise<void> | void,
): Promise<string[]> {
  const workers = await openWorkers({
    cacheBytes: 2 ** 26,
    cacheDirectory: null,
    ...(maximumPixels !== undefined && { maximumPixels }),
  });
  try {
    const batches = await openBatches(dataset, {
      split: 'test',
      batch: session.batch,
      preprocessing: model.preprocessing,
      workers,
      ...(model.meanImage && { meanImage: model.meanImage }),
    });
    let done = 0;
    try {
      const epoch = batches.epoch(0)[Symbol.asyncIterator]();
      for (;;) {
        const next = await untilStopped(epoch.next(), signal);
        if (next.done === true) break;
        const { images, size, indices } = next.value;
        const probabilities = await untilStopped(session.forward(images), signal);
        await use({ images, indices, count: size, probabilities });
        done += size;
        progress?.(done, dataset.samples.length);
      }
      return batches.failures.map(({ name, detail }) => `${name}: ${detail}`);
    } finally {
      await batches.close();
    }
  } finally {
    await workers.close();
  }
}

/** The part of a dataset whose samples are `indices`, in that order. */
export function only(dataset: Dataset, indices: readonly number[]): Dataset {
  return { ...dataset, samples: indices.map((index) => dataset.samples[index]!) };
}
