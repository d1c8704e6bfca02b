import { AlexNetError } from '../../errors.ts';
import { f32Weights } from '../../model/weights.ts';
import { weightsOf } from './average.ts';
import { elapsed, frameOf } from './job.ts';
import type { Job } from './job.ts';
import { checkpointOf } from './progress.ts';
import type { Progress } from './progress.ts';
import type { ParameterValues } from './run-store.ts';

/**
 * What came of saving:
 *
 * - `saved`;
 * - `kept`: it could not be written, which was told, and the one before stays;
 * - `diverged`: the weights hold a number that is not finite, nothing worth saving.
 */
export type Saved =
  { readonly outcome: 'saved' | 'kept' } | { readonly outcome: 'diverged'; readonly why: string };

/** Writes a checkpoint. */
export async function save(job: Job, progress: Progress): Promise<Saved> {
  progress.savedAt = job.clock();
  progress.state.seconds = elapsed(job);
  const weights = await weightsOf(progress.session);
  const why = firstNotFinite(weights);
  if (why !== undefined) return { outcome: 'diverged', why };
  const checkpoint = await checkpointOf(job, progress, weights);
  return written(job, progress, () => job.store.writeCheckpoint(checkpoint));
}

/** Writes the best model: the average of the weights where there is one. */
export async function saveBest(job: Job, progress: Progress): Promise<Saved> {
  const values = progress.average?.values ?? (await weightsOf(progress.session));
  const model = { ...frameOf(job, progress.state), weights: f32Weights(values) };
  return written(job, progress, () => job.store.keepBest(model));
}

/** A full disk costs the file, not the run. */
async function written(job: Job, progress: Progress, write: () => Promise<void>): Promise<Saved> {
  try {
    await write();
    progress.unsaved = null;
    return { outcome: 'saved' };
  } catch (error) {
    if (!(error instanceof AlexNetError)) throw error;
    progress.unsaved = error.message;
    const text =
      `${error.message} What was there before is kept, training goes on, ` +
      'and the next checkpoint tries again.';
    job.tell({ kind: 'remark', text });
    return { outcome: 'kept' };
  }
}

function firstNotFinite(weights: ParameterValues): string | undefined {
  for (const [name, values] of weights) {
    for (let i = 0; i < values.length; i++) {
      if (!Number.isFinite(values[i])) return `${name} holds ${values[i]} at place ${i}`;
    }
  }
  return undefined;
}
