import { elapsed } from './job.ts';
import type { Job } from './job.ts';
import type { Progress } from './progress.ts';

/**
 * What clock and signal say about the next step:
 *
 * - `step`: do it;
 * - `save`: write a checkpoint, then do it;
 * - `endEpoch`: the time is up, leave the rest of the epoch;
 * - `interrupt`: save and stop.
 */
export type Decision = 'step' | 'save' | 'endEpoch' | 'interrupt';

/**
 * Asked once before each step. A value, so that where several processes train together one can
 * decide for all: their clocks differ.
 */
export function decide(
  job: Pick<Job, 'blueprint' | 'budget' | 'began' | 'clock' | 'signal'>,
  { state, savedAt }: Pick<Progress, 'state' | 'savedAt'>,
): Decision {
  if (job.signal?.aborted) return 'interrupt';
  const timeIsUp = job.budget !== null && elapsed(job) >= job.budget;
  if (timeIsUp && state.batch > 0) return 'endEpoch';
  const checkpointMilliseconds = 60_000 * job.blueprint.settings.checkpointMinutes;
  return job.clock() - savedAt >= checkpointMilliseconds ? 'save' : 'step';
}
