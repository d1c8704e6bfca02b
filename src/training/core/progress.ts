import type { Session } from '../../engine/engine.ts';
import { f32Weights, loadWeights } from '../../model/weights.ts';
import { WeightAverage } from './average.ts';
import { beginWeights } from './begin.ts';
import type { Blueprint } from './blueprint.ts';
import type { Guard } from './guard.ts';
import type { Job } from './job.ts';
import { frameOf } from './job.ts';
import type { Checkpoint, ParameterValues } from './run-store.ts';
import { firstState } from './state.ts';
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
  { blueprint, store }: Pick<Job, 'blueprint' | 'store'>,
  epochs?: number,
): Promise<Standing> {
  const saved = await store.readCheckpoint();
  if (saved === undefined) {
    const { state, average } = await begin(session, blueprint, epochs);
    return { state, average };
  }
  await loadWeights(session, saved.model.weights);
  for (const [name, values] of saved.velocities)
    await session.setParameter(name, values, 'velocity');
  const average = await averageFrom(session, blueprint, saved.average);
  return { state: { ...saved.state }, average };
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
