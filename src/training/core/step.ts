import type { Batch } from '../../data/batches.ts';
import type { Session, StepResult } from '../../engine/engine.ts';
import type { Settings } from './settings.ts';

export interface StepOptions {
  readonly settings: Pick<
    Settings,
    'seed' | 'momentum' | 'weightDecay' | 'labelSmoothing' | 'clip'
  >;
  readonly step: number;
  readonly learningRate: number;
  readonly layerRates: Readonly<Record<string, number>>;
}

/**
 * One step of gradient descent on a batch: gradients, their norm, update. A batch larger than the
 * session's passes through in pieces whose gradients are summed: the same step, but for the order
 * of sums.
 * @returns the loss of the whole batch; not finite where loss or gradient overflowed, and then
 * nothing was updated.
 */
export async function trainStep(
  session: Session,
  batch: Batch,
  { settings, step, learningRate, layerRates }: StepOptions,
): Promise<StepResult> {
  const { momentum, weightDecay, clip } = settings;
  const result = await gradients(session, batch, step, settings);
  if (!Number.isFinite(result.loss)) return result;

  // Summing all gradients takes a while, so it is left out where nothing asks for it.
  const norm = clip === null ? undefined : await session.gradientNorm();
  if (norm !== undefined && !Number.isFinite(norm)) return { ...result, loss: NaN };

  const gradientScale = norm === undefined ? 1 : Math.min(1, clip! / norm);
  await session.update({ learningRate, momentum, weightDecay, layerRates, gradientScale });
  return result;
}

/** The gradients of the mean loss over the batch, left in the session. */
async function gradients(
  session: Session,
  { images, labels, size }: Batch,
  step: number,
  { seed, labelSmoothing }: StepOptions['settings'],
): Promise<StepResult> {
  const volume = images.length / size;
  const total = { loss: 0, images: 0, correct: 0, correct5: 0 };
  for (let first = 0; first < size; first += session.batch) {
    const end = Math.min(size, first + session.batch);
    const part = await session.gradients(
      images.subarray(first * volume, end * volume),
      labels.subarray(first, end),
      {
        draw: { seed, step, firstImage: first },
        labelSmoothing,
        accumulate: first > 0,
        divisor: size,
      },
    );
    total.loss += (part.loss * part.images) / size;
    total.images += part.images;
    total.correct += part.correct;
    total.correct5 += part.correct5;
  }
  return total;
}
