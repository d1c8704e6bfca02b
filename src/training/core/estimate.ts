import { AlexNetError } from '../../errors.ts';
import { variantOf } from '../../model/chain.ts';
import { costs } from '../../network/costs.ts';
import { volume } from '../../network/shapes.ts';
import { counted } from '../../text.ts';
import type { Blueprint } from './blueprint.ts';
import { elapsed, picturesOf } from './job.ts';
import type { Job } from './job.ts';
import { memoryNeeded } from './memory.ts';
import type { Progress } from './progress.ts';
import type { State } from './state.ts';

/** Looking at a picture takes a third of learning from it: one pass instead of three. */
const lookingShare = 1 / 3;

/** Beside the engine's steps: batches, checkpoints, the log. */
const allowance = 1.08;

/**
 * Before the first step: measures what a step takes, plans the epochs that a time budget allows,
 * and tells the plan.
 * @throws {AlexNetError} where the budget is over before it began.
 */
export async function planRun(job: Job, progress: Progress): Promise<void> {
  const { session, state } = progress;
  const { training, store, inputs, blueprint } = job;
  const { settings, network, batch, micro } = blueprint;
  const perEpoch = state.epoch > 0 ? state.seconds / state.epoch : await epochSeconds(job, session);
  if (job.budget !== null) plan(job, state, perEpoch);
  const epochsLeft = state.epochs - state.epoch - state.batch / training.length;
  const averaged = settings.average !== null;
  const estimate = memoryNeeded(network, { micro, batch, averaged });
  job.tell({
    kind: 'plan',
    plan: {
      folder: store.place,
      engine: session.engine,
      threads: session.threads,
      precision: session.precision,
      recipe: settings.recipe,
      variant: networkName(blueprint),
      parameters: costs(network).parameters,
      classes: blueprint.classes.length,
      ...picturesOf(job),
      input: inputs.preprocessing.crop,
      batch,
      stepsPerEpoch: training.length,
      epochs: state.epochs,
      estimated: job.budget !== null,
      from: state.epoch,
      seconds: perEpoch * epochsLeft,
      memoryBytes: Math.max(estimate, session.memoryBytes),
    },
  });
}

/**
 * After an epoch: fewer epochs where the budget will not do for those that are planned, more again
 * where it will.
 */
export function replan(job: Job, state: State): void {
  if (job.budget === null) return;
  const before = state.epochs;
  plan(job, state, state.seconds / state.epoch);
  if (state.epochs === before) return;
  const text = `The time allows ${counted(state.epochs, 'epoch')} now; ${before} were planned.`;
  job.tell({ kind: 'remark', text });
}

function plan(job: Job, state: State, perEpoch: number): void {
  const left = job.budget! - elapsed(job);
  if (left <= 0 && state.epoch === 0)
    throw new AlexNetError(
      `The time budget of ${job.budget} seconds was used up before the first step, ` +
        'by reading and measuring the pictures. Give more time.',
    );
  const fit = Math.floor((0.98 * left) / perEpoch);
  const { epochs } = job.blueprint.settings;
  state.epochs = Math.max(state.epoch, 1, Math.min(epochs, state.epoch + fit));
}

async function epochSeconds(job: Job, session: Progress['session']): Promise<number> {
  const { training, blueprint } = job;
  const step = await stepSeconds(job, session);
  const looks = (picturesOf(job).validation / blueprint.batch) * lookingShare;
  return step * (training.length + looks) * allowance;
}

/**
 * The second of two passes forward and backward on empty images: it changes nothing but the
 * gradients, which every step begins anew.
 */
async function stepSeconds(
  { blueprint: { micro, batch, input }, clock }: Job,
  session: Progress['session'],
): Promise<number> {
  const images = new Float32Array(micro * volume([3, input, input]));
  const labels = new Int32Array(micro);
  let seconds = 0;
  for (let call = 0; call < 2; call++) {
    const before = clock();
    await session.gradients(images, labels);
    seconds = (clock() - before) / 1000;
  }
  return (seconds * batch) / micro;
}

/** In a sentence that goes on with its size. */
/** What people call the network: its variant, where it is one; else where it is from. */
function networkName({ settings: { variant, network: given, from }, network }: Blueprint): string {
  if (given !== undefined) return 'the network given';
  const file = from?.split(/[/\\]/).at(-1);
  return variant ?? variantOf(network) ?? `the network of ${file ?? 'the model given'}`;
}
