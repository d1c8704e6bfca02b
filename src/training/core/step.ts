import type { Batch } from '../../data/batches.ts';
import type { Session, StepResult, UpdateOptions } from '../../engine/engine.ts';
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
 * One step of gradient descent on a batch. A batch larger than the session's passes through in
 * pieces whose gradients are summed: the same step, but for the order of sums.
 * @returns the loss of the whole batch; not finite where loss or gradient overflowed, and then
 * nothing was updated.
 */
export async function trainStep(
  session: Session,
  batch: Batch,
  { settings, step, learningRate, layerRates }: StepOptions,
): Promise<StepResult> {
  const { seed, momentum, weightDecay, labelSmoothing, clip } = settings;
  const update: UpdateOptions = { learningRate, momentum, weightDecay, layerRates };
  if (batch.size <= session.batch && clip === null) {
    return session.step(batch.images, batch.labels, {
      draw: { seed, step },
      labelSmoothing,
      ...update,
    });
  }
  const result = await gradients(session, batch, { seed, step }, labelSmoothing);
  const norm = clip === null ? 0 : await session.gradientNorm();
  if (!Number.isFinite(result.loss) || !Number.isFinite(norm)) return { ...result, loss: NaN };
  await session.update({ ...update, gradientScale: clip === null ? 1 : Math.min(1, clip / norm) });
  return result;
}

async function gradients(
  session: Session,
  { images, labels, size }: Batch,
  draw: { readonly seed: number; readonly step: number },
  labelSmoothing: number,
): Promise<StepResult> {
  const volume = images.length / size;
  const total = { loss: 0, images: 0, correct: 0, correct5: 0 };
  for (let from = 0; from < size; from += session.batch) {
    const to = Math.min(size, from + session.batch);
    const options = {
      draw: { ...draw, firstImage: from },
      labelSmoothing,
      accumulate: from > 0,
      divisor: size,
    };
    const part = await session.gradients(
      images.subarray(from * volume, to * volume),
      labels.subarray(from, to),
      options,
    );
    total.loss += (part.loss * part.images) / size;
    total.images += part.images;
    total.correct += part.correct;
    total.correct5 += part.correct5;
  }
  return total;
}

/**
 * Tells a loss that has run away: not finite, or for five steps on end more than ten times that of
 * guessing.
 */
export class Guard {
  readonly #limit: number;
  #above = 0;

  constructor(classes: number) {
    this.#limit = 10 * Math.max(1, Math.log(classes));
  }

  exploded(loss: number): boolean {
    this.#above = loss > this.#limit ? this.#above + 1 : 0;
    return !Number.isFinite(loss) || this.#above >= 5;
  }

  reset(): void {
    this.#above = 0;
  }
}
