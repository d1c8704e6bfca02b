import type { Engine, Session } from '../../engine/engine.ts';
import { initialise } from '../../engine/initialise.ts';
import type { Blueprint } from './blueprint.ts';
import type { Settings } from './settings.ts';
import { takeOver } from './transfer.ts';
import type { Transfer } from './transfer.ts';

/** A session to train with. */
export function prepareSession(
  engine: Engine,
  { network, micro, settings }: Blueprint,
  threads: number | undefined,
): Promise<Session> {
  return engine.prepare(network, {
    batch: micro,
    mode: 'training',
    precision: settings.precision,
    frozen: settings.freeze,
    ...(threads !== undefined && { threads }),
  });
}

/**
 * Sets weights and velocities to where training begins.
 * @returns what was taken over from another model, if there is one.
 */
export async function beginWeights(
  session: Session,
  { settings, model, classes }: Blueprint,
): Promise<Transfer | undefined> {
  await initialise(session, settings.seed);
  await zeroVelocities(session, settings.freeze);
  if (model === undefined) return undefined;
  const relabelled = model.labels.map(({ name }) => name).join('\n') !== classes.join('\n');
  return takeOver(session, model, relabelled);
}

/** Factors on the learning rate of layers that were taken over. */
export function layerRates(
  transfer: Transfer | null | undefined,
  { freeze, oldRate }: Settings,
): Readonly<Record<string, number>> {
  const learning = (transfer?.taken ?? []).filter((layer) => !freeze.includes(layer));
  return Object.fromEntries(learning.map((layer) => [layer, oldRate]));
}

async function zeroVelocities(session: Session, frozen: readonly string[]): Promise<void> {
  for (const { name, size, layer } of session.parameters) {
    if (!frozen.includes(layer.name))
      await session.setParameter(name, new Float32Array(size), 'velocity');
  }
}
