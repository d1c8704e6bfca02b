import { initialValues } from '../network/parameters.ts';
import type { Session } from './engine.ts';

/** Gives a session its network's own initial values, drawn from `seed`: the same on every engine. */
export async function initialise(session: Session, seed: number): Promise<void> {
  for (const [index, parameter] of session.parameters.entries()) {
    await session.setParameter(parameter.name, initialValues(parameter, index, seed));
  }
}
