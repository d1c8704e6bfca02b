import type { Batch } from '../../data/batches.ts';
import type { Session, StepResult } from '../../engine/engine.ts';
import type { Settings } from './settings.ts';

export interface StepOptions {
  readonly settings: Pick<
    Settings,
    'seed' | 'momentum' | 'momentumForm' | 'weightDecay' | 'labelSmoothing' | 'clip'
  >;
  readonly step: number;
  readonly learningRate: number;
  /** Of the step before; undefined before the first. */
  readonly rateBefore?: number | undefined;
  readonly layerRates: Readonly<Record<string, number>>;
  /** A factor on the learning rate of all biases. Default 1. */
  readonly biasRate?: number;
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
  options: StepOptions,
): Promise<StepResult> {
  const { settings, step, learningRate, layerRates, biasRate = 1 } = options;
  const { weightDecay, clip } = settings;
  const result = await gradients(session, batch, step, settings);
  if (!Number.isFinite(result.loss)) return result;

  // Summing all gradients takes a while, so it is left out where nothing asks for it.
  const norm = clip === null ? undefined : await session.gradientNorm();
  if (norm !== undefined && !Number.isFinite(norm)) return { ...result, loss: NaN };

  const gradientScale = norm === undefined ? 1 : Math.min(1, clip! / norm);
  const momentum = momentumOf(options);
  await session.update({
    learningRate,
    momentum,
    weightDecay,
    layerRates,
    gradientScale,
    biasRate,
  });
  return result;
}

/**
 * PyTorch's velocity V is ours divided by ε: v = ε V. So where ε changes, what is left of v changes
 * with it, and v ← μ (ε/ε_before) v − … is V ← μ V − … to the last digit but the rounding.
 */
function momentumOf({
  settings: { momentum, momentumForm },
  learningRate,
  rateBefore,
}: StepOptions): number {
  return momentumForm === 'outside' && rateBefore
    ? momentum * (learningRate / rateBefore)
    : momentum;
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
