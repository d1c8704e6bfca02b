import { drawInitialValues } from '../network/parameters.ts';
import type { Session } from './engine.ts';
import { fillInPortions } from '../platform/portions.ts';

/**
 * Gives a session its network's own initial values, drawn from `seed`: the same on every engine.
 */
export async function initialise(session: Session, seed: number): Promise<void> {
  for (const [index, parameter] of session.parameters.entries()) {
    const values = new Float32Array(parameter.size);
    await fillInPortions(values, (piece, first) =>
      drawInitialValues(parameter, index, seed, piece, first),
    );
    await session.setParameter(parameter.name, values);
  }
}
