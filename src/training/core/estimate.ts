import { AlexNetError } from '../../errors.ts';
import { costs } from '../../network/costs.ts';
import { volume } from '../../network/shapes.ts';
import { memoryNeeded } from './memory.ts';
import type { Run } from '../node/run.ts';

/** Looking at a picture takes a third of learning from it: one pass instead of three. */
const lookingShare = 1 / 3;

/** Beside the engine's steps: batches, checkpoints, the log. */
const allowance = 1.08;

/**
 * Before the first step: measures what a step takes, plans the epochs that a time budget allows,
 * and tells the plan.
 * @throws {AlexNetError} where the budget is over before it began.
 */
export async function planRun(run: Run): Promise<void> {
  const { state, settings, training, session, network, inputs, record } = run;
  const perEpoch = state.epoch > 0 ? state.seconds / state.epoch : await epochSeconds(run);
  if (run.budget !== null) plan(run, perEpoch);
  const { micro, batch } = sizes(run);
  run.tell({
    kind: 'plan',
    plan: {
      folder: run.folder,
      engine: session.engine,
      threads: session.threads,
      precision: session.precision,
      recipe: settings.recipe,
      variant: settings.variant ?? `that of ${settings.from}`,
      parameters: costs(network).parameters,
      classes: run.dataset.classes.length,
      train: record.data.train,
      validation: record.data.validation,
      input: inputs.preprocessing.crop,
      batch,
      stepsPerEpoch: training.length,
      epochs: state.epochs,
      from: state.epoch,
      seconds: perEpoch * (state.epochs - state.epoch - state.batch / training.length),
      memoryBytes: Math.max(
        memoryNeeded(network, { micro, batch, averaged: settings.average !== null }),
        session.memoryBytes,
      ),
    },
  });
}

/**
 * After an epoch: fewer epochs where the budget will not do for those that are planned, more again
 * where it will.
 */
export function replan(run: Run): void {
  if (run.budget !== null) plan(run, run.state.seconds / run.state.epoch);
}

function plan({ state, settings, budget, began, clock }: Run, perEpoch: number): void {
  const left = budget! - (clock() - began) / 1000;
  if (left <= 0 && state.epoch === 0)
    throw new AlexNetError(
      `The time budget of ${budget} seconds was used up before the first step, by reading and measuring the pictures. Give more time.`,
    );
  const fit = Math.floor((0.98 * left) / perEpoch);
  state.epochs = Math.max(state.epoch, 1, Math.min(settings.epochs, state.epoch + fit));
}

async function epochSeconds(run: Run): Promise<number> {
  const { record, training } = run;
  const { batch } = sizes(run);
  const step = await stepSeconds(run);
  const looks = (record.data.validation / batch) * lookingShare;
  return step * (training.length + looks) * allowance;
}

/**
 * The second of two ways there and back on empty images: it changes nothing but the gradients,
 * which every step begins anew.
 */
async function stepSeconds(run: Run): Promise<number> {
  const { session, inputs, clock } = run;
  const { batch, micro } = sizes(run);
  const images = new Float32Array(
    micro * volume([3, inputs.preprocessing.crop, inputs.preprocessing.crop]),
  );
  const labels = new Int32Array(micro);
  let seconds = 0;
  for (let call = 0; call < 2; call++) {
    const before = clock();
    await session.gradients(images, labels);
    seconds = (clock() - before) / 1000;
  }
  return (seconds * batch) / micro;
}

function sizes({ settings, record, session }: Run): { batch: number; micro: number } {
  return { batch: Math.min(settings.batch, record.data.train), micro: session.batch };
}
