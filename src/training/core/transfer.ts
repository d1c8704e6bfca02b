import { AlexNetError } from '../../errors.ts';
import type { Session } from '../../engine/engine.ts';
import type { Model } from '../../model/model.ts';
import { valuesOf } from '../../model/weights.ts';

/** What was taken over from another model. */
export interface Transfer {
  /** Layers whose weights were taken. */
  readonly taken: readonly string[];
  /** Layers that start fresh, each with the reason. */
  readonly fresh: readonly { readonly layer: string; readonly why: string }[];
}

/**
 * Sets every parameter of the session that the model has in the same shape; the others keep what
 * they have. A layer is taken as a whole, weight and bias, or not at all.
 * @param relabelled the last layer's outputs mean other classes now: it starts fresh even where its
 * shape fits.
 * @throws {AlexNetError} where no layer fits.
 */
export async function takeOver(
  session: Session,
  model: Model,
  relabelled: boolean,
): Promise<Transfer> {
  const layers = [...new Set(session.parameters.map(({ layer }) => layer))];
  const last = session.parameters.at(-1)?.layer.name;
  const taken: string[] = [];
  const fresh: { layer: string; why: string }[] = [];
  for (const { name: layer } of layers) {
    const parameters = session.parameters.filter((parameter) => parameter.layer.name === layer);
    const misfit = parameters
      .map(({ name, shape, size }) => misfitOf(model, name, shape, size))
      .find((why) => why !== undefined);
    const why = misfit ?? (relabelled && layer === last ? 'its classes are others' : undefined);
    if (why !== undefined) {
      fresh.push({ layer, why });
      continue;
    }
    for (const { name } of parameters)
      await session.setParameter(name, valuesOf(model.weights, name)!);
    taken.push(layer);
  }
  if (taken.length === 0)
    throw new AlexNetError(
      'No layer of the model fits this network: ' +
        `${fresh.map(({ layer, why }) => `${layer}: ${why}`).join('; ')}. Train with the ` +
        'variant that the model has, or without --from.',
    );
  return { taken, fresh };
}

/** For people: what was taken over, and what was not, with the reasons. */
export function transferText({ taken, fresh }: Transfer, from: string): string {
  const rest =
    fresh.length === 0
      ? ''
      : ` Fresh: ${fresh.map(({ layer, why }) => `${layer} (${why})`).join(', ')}.`;
  return `Taken over from ${from}: ${taken.join(', ')}.${rest}`;
}

function misfitOf(
  model: Model,
  name: string,
  shape: readonly number[],
  size: number,
): string | undefined {
  const values = model.weights.get(name)?.data;
  if (values === undefined) return `the model has no "${name}"`;
  return values.length === size
    ? undefined
    : `its ${name} has ${values.length} numbers, here ${shape.join('×')} = ${size} are needed`;
}
