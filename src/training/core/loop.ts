import type { Batch } from '../../data/batches.ts';
import type { StepResult } from '../../engine/engine.ts';
import { AlexNetError, DeviceLost } from '../../errors.ts';
import { evaluateBatches } from '../../inference/evaluation.ts';
import type { Evaluation } from '../../inference/evaluation.ts';
import { decide } from './decision.ts';
import type { EpochEntry } from './entries.ts';
import { replan } from './estimate.ts';
import { Interrupted } from './interrupted.ts';
import { elapsed } from './job.ts';
import type { Job } from './job.ts';
import { Meter } from './meter.ts';
import type { Progress } from './progress.ts';
import { replaceSession, rollBack } from './recover.ts';
import { save, saveBest } from './save.ts';
import { biasRate, learningRate, nextPlateau, plateauEnded } from './schedule.ts';
import type { Progress as Place } from './schedule.ts';
import { isBetter, noSums } from './state.ts';
import type { State } from './state.ts';
import { trainStep } from './step.ts';
import { counted } from '../../text.ts';

/**
 * Trains until the run is finished.
 * @throws {Interrupted} when the signal is aborted: the run is saved.
 * @throws {AlexNetError} for a loss that explodes, or a device that is lost, again and again.
 */
export async function trainToTheEnd(job: Job, progress: Progress): Promise<void> {
  while (progress.state.finished === null) {
    try {
      const trouble = await trainEpoch(job, progress);
      if (trouble !== null) await rollBack(job, progress, trouble);
    } catch (error) {
      if (!(error instanceof DeviceLost)) throw error;
      await replaceSession(job, progress, error);
    }
  }
}

/** Why training has to go back to its last checkpoint; null where it need not. */
type Trouble = string | null;

/** What is left of an epoch, step by step. */
async function trainEpoch(job: Job, progress: Progress): Promise<Trouble> {
  const { session, state, average, guard } = progress;
  const { settings } = job.blueprint;
  const meter = new Meter(job, state);
  for await (const batch of job.training.epoch(state.epoch, state.batch)) {
    const decision = decide(job, progress);
    // Awaited here: leaving the loop waits for the batches, and would not see it reject meanwhile.
    if (decision === 'interrupt') return await interrupt(job, progress);
    if (decision === 'endEpoch') break;
    if (decision === 'save') {
      const saved = await save(job, progress);
      if (saved.outcome === 'diverged') return saved.why;
    }

    const rate = rateOf(job, state);
    const { layerRates } = job;
    const result = await trainStep(session, batch, {
      settings,
      step: state.step,
      learningRate: rate,
      rateBefore: state.rate,
      layerRates,
      biasRate: biasRate(settings, placeOf(job, state)),
    });
    if (guard.exploded(result.loss)) return `the loss became ${result.loss.toPrecision(3)}`;
    if (settings.momentumForm === 'outside') state.rate = rate;

    count(state, batch, result, meter);
    await average?.follow(state.step);
    await meter.log(rate);
  }
  return endEpoch(job, progress, meter);
}

/** Evaluate / log / keep the best / save. */
async function endEpoch(job: Job, progress: Progress, meter: Meter): Promise<Trouble> {
  const { state } = progress;
  const validation = await validate(job, progress);
  if (job.signal?.aborted) return interrupt(job, progress);
  if (validation !== null && !Number.isFinite(validation.loss)) return 'the validation loss is NaN';

  await lookForLeftOut(job, state.step);
  const entry = meter.epoch(validation, rateOf(job, state));
  const bestBefore = state.best;
  const best = advance(job, state, entry);
  await job.store.addEntry(entry);

  const kept = !best || (await saveBest(job, progress)).outcome === 'saved';
  if (!kept) state.best = bestBefore;
  // At the end the checkpoint must not say that a model is the best which is not there: it is left
  // where it was, so that resuming does the last epoch again.
  if (kept || state.finished === null) {
    const saved = await save(job, progress);
    if (saved.outcome === 'diverged') return saved.why;
  }
  const estimated = job.budget !== null && state.finished === null;
  job.tell({ kind: 'epoch', entry, epochs: state.epochs, estimated, best });
  return null;
}

/** Tells what could not be read since it was last asked. */
export async function lookForLeftOut(
  { leftOut, training, validation }: Job,
  step: number,
): Promise<void> {
  await leftOut.look('train', training, step);
  await leftOut.look('val', validation, step);
}

/** Counts an epoch as done. @returns whether it is the best so far. */
function advance(job: Job, state: State, { train, validation }: EpochEntry): boolean {
  const score = validation ?? train;
  state.plateau = nextPlateau(job.blueprint.settings.schedule, state.plateau, 1 - score.top1);
  state.epoch++;
  state.batch = 0;
  state.sums = noSums;
  state.seconds = elapsed(job);
  const { top1, top5, loss } = score;
  const best = validation === null || isBetter(score, state.best);
  if (best) state.best = { epoch: state.epoch, top1, top5, loss };
  replan(job, state);
  state.finished = ending(job, state);
  return best;
}

function rateOf(job: Job, state: State): number {
  return learningRate(job.blueprint.settings, placeOf(job, state)) * state.rateFactor;
}

/** Where a run is in its schedule. */
function placeOf({ training }: Job, { epoch, batch, epochs, plateau }: State): Place {
  return { epoch: epoch + batch / training.length, epochs, plateau };
}

function count(state: State, batch: Batch, result: StepResult, meter: Meter): void {
  state.step++;
  state.batch = batch.number + 1;
  state.images += batch.size;
  state.sums = meter.count(state.sums, result, batch.waited);
}

/** Why the run is over, or null. */
function ending({ blueprint: { settings } }: Job, state: State): string | null {
  const { epoch, epochs, best, plateau } = state;
  if (epoch >= epochs && epochs < settings.epochs)
    return `The time budget allowed ${epoch} of ${settings.epochs} epochs.`;
  if (epoch >= epochs)
    return epochs === 1 ? 'The epoch is done.' : `All ${epochs} epochs are done.`;
  if (plateauEnded(settings.schedule, plateau))
    return (
      'The validation error stopped falling at the lowest learning rate, ' +
      `after ${counted(epoch, 'epoch')}.`
    );
  const waited = epoch - (best?.epoch ?? 0);
  if (settings.patience !== null && waited >= settings.patience)
    return `No better validation for ${counted(waited, 'epoch')}, after epoch ${epoch}.`;
  return null;
}

/**
 * Top-1, top-5 and loss on the validation pictures: of the averaged weights where there is an
 * average. Null where there are none, or the signal is aborted meanwhile.
 */
async function validate(job: Job, { session, average }: Progress): Promise<Evaluation | null> {
  const { validation, blueprint, signal, tell } = job;
  if (validation === undefined) return null;
  const evaluate = (): Promise<Evaluation> =>
    evaluateBatches(session, validation, blueprint.classes.length, {
      signal,
      onBatch: (done, all) => tell({ kind: 'evaluating', done, all }),
    });
  try {
    return await (average ? average.during(evaluate) : evaluate());
  } catch (error) {
    if (signal?.aborted) return null;
    throw error;
  }
}

/** Saves and throws {@link Interrupted}, unless the weights are not worth saving. */
async function interrupt(job: Job, progress: Progress): Promise<Trouble> {
  const saved = await save(job, progress);
  if (saved.outcome === 'diverged') return saved.why;
  const { epoch, epochs, step } = progress.state;
  const where = `epoch ${epoch + 1} of ${epochs}, step ${step}`;
  if (progress.unsaved !== null)
    throw new AlexNetError(
      `Interrupted at ${where}, and the checkpoint could not be written: ${progress.unsaved}`,
    );
  const { place } = job.store;
  throw new Interrupted(`Interrupted at ${where}; everything is saved in ${place}.`, place);
}
