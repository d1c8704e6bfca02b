import { AlexNetError } from '../../errors.ts';
import type { DeviceLost } from '../../errors.ts';
import type { Job } from './job.ts';
import { restore } from './progress.ts';
import type { Progress } from './progress.ts';
import { save } from './save.ts';
import type { Settings } from './settings.ts';

const maximumRollbacks = 3;

/**
 * Back to the last checkpoint (or the start) with half the learning rate.
 * @throws {AlexNetError} where that did not help several times.
 */
export async function rollBack(job: Job, progress: Progress, why: string): Promise<void> {
  const { rollbacks, rateFactor, step, epoch } = progress.state;
  const { settings } = job.blueprint;
  const advice = settings.from !== null && epoch === 0 ? fineTuningAdvice(settings) : '';
  if (rollbacks >= maximumRollbacks) {
    const tried = job.blueprint.settings.learningRate * rateFactor;
    const lower = Number((tried * 0.1).toPrecision(2));
    throw new AlexNetError(
      `Training does not hold: at step ${step} ${why}, and going back with half the learning ` +
        `rate did not help ${maximumRollbacks} times. ` +
        `Start again with a lower learning rate (--lr ${lower}).${advice}`,
    );
  }
  const { state } = await goBack(job, progress);
  state.rollbacks = rollbacks + 1;
  state.rateFactor = rateFactor / 2;
  const now = `step ${state.step} with ${state.rateFactor}`;
  await remark(
    job,
    progress,
    `At step ${step} ${why}: back to ${now} of the learning rate.${rollbacks === 0 ? advice : ''}`,
  );
  await save(job, progress);
}

function fineTuningAdvice({ from, learningRate, oldRate }: Settings): string {
  return (
    ` Fine-tuning diverged at once: the rate is too high for what was learned in ${from}. ` +
    `Lower --lr (now ${learningRate}) for all layers, or --old-rate (now ${oldRate}), the factor ` +
    'on it for the layers that were taken over.'
  );
}

/** So often may a device be lost before training has come further than ever before. */
const maximumLosses = 3;

/**
 * A new session in the place of one whose device was lost, at the last checkpoint (or the start):
 * the run goes on to the same bits as if nothing had been.
 * @throws {DeviceLost} where it is lost again and again.
 */
export async function replaceSession(
  job: Job,
  progress: Progress,
  lost: DeviceLost,
): Promise<void> {
  const { step } = progress.state;
  const { losses } = progress;
  const count = step > losses.step ? 1 : losses.count + 1;
  if (count > maximumLosses) throw lost;
  progress.losses = { step: Math.max(step, losses.step), count };
  await progress.session.dispose().catch(() => undefined);
  progress.session = await job.prepare();
  const { state } = await goBack(job, progress);
  const where = `At step ${step} the device was lost: back to step ${state.step}`;
  await remark(job, progress, `${where} with a new session. ${lost.message}`);
}

/** Sets the session, the state and the journal to the last checkpoint, or to the start. */
async function goBack(job: Job, progress: Progress): Promise<Progress> {
  const { rollbacks, rateFactor, epochs } = progress.state;
  const { state, average } = await restore(progress.session, job, epochs);
  progress.state = { ...state, rollbacks, rateFactor };
  progress.average = average;
  progress.guard.reset();
  await job.store.rewind(progress.state);
  return progress;
}

async function remark(job: Job, { state }: Progress, text: string): Promise<void> {
  job.tell({ kind: 'remark', text });
  await job.store.addEntry({ kind: 'remark', step: state.step, text });
}
