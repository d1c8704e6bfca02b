import { openWorkers } from '#workers';
import { openBatches } from './batches.ts';
import type { Batches, BatchesOptions } from './batches.ts';
import type { Dataset } from './dataset.ts';
import { measureColours } from './measure.ts';
import type { Measured, MeasureOptions } from './measure.ts';
import type { WorkersOptions } from './workers.ts';

/** All that training asks of its pictures, whatever they lie in and whoever reads them. */
export interface BatchSource {
  readonly dataset: Dataset;
  /** One split as batches. Close them before the source. */
  batches(options: Omit<BatchesOptions, 'workers'>): Promise<Batches>;
  measureColours(options: Omit<MeasureOptions, 'workers'>): Promise<Measured>;
  close(): Promise<void>;
}

/**
 * A dataset with workers of its own: worker threads on Node, Web Workers or the page itself in a
 * page. The same pixels give the same batches, bit for bit.
 */
export async function openBatchSource(
  dataset: Dataset,
  options: WorkersOptions = {},
): Promise<BatchSource> {
  const workers = await openWorkers(options);
  return {
    dataset,
    batches: (wanted) => openBatches(dataset, { ...wanted, workers }),
    measureColours: (wanted) => measureColours(dataset, { ...wanted, workers }),
    close: () => workers.close(),
  };
}
