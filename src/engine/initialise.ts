import { drawInitialValues } from '../network/parameters.ts';
import type { Session } from './engine.ts';
import { fillInPortions } from '../platform/portions.ts';

/**
 * Gives a session its network's own initial values, drawn from `seed`: the same on every engine.
 * @param parametersBefore where the network is part of another one: how many of the whole's
 * parameters lie before it, so that the parts start as the whole would.
 */
export async function initialise(
  session: Session,
  seed: number,
  parametersBefore = 0,
): Promise<void> {
  for (const [index, parameter] of session.parameters.entries()) {
    const values = new Float32Array(parameter.size);
    await fillInPortions(values, (piece, first) =>
      drawInitialValues(parameter, parametersBefore + index, seed, piece, first),
    );
    await session.setParameter(parameter.name, values);
  }
}
