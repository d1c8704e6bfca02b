import { openBatches } from '../../data/batches.ts';
import { samplesOf } from '../../data/dataset.ts';
import type { Dataset, Split } from '../../data/dataset.ts';
import { openDataset } from '../../data/node/open.ts';
import { openWorkers } from '#workers';
import { ensure } from '../../errors.ts';
import { relabelled } from '../../inference/labels.ts';
import type { Model } from '../../model/model.ts';

/** Pictures by what they decide: none decides twice. */
export interface ShrinkPictures {
  /** Training pictures: what the numbers of each layer are. */
  readonly calibration: Dataset;
  /** More of them: in which directions they lie. */
  readonly samples: Dataset;
  /** A few of the validation pictures, to ask each layer alone. */
  readonly sensitivity: Dataset;
  /** Pictures held out: what is chosen. */
  readonly validation: Dataset;
  /** Pictures that had no say: the table at the end. */
  readonly test: Dataset;
  readonly testSplit: Split;
  /** All of it, as it was opened. */
  readonly all: Dataset;
}

const most = { calibration: 128, samples: 1024, sensitivity: 64, validation: 1000 } as const;

/** Which pictures are held out where there is no val folder. */
export interface HeldOut {
  readonly fraction: number;
  readonly seed: number;
}

/**
 * @param held that of the training, so that the pictures it held out are those that choose.
 */
export async function openShrinkPictures(
  data: string,
  { fraction, seed }: HeldOut,
  depth: number | undefined,
): Promise<ShrinkPictures> {
  const all = await openDataset(data, {
    holdOut: fraction,
    seed,
    ...(depth !== undefined && { depth }),
  });
  const has = (split: Split): boolean => samplesOf(all, split).length > 0;
  ensure(
    has('train'),
    `There are no training pictures in ${all.provenance.root}, and the numbers inside the ` +
      'network are measured on those. Expected one folder of pictures per class, or train/ and test/.',
  );
  ensure(
    has('val'),
    `There are too few training pictures in ${all.provenance.root} to hold some out for ` +
      'choosing. Add pictures, or a val folder.',
  );
  const validation = some(all, 'val', most.validation);
  const testSplit = has('test') ? 'test' : 'val';
  return {
    all,
    calibration: some(all, 'train', most.calibration),
    samples: some(all, 'train', most.samples),
    validation,
    sensitivity: some(all, 'val', most.sensitivity),
    test: has('test') ? all : validation,
    testSplit,
  };
}

/** At most so many pictures of a split, evenly from all classes. */
function some(dataset: Dataset, split: Split, count: number): Dataset {
  const own = samplesOf(dataset, split);
  const step = Math.max(1, own.length / count);
  const chosen = new Set(
    Array.from({ length: Math.min(count, own.length) }, (_, i) => own[Math.floor(i * step)]!),
  );
  return { ...dataset, samples: dataset.samples.filter((_, i) => chosen.has(i)) };
}

/** Preprocessed pictures of a split, `batch` at a time. */
export async function* imagesOf(
  dataset: Dataset,
  split: Split,
  { labels, preprocessing, meanImage }: Model,
  batch: number,
  threads: number | undefined,
): AsyncGenerator<Float32Array> {
  const workers = await openWorkers({
    cacheBytes: 0,
    cacheDirectory: null,
    ...(threads !== undefined && { threads }),
  });
  try {
    const batches = await openBatches(relabelled(dataset, labels), {
      split,
      batch,
      preprocessing,
      workers,
      maximumFailures: 1,
      ...(meanImage && { meanImage }),
    });
    for await (const { images } of batches.epoch(0)) yield images;
  } finally {
    await workers.close();
  }
}
