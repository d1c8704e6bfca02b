import type { Engine, Session } from '../../engine/engine.ts';
import { AlexNetError } from '../../errors.ts';
import { evaluateBatches } from '../../inference/evaluation.ts';
import type { Evaluation } from '../../inference/evaluation.ts';
import type { Model } from '../../model/model.ts';
import { loadWeights } from '../../model/weights.ts';
import { layerRates, prepareSession } from './begin.ts';
import type { Blueprint } from './blueprint.ts';
import type { LeftOut } from './entries.ts';
import { planRun } from './estimate.ts';
import type { TrainEvent } from './events.ts';
import { Guard } from './guard.ts';
import type { Inputs } from './inputs.ts';
import { Interrupted } from './interrupted.ts';
import { picturesOf } from './job.ts';
import type { BatchStream, Job } from './job.ts';
import { LeftOutPictures } from './left-out.ts';
import { lookForLeftOut, trainToTheEnd } from './loop.ts';
import { begin, restore } from './progress.ts';
import type { Progress, Standing } from './progress.ts';
import { checkSameData } from './record.ts';
import type { DataOrigin, Host, RunRecord } from './record.ts';
import type { RunStore } from './run-store.ts';
import type { Best, State } from './state.ts';
import { transferText } from './transfer.ts';
import type { Transfer } from './transfer.ts';

export interface TrainNetworkOptions {
  /** What to train: `blueprintOf` makes it of settings, classes and the number of pictures. */
  readonly blueprint: Blueprint;
  readonly engine: Engine;
  readonly threads?: number | undefined;
  /** How pictures became what the batches hold: every model of the run says it. */
  readonly inputs: Inputs;
  readonly training: BatchStream;
  /** Pictures that were held out. */
  readonly validation?: BatchStream | undefined;
  /** Opens pictures that have no say in anything, for the best model at the end. */
  readonly test?: (() => Promise<BatchStream>) | undefined;
  /** Where the pictures come from. A run is resumed on the same digest only. */
  readonly data: DataOrigin;
  /** Where the run is kept. */
  readonly store: RunStore;
  /** Go on with the run in `store`. */
  readonly resume?: boolean;
  /** What is known of the place that trains, for the record. */
  readonly host?: Host;
  /**
   * Seconds that the run may take. The epochs are planned so that it ends in time. Default: as many
   * as it needs, or when resuming what it was started with.
   */
  readonly seconds?: number | undefined;
  /** Saves and ends the run when aborted. */
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: TrainEvent) => void) | undefined;
  /** Milliseconds from any moment on. Default: `performance.now`. */
  readonly clock?: () => number;
  /** When the run began, by `clock`. Default: now. */
  readonly began?: number;
}

export interface TrainedNetwork {
  /** The best by validation; where nothing was held out, the last. */
  readonly model: Model;
  /** Of the model on the validation pictures; where nothing was held out, of the last epoch. */
  readonly best: Best;
  /** Epochs done. */
  readonly epochs: number;
  readonly seconds: number;
  /** Training pictures per second, evaluation and everything else included. */
  readonly imagesPerSecond: number;
  /** Why it ended. */
  readonly finished: string;
  /** Of the model on the test pictures, where there are any. */
  readonly test: Evaluation | null;
  /** Of the model on the validation pictures, where nothing was tested. */
  readonly validation: Evaluation | null;
  readonly record: RunRecord;
  readonly state: Readonly<State>;
  /** How many pictures there were that could be read. */
  readonly pictures: PictureCounts;
  /** Those that could not be read. */
  readonly leftOut: readonly LeftOut[];
}

export interface PictureCounts {
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

/**
 * Trains a network on batches of labelled pictures, anywhere: what needs files or threads comes in.
 * @throws {Interrupted} when `signal` is aborted: the run is saved.
 * @throws {AlexNetError} for a loss that explodes again and again, and where the run in `store`
 * cannot go on with these pictures.
 */
export async function trainNetwork(options: TrainNetworkOptions): Promise<TrainedNetwork> {
  const { job, progress } = await openRun(options);
  try {
    const { finished, step } = progress.state;
    await lookForLeftOut(job, step);
    if (finished === null) await planRun(job, progress);
    else {
      const text = `This run is finished: ${finished} Nothing was trained.`;
      job.tell({ kind: 'remark', text });
    }
    await trainToTheEnd(job, progress);
    return await conclude(job, progress, options.test);
  } finally {
    await progress.session.dispose();
  }
}

/** A new run, or one that was interrupted, ready for its next step. */
async function openRun(options: TrainNetworkOptions): Promise<{ job: Job; progress: Progress }> {
  const { blueprint, store, data, clock = () => performance.now() } = options;
  const { began = clock() } = options;
  const before = options.resume ? await store.record() : undefined;
  if (before) checkSameData(before, data, blueprint.classes.length);

  const threads = options.threads ?? before?.threads;
  const prepare = (): Promise<Session> => prepareSession(options.engine, blueprint, threads);
  const session = await prepare();
  try {
    const { record, state, average } = before
      ? {
          record: before,
          ...(await restore(session, { blueprint, store, tell: tellerOf(options) })),
        }
      : await beginRun(options, session);
    checkWhole(state, store);
    await store.rewind(state);
    const leftOut = new LeftOutPictures(store, tellerOf(options));
    leftOut.know(await store.entries());
    const job: Job = {
      ...options,
      leftOut,
      validation: validationOf(options),
      signal: options.signal,
      record,
      layerRates: layerRates(record.transfer, blueprint.settings),
      budget: options.seconds ?? record.budget,
      clock,
      began: began - 1000 * state.seconds,
      tell: tellerOf(options),
      prepare,
    };
    const progress: Progress = {
      session,
      state,
      average,
      guard: new Guard(blueprint.classes.length),
      savedAt: clock(),
      unsaved: null,
      losses: { step: -1, count: 0 },
    };
    return { job, progress };
  } catch (error) {
    await session.dispose();
    throw error;
  }
}

/**
 * @throws {AlexNetError} where a checkpoint must have been there: to begin again would write over
 * what was learned.
 */
function checkWhole({ step, best }: State, { place }: RunStore): void {
  if (step > 0 || best === null || best.epoch <= 1) return;
  throw new AlexNetError(
    `The run in ${place} cannot go on: its best model is of epoch ${best.epoch}, but its last ` +
      'checkpoint is gone. Bring it back, or start a new run from the best model with --from.',
  );
}

/** Sets the weights, and writes down what a new run was started with. */
async function beginRun(
  options: TrainNetworkOptions,
  session: Session,
): Promise<Standing & { readonly record: RunRecord }> {
  const { blueprint, store } = options;
  const { state, average, transfer } = await begin(session, blueprint);
  if (transfer) {
    const text = transferText(transfer, blueprint.settings.from ?? 'the model given');
    tellerOf(options)({ kind: 'remark', text });
  }
  const record = newRecord(options, session, transfer);
  await store.begin(record);
  return { state, average, record };
}

function newRecord(
  options: TrainNetworkOptions,
  session: Session,
  transfer: Transfer | undefined,
): RunRecord {
  const { blueprint, data, training, host = {}, seconds } = options;
  const validation = validationOf(options);
  const { alexnet, node, machine } = host;
  return {
    ...(alexnet !== undefined && { alexnet }),
    ...(node !== undefined && { node }),
    started: new Date().toISOString(),
    ...(machine !== undefined && { machine }),
    engine: session.engine,
    threads: session.threads,
    budget: seconds ?? null,
    data: {
      root: data.root,
      kind: data.kind,
      digest: data.digest,
      ...(data.reading && { reading: data.reading }),
      classes: blueprint.classes.length,
      train: training.samples - (training.failures?.length ?? 0),
      validation: (validation?.samples ?? 0) - (validation?.failures?.length ?? 0),
    },
    settings: blueprint.settings,
    transfer: transfer ?? null,
  };
}

/** Without a picture there is no validation. */
function validationOf({ validation }: TrainNetworkOptions): BatchStream | undefined {
  return validation === undefined || validation.samples === 0 ? undefined : validation;
}

function tellerOf({ onEvent }: TrainNetworkOptions): Job['tell'] {
  return onEvent ?? (() => undefined);
}

/** After the last epoch: the best model is looked at once more. */
async function conclude(
  job: Job,
  { session, state, unsaved }: Progress,
  openTest: TrainNetworkOptions['test'],
): Promise<TrainedNetwork> {
  await lookForLeftOut(job, state.step);
  if (unsaved !== null)
    throw new AlexNetError(
      `The run is finished, but its last files could not be written: ${unsaved} ` +
        'Make room and resume it: the last epoch is done again.',
    );
  const model = await job.store.best();
  await loadWeights(session, model.weights);
  const test = await openTest?.();
  const tested = test ? await evaluateTest(job, session, test) : null;
  await job.leftOut.look('test', test, state.step);
  const classes = job.blueprint.classes.length;
  const validated =
    tested === null && job.validation
      ? await evaluateBatches(session, job.validation, classes)
      : null;
  return {
    model,
    best: state.best!,
    epochs: state.epoch,
    seconds: state.seconds,
    imagesPerSecond: state.images / state.seconds,
    finished: state.finished!,
    test: tested,
    validation: validated,
    record: job.record,
    state,
    pictures: { ...picturesOf(job), test: tested?.images ?? 0 },
    leftOut: job.leftOut.all,
  };
}

async function evaluateTest(
  { blueprint, signal, store, tell }: Job,
  session: Session,
  test: BatchStream,
): Promise<Evaluation> {
  try {
    return await evaluateBatches(session, test, blueprint.classes.length, {
      signal,
      onBatch: (done, all) => tell({ kind: 'evaluating', done, all }),
    });
  } catch (error) {
    if (!signal?.aborted) throw error;
    throw new Interrupted(
      'Interrupted while the best model was looked at; ' +
        `the run is finished and saved in ${store.place}.`,
      store.place,
    );
  }
}
