import { AlexNetError, ensure } from '../errors.ts';
import { hasParameters } from './layer.ts';
import type { Network } from './layer.ts';
import { findLayer, inferShapes } from './shapes.ts';

/** A run of a network's layers as a network of its own. */
export interface NetworkPart {
  /** An input layer of the shape that the layer before the part gives, then the part's layers. */
  readonly network: Network;
  /** Dropout layers of the whole that lie before it: `dropoutBefore` when it is prepared. */
  readonly dropoutBefore: number;
  /** Parameters of the whole that lie before it: where its own initial values are drawn from. */
  readonly parametersBefore: number;
}

/**
 * Layers `first … last` of a network, by name and both included, as a network of its own. A part
 * that starts at the first layer takes the images; another one takes the output of the layer before
 * it. Names stay, so parameters are found by the same names in the whole and in its part.
 * @throws {AlexNetError} for names that the network does not have, or in the other order.
 */
export function networkPart(network: Network, first: string, last: string): NetworkPart {
  const shapes = inferShapes(network);
  const from = shapes.indexOf(findLayer(shapes, first));
  const to = shapes.indexOf(findLayer(shapes, last));
  const input = network[0]!;
  ensure(
    from > 0 && to > 0,
    () => `A part starts and ends after the input layer "${input.name}", with which each begins.`,
  );
  ensure(
    from <= to,
    () => `Expected a part from a layer to one after it, but "${first}" stands after "${last}".`,
  );
  const before = network.slice(0, from);
  return {
    network: [
      { type: 'input', name: input.name, shape: shapes[from]!.input },
      ...network.slice(from, to + 1),
    ],
    dropoutBefore: before.filter(({ type }) => type === 'dropout').length,
    parametersBefore: 2 * before.filter(hasParameters).length,
  };
}

/**
 * Cuts a network into parts that follow one another: one part ends with each layer in `after`, the
 * last one with the network's last layer.
 * @param after layers by name, in the network's order.
 * @throws {AlexNetError} as {@link networkPart} does, or where nothing would be left behind a cut.
 */
export function cutNetwork(network: Network, after: readonly string[]): NetworkPart[] {
  const ends = [...after, network.at(-1)?.name ?? ''];
  let first = 1;
  return ends.map((last) => {
    const start = network[first];
    if (start === undefined)
      throw new AlexNetError(`A network cannot be cut after its last layer, "${ends.at(-1)}".`);
    const part = networkPart(network, start.name, last);
    first += part.network.length - 1;
    return part;
  });
}
