import { ensure } from '../errors.ts';
import type { Reading } from '../images/preprocessing.ts';
import { samplesOf } from './dataset.ts';
import type { Dataset, Split } from './dataset.ts';
import { addSums, colourStatistics, emptySums } from './statistics.ts';
import type { ColourStatistics } from './statistics.ts';
import { inParts } from './in-parts.ts';
import { openWorkers } from '#workers';
import type { DataWorkers } from './workers.ts';

export interface MeasureOptions extends Reading {
  /** Default `train`. */
  readonly split?: Split;
  /** Whether a mean image is wanted. */
  readonly meanImage?: boolean;
  /** Pictures read here are kept there, so that the first epoch need not decode them. */
  readonly workers?: DataWorkers;
}

export interface Measured {
  readonly statistics: ColourStatistics;
  /** `[3, size, size]`, RGB, 0 to 255: the mean of all central squares. */
  readonly meanImage?: Float32Array;
}

/**
 * Mean, deviation and principal components of a split's colours, over the central squares of all
 * pictures that can be read. The sums are of whole numbers, so the result is the same bits for any
 * number of workers.
 */
export async function measureColours(dataset: Dataset, options: MeasureOptions): Promise<Measured> {
  const { resize, split = 'train' } = options;
  const workers = options.workers ?? (await openWorkers({ cacheDirectory: null, cacheBytes: 0 }));
  try {
    const store = workers.store(dataset, options);
    const indices = samplesOf(dataset, split);
    const sums = emptySums(options.meanImage ? resize.size : undefined);
    const work = { do: 'measure', imageSize: options.meanImage ? resize.size : undefined } as const;
    const readable = indices.filter((index) => !store.failed(index));
    for await (const done of inParts(workers, store, readable, work)) addSums(sums, done.sums!);
    store.refuseTooMany(indices);
    ensure(
      sums.pictures > 0,
      () => `The dataset ${dataset.provenance.root} has no pictures for ${split}.`,
    );
    return {
      statistics: colourStatistics(sums),
      ...(sums.image && { meanImage: Float32Array.from(sums.image, (sum) => sum / sums.pictures) }),
    };
  } finally {
    if (!options.workers) await workers.close();
  }
}
