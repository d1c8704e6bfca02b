import { AlexNetError } from '../../errors.ts';
import { costs } from '../../network/costs.ts';
import type { Network } from '../../network/layer.ts';
import { volume } from '../../network/shapes.ts';
import { gigabytes } from '../../text.ts';

export interface MemoryNeed {
  /** Pictures in the engine at once. */
  readonly micro: number;
  /** Pictures in a step. */
  readonly batch: number;
  readonly averaged: boolean;
}

/** Batches that lie ready or are being used: see `BatchesOptions.prefetch`. */
const batchesHeld = 3;

/**
 * What training needs, roughly: the engine's buffers with a fifth on top for its own layouts and
 * scratch, the batches made ahead, the moving average, and one copy of the weights and velocities
 * while a checkpoint is written.
 */
export function memoryNeeded(network: Network, { micro, batch, averaged }: MemoryNeed): number {
  const { trainingBytes, weightsBytes, layers } = costs(network, micro);
  const images = 4 * batchesHeld * batch * volume(layers[0]!.output);
  return 1.2 * trainingBytes + images + 2 * weightsBytes + (averaged ? weightsBytes : 0);
}

/**
 * Memory for decoded pictures: a quarter of the machine's, or half of what training leaves free
 * where that is less.
 */
export function cacheLimit(
  needed: number,
  { available, total }: { readonly available: number; readonly total: number },
): number {
  return Math.min(total / 4, Math.max(0, available - needed) / 2);
}

/**
 * @returns the bytes needed. @throws {AlexNetError} when there are fewer, with the batch or
 * micro-batch that would do.
 */
export function checkMemory(network: Network, need: MemoryNeed, available: number): number {
  const needed = memoryNeeded(network, need);
  if (needed <= available) return needed;
  const lack =
    `Training with ${need.micro} pictures at once needs about ${gigabytes(needed)} of memory, ` +
    `and ${gigabytes(available)} are free.`;
  const fits = (micro: number, batch: number): boolean =>
    memoryNeeded(network, { ...need, micro, batch }) <= available;
  let micro = 2 ** Math.floor(Math.log2(Math.max(1, need.micro - 1)));
  for (; micro >= 1; micro /= 2) {
    if (fits(micro, need.batch))
      throw new AlexNetError(
        `${lack} It fits with microBatch ${micro}, which gives the same steps in pieces ` +
          `(--micro-batch ${micro}), or with --batch ${micro}.`,
      );
    if (fits(micro, micro)) throw new AlexNetError(`${lack} It fits with --batch ${micro}.`);
  }
  throw new AlexNetError(
    `${lack} Even one picture at a time is too much here: ` +
      'choose a smaller variant or width, or a machine with more memory.',
  );
}
