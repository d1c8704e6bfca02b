import type { Session } from '../../engine/engine.ts';
import { AlexNetError } from '../../errors.ts';
import type { Model } from '../../model/model.ts';
import { f32Weights, loadWeights } from '../../model/weights.ts';
import { WeightAverage } from './average.ts';
import { beginWeights } from './begin.ts';
import type { Blueprint } from './blueprint.ts';
import type { Guard } from './guard.ts';
import type { Job } from './job.ts';
import { frameOf } from './job.ts';
import type { Checkpoint, ParameterValues } from './run-store.ts';
import { bestOf, firstState, isBetter } from './state.ts';
import type { State } from './state.ts';
import type { Transfer } from './transfer.ts';

/** What changes while a run trains. */
export interface Progress {
  /** Another one after its device was lost. */
  session: Session;
  /** Another one after going back. */
  state: State;
  /** Of the weights; undefined where the settings ask for none. */
  average: WeightAverage | undefined;
  readonly guard: Guard;
  /** When a checkpoint was last written or tried, by the run's clock. */
  savedAt: number;
  /** Why the last file could not be written; null where it was. */
  unsaved: string | null;
  /** The furthest step at which the device was lost, and how often since training came there. */
  losses: { readonly step: number; readonly count: number };
}

/** The part of a run's progress that a checkpoint holds. */
export type Standing = Pick<Progress, 'state' | 'average'>;

/** Sets a session to where training begins. @param epochs planned. */
export async function begin(
  session: Session,
  blueprint: Blueprint,
  epochs = blueprint.settings.epochs,
): Promise<Standing & { readonly transfer: Transfer | undefined }> {
  const transfer = await beginWeights(session, blueprint);
  const average = await averageFrom(session, blueprint, undefined);
  return { state: firstState(epochs), average, transfer };
}

/** Sets a session to what was last saved, or to the start where nothing was. */
export async function restore(
  session: Session,
  { blueprint, store, tell }: Pick<Job, 'blueprint' | 'store' | 'tell'>,
  epochs?: number,
): Promise<Standing> {
  const saved = await store.readCheckpoint();
  if (saved === undefined) {
    const { state, average } = await begin(session, blueprint, epochs);
    return { state: await withBest({ store, tell }, state), average };
  }
  await loadWeights(session, saved.model.weights);
  await restoreVelocities(session, blueprint.settings.freeze, saved.velocities);
  const average = await averageFrom(session, blueprint, saved.average);
  return { state: await withBest({ store, tell }, saved.state), average };
}

async function restoreVelocities(
  session: Session,
  frozen: readonly string[],
  velocities: ParameterValues,
): Promise<void> {
  for (const { name, layer } of session.parameters) {
    const values = velocities.get(name);
    if (values !== undefined) await session.setParameter(name, values, 'velocity');
    else if (!frozen.includes(layer.name))
      throw new AlexNetError(`The checkpoint of this run holds no velocity of "${name}".`);
  }
}

/**
 * A state that knows the best model which is kept: where that is better than the state remembers,
 * it was kept later than the state was, and no worse one may replace it.
 */
async function withBest(
  { store, tell }: Pick<Job, 'store' | 'tell'>,
  saved: Readonly<State>,
): Promise<State> {
  const model = await store.best().catch((error: unknown) => error);
  if (model instanceof Error) {
    if (saved.best === null || saved.finished !== null) return { ...saved };
    const text = `The best model is lost: ${model.message} The best of what follows is kept.`;
    tell({ kind: 'remark', text });
    return { ...saved, best: null };
  }
  const kept = bestOf(model as Model);
  return { ...saved, best: kept && isBetter(kept, saved.best) ? kept : saved.best };
}

/** The run as it stands. @param weights those of the session. */
export async function checkpointOf(
  job: Job,
  { session, state, average }: Progress,
  weights: ParameterValues,
): Promise<Checkpoint> {
  return {
    model: { ...frameOf(job, state), weights: f32Weights(weights) },
    velocities: await velocitiesOf(session, job.blueprint.settings.freeze),
    average: average?.values,
    state: { ...state },
  };
}

async function averageFrom(
  session: Session,
  { settings: { average } }: Blueprint,
  values: ParameterValues | undefined,
): Promise<WeightAverage | undefined> {
  return average === null ? undefined : WeightAverage.start(session, average, values);
}

async function velocitiesOf(session: Session, frozen: readonly string[]): Promise<ParameterValues> {
  const velocities = new Map<string, Float32Array>();
  for (const { name, layer } of session.parameters) {
    if (!frozen.includes(layer.name))
      velocities.set(name, await session.getParameter(name, 'velocity'));
  }
  return velocities;
}
