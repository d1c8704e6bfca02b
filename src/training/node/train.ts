import type { Batch } from '../../data/batches.ts';
import type { Dataset } from '../../data/dataset.ts';
import { openDataset } from '../../data/node/open.ts';
import type { StepResult } from '../../engine/engine.ts';
import { AlexNetError, UsageError } from '../../errors.ts';
import { reason } from '#platform';
import { writeModel } from '../../model/node/model-file.ts';
import { WeightAverage, weightsOf } from '../core/average.ts';
import { Broken } from './checkpoint.ts';
import { planRun, replan } from '../core/estimate.ts';
import { evaluateBatches } from '../../inference/evaluation.ts';
import type { Evaluation } from '../../inference/evaluation.ts';
import type { TrainEvent } from '../core/events.ts';
import { concludeRun, modelPath } from './finish.ts';
import { freshFolder, readRecord } from './folder.ts';
import { Interrupted } from '../core/interrupted.ts';
import { Meter } from '../core/meter.ts';
import { frameOf, openRun } from './run.ts';
import type { Run, RunOptions } from './run.ts';
import { learningRate, nextPlateau, plateauEnded } from '../core/schedule.ts';
import { resolveSettings } from '../core/resolve.ts';
import type { SettingsOverrides } from '../core/resolve.ts';
import type { Settings } from '../core/settings.ts';
import { firstState, noSums } from '../core/state.ts';
import type { Best, State } from '../core/state.ts';
import { trainStep } from '../core/step.ts';
import { withValidation } from './validation.ts';
import { f32Weights } from '../../model/weights.ts';

export interface TrainOptions {
  /**
   * A folder of photographs, one folder a class, or whatever else `openDataset` reads; or a dataset
   * that is open.
   */
  readonly data: string | Dataset;
  /** The run folder. Default: a fresh one under `runs/`; needed to resume. */
  readonly out?: string;
  /** Default `photos`. */
  readonly recipe?: string;
  /** What differs from the recipe. */
  readonly settings?: SettingsOverrides;
  /** Default `auto`. */
  readonly engine?: string;
  readonly threads?: number;
  /**
   * Bytes of memory for decoded pictures; what does not fit is kept on the disk. Default: a quarter
   * of the machine's memory, or half of what training leaves free where that is less.
   */
  readonly cacheBytes?: number;
  /** Go on with the run in `out`, with its own settings. */
  readonly resume?: boolean;
  /** Seconds that the run may take. The epochs are planned so that it ends in time. */
  readonly seconds?: number;
  /** Other data whose pictures are all for validation. */
  readonly validation?: string;
  /** Saves and ends the run when aborted. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainEvent) => void;
  /**
   * Milliseconds from any moment on, for `seconds` and all that is told about time. Default:
   * `performance.now`.
   */
  readonly clock?: () => number;
}

export interface TrainResult {
  readonly run: string;
  /** The file of the best model. */
  readonly model: string;
  /** The file to look at. */
  readonly report: string;
  /** Epochs done. */
  readonly epochs: number;
  /** By validation; where nothing was held out, the last epoch's training. */
  readonly best: Best;
  readonly seconds: number;
  /** Training pictures a second, evaluation and everything else included. */
  readonly imagesPerSecond: number;
  /** Why it ended. */
  readonly finished: string;
  /** Of the best model on the test pictures, where there are any; they had no say in anything. */
  readonly test: Evaluation | null;
}

/**
 * Trains a network on labelled pictures.
 * @throws {UsageError} for settings that do not hold. @throws {Interrupted} when `signal` is
 * aborted: the run is saved.
 * @throws {AlexNetError} for data that cannot be used, too little memory, and a loss that explodes
 * again and again.
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const run = await openRun(await runOptions(options));
  try {
    for (const text of run.dataset.remarks) run.tell({ kind: 'remark', text });
    if (run.state.finished === null) await planRun(run);
    else
      run.tell({
        kind: 'remark',
        text: `This run is finished: ${run.state.finished} Nothing was trained.`,
      });
    while (run.state.finished === null) await trainEpoch(run);
    return await finish(run);
  } finally {
    await run.close();
  }
}

/** What the options say, with their defaults. */
export async function runOptions({
  data,
  out,
  recipe = 'photos',
  settings,
  engine = 'auto',
  threads,
  cacheBytes,
  resume = false,
  seconds,
  validation,
  signal,
  onEvent,
  clock = () => performance.now(),
}: TrainOptions): Promise<RunOptions> {
  if (resume && out === undefined)
    throw new UsageError('Resuming needs the folder of the run: --out RUN.');
  const resumed = resume ? (await readRecord(out!)).settings : undefined;
  const resolved = resumed ?? resolveSettings(recipe, settings);
  const dataset = typeof data === 'string' ? await openData(data, validation, resolved) : data;
  const folder = out ?? (await freshFolder(dataset.provenance.root));
  return {
    dataset,
    folder,
    settings: resume ? undefined : resolved,
    engine,
    threads,
    cacheBytes,
    budget: seconds,
    clock,
    signal,
    tell: onEvent ?? (() => undefined),
  };
}

async function openData(
  data: string,
  validation: string | undefined,
  { holdOut, seed }: Settings,
): Promise<Dataset> {
  if (validation === undefined) return openDataset(data, { holdOut, seed });
  return withValidation(await openDataset(data), await openDataset(validation));
}

/**
 * Train / log / checkpoint, step by step; then evaluate / keep the best / decide whether to go on.
 */
async function trainEpoch(run: Run): Promise<void> {
  const { state, settings, session, training } = run;
  const meter = new Meter(run);
  for await (const batch of training.epoch(state.epoch, state.batch)) {
    if (run.signal?.aborted) return interrupt(run);
    if (overTime(run) && state.batch > 0) break;
    const rate = rateOf(run);
    const result = await trainStep(session, batch, {
      settings,
      step: state.step,
      learningRate: rate,
      layerRates: run.layerRates,
    });
    if (run.guard.exploded(result.loss))
      return goBack(run, `the loss became ${result.loss.toPrecision(3)}`);
    count(state, batch, result, meter);
    await run.average?.follow(state.step);
    await meter.log(rate);
    if (meter.checkpointDue()) await save(run);
    if (run.state !== state) return;
  }
  await endEpoch(run, meter);
}

async function endEpoch(run: Run, meter: Meter): Promise<void> {
  const { state, settings } = run;
  const validation = await validate(run);
  if (run.signal?.aborted) return interrupt(run);
  if (validation !== null && !Number.isFinite(validation.loss))
    return goBack(run, 'the validation loss is not a number');
  const entry = meter.epoch(validation, rateOf(run));
  state.plateau = nextPlateau(
    settings.schedule,
    state.plateau,
    1 - (validation ?? entry.train).top1,
  );
  state.epoch++;
  state.batch = 0;
  state.sums = noSums;
  state.seconds = elapsed(run);
  const score = validation ?? entry.train;
  const best =
    validation === null ||
    state.best === null ||
    score.top1 > state.best.top1 ||
    (score.top1 === state.best.top1 && score.loss < state.best.loss);
  const before = state.best;
  if (best)
    state.best = { epoch: state.epoch, top1: score.top1, top5: score.top5, loss: score.loss };
  replan(run);
  state.finished = ending(run);
  const kept = !best || (await keepBest(run));
  if (run.state !== state) return;
  if (!kept) state.best = before;
  if (kept || state.finished === null) await save(run);
  if (run.state !== state) return;
  await run.journal.add(entry);
  run.tell({ kind: 'epoch', entry, epochs: state.epochs, best });
}

function rateOf({ settings, state, training }: Run): number {
  const progress = {
    epoch: state.epoch + state.batch / training.length,
    epochs: state.epochs,
    plateau: state.plateau,
  };
  return learningRate(settings, progress) * state.rateFactor;
}

function count(state: State, batch: Batch, result: StepResult, meter: Meter): void {
  state.step++;
  state.batch = batch.number + 1;
  state.images += batch.size;
  state.sums = meter.count(state.sums, result, batch.waited);
}

/** Why the run is over, or null. */
function ending(run: Run): string | null {
  const { state, settings } = run;
  if (state.epoch >= state.epochs)
    return state.epochs < settings.epochs
      ? `The time budget allowed ${state.epoch} of ${settings.epochs} epochs.`
      : `All ${state.epochs} epochs are done.`;
  if (plateauEnded(settings.schedule, state.plateau))
    return `The validation error stopped falling at the lowest learning rate, after ${state.epoch} epochs.`;
  const waited = state.epoch - (state.best?.epoch ?? 0);
  if (settings.patience !== null && waited >= settings.patience)
    return `No better validation for ${waited} epochs, after epoch ${state.epoch}.`;
  return null;
}

/**
 * Top-1, top-5 and loss on the validation pictures: of the averaged weights where there is an
 * average.
 */
async function validate(run: Run): Promise<Evaluation | null> {
  const { validation, session, dataset, signal, tell } = run;
  if (validation === undefined) return null;
  const look = (): Promise<Evaluation> =>
    evaluateBatches(session, validation, dataset.classes.length, {
      signal,
      onBatch: (done, all) => tell({ kind: 'evaluating', done, all }),
    });
  try {
    return await (run.average ? run.average.during(look) : look());
  } catch (error) {
    if (signal?.aborted) return null;
    throw error;
  }
}

/**
 * Writes the best model. A disk that is full costs the file, not the run. @returns whether it was
 * written.
 */
async function keepBest(run: Run): Promise<boolean> {
  const weights = run.average?.values ?? (await weightsOf(run.session));
  return warned(run, () =>
    writeModel(modelPath(run.folder), { ...frameOf(run), weights: f32Weights(weights) }),
  );
}

/** Writes a checkpoint. What cannot be written is said, and the one before stays. */
async function save(run: Run): Promise<void> {
  run.state.seconds = elapsed(run);
  await warned(run, () => run.checkpoint.write(run.session, frameOf(run), run.state, run.average));
}

async function warned(run: Run, write: () => Promise<void>): Promise<boolean> {
  try {
    await write();
    run.unsaved = null;
    return true;
  } catch (error) {
    if (error instanceof Broken) {
      await goBack(run, error.message);
      return false;
    }
    if (!(error instanceof AlexNetError) && !(error instanceof Error && 'syscall' in error))
      throw error;
    run.unsaved =
      error instanceof AlexNetError ? error.message : `${run.folder}: ${reason(error)}.`;
    run.tell({
      kind: 'remark',
      text: `${run.unsaved} What was there before is kept, training goes on, and the next checkpoint tries again.`,
    });
    return false;
  }
}

const mostRollbacks = 3;

/** Back to the last checkpoint (or the start) with half the learning rate. */
async function goBack(run: Run, why: string): Promise<void> {
  const { rollbacks, rateFactor, step } = run.state;
  if (rollbacks >= mostRollbacks) {
    throw new AlexNetError(
      `Training does not hold: at step ${step} ${why}, and going back with half the learning rate did not help ${mostRollbacks} times. Start again with a lower learning rate (--lr ${Number((run.settings.learningRate * rateFactor * 0.1).toPrecision(2))}).`,
    );
  }
  const saved = await run.checkpoint.read(run.session);
  if (saved === undefined) await run.begin();
  run.state = {
    ...(saved?.state ?? firstState(run.state.epochs)),
    rollbacks: rollbacks + 1,
    rateFactor: rateFactor / 2,
  };
  if (run.settings.average)
    run.average = await WeightAverage.start(run.session, run.settings.average, saved?.average);
  run.guard.reset();
  await run.journal.rewind(run.state.step);
  const text = `At step ${step} ${why}: back to step ${run.state.step} with ${run.state.rateFactor} of the learning rate.`;
  run.tell({ kind: 'remark', text });
  await run.journal.add({ kind: 'remark', step: run.state.step, text });
  await save(run);
}

async function interrupt(run: Run): Promise<void> {
  await save(run);
  const where = `epoch ${run.state.epoch + 1} of ${run.state.epochs}, step ${run.state.step}`;
  if (run.unsaved !== null)
    throw new AlexNetError(
      `Interrupted at ${where}, and the checkpoint could not be written: ${run.unsaved}`,
    );
  throw new Interrupted(
    `Interrupted at ${where}; everything is saved in ${run.folder}.`,
    run.folder,
  );
}

async function finish(run: Run): Promise<TrainResult> {
  const { state, folder } = run;
  if (run.unsaved !== null)
    throw new AlexNetError(
      `The run is finished, but its last files could not be written: ${run.unsaved} Make room and resume it: the last epoch is done again.`,
    );
  const { test, report } = await concludeRun(run).catch((error: unknown) => {
    throw run.signal?.aborted
      ? new Interrupted(
          `Interrupted while the best model was looked at; the run is finished and saved in ${folder}.`,
          folder,
        )
      : error;
  });
  return {
    run: folder,
    model: modelPath(folder),
    report,
    epochs: state.epoch,
    best: state.best!,
    seconds: state.seconds,
    imagesPerSecond: state.images / state.seconds,
    finished: state.finished!,
    test,
  };
}

function elapsed({ began, clock }: Run): number {
  return (clock() - began) / 1000;
}

function overTime(run: Run): boolean {
  return run.budget !== null && elapsed(run) >= run.budget;
}
