import { UsageError } from '../../errors.ts';
import { hasParameters } from '../../network/layer.ts';
import type { Network } from '../../network/layer.ts';
import { inferShapes, volume } from '../../network/shapes.ts';
import type { LayerShape } from '../../network/shapes.ts';
import { alexnet } from '../../network/variants.ts';
import type { Variant } from '../../network/variants.ts';
import type { Settings } from './settings.ts';

/** The network that settings ask for, with as many outputs as there are classes. */
export function networkFor(
  settings: Pick<Settings, 'input' | 'width' | 'initial' | 'dropout'> & {
    readonly variant: Variant;
  },
  classes: number,
): Network {
  const { variant, input, width, initial, dropout } = settings;
  const network = alexnet(variant, { classes, width, ...(input !== null && { input }) });
  return withSettings(network, { initial, dropout });
}

/** Any network, its last dense layer made for `classes`, as settings ask. */
export function networkGiven(
  network: Network,
  settings: Pick<Settings, 'initial' | 'dropout'>,
  classes: number,
): Network {
  return withSettings(withOutputs(network, classes), settings);
}

function withSettings(
  network: Network,
  { initial, dropout }: Pick<Settings, 'initial' | 'dropout'>,
): Network {
  return withDropout(initial === 'he' ? withHeInitialValues(network) : network, dropout);
}

/**
 * Another model's network with its last dense layer made for `classes`, its initial values those of
 * a small gaussian.
 */
export function networkFrom(network: Network, classes: number, dropout: number | null): Network {
  return withDropout(withOutputs(network, classes), dropout);
}

function withOutputs(network: Network, classes: number): Network {
  const last = network.findLastIndex((layer) => layer.type === 'dense');
  return network.map((layer, i) =>
    i === last && layer.type === 'dense' && layer.outputs !== classes
      ? { ...layer, outputs: classes }
      : layer,
  );
}

/** @throws {UsageError} for a layer that is not there or has nothing to freeze. */
export function checkFrozen(network: Network, freeze: readonly string[]): void {
  const names = network.filter(hasParameters).map(({ name }) => name);
  for (const name of freeze) {
    if (!names.includes(name))
      throw new UsageError(
        `There is no layer "${name}" to freeze. The layers with weights are: ${names.join(', ')}.`,
      );
  }
  if (names.every((name) => freeze.includes(name)))
    throw new UsageError(
      'All layers are frozen: there is nothing left to train. Leave at least the last one free.',
    );
}

function withDropout(network: Network, rate: number | null): Network {
  return rate === null
    ? network
    : network.map((layer) => (layer.type === 'dropout' ? { ...layer, rate } : layer));
}

/**
 * He et al. 2015 (arXiv 1502.01852): N(0, √(2/fan-in)) where a ReLU follows, which keeps the scale
 * of activations from layer to layer; where a local response normalisation follows it divides small
 * activations by k^β, which is made good for here. The last layer gets N(0, √(1/fan-in)); biases 0.
 */
function withHeInitialValues(network: Network): Network {
  const last = network.findLast((layer) => layer.type === 'dense');
  return inferShapes(network).map((shape, i) => {
    const { layer } = shape;
    if (!hasParameters(layer)) return layer;
    const gain = layer === last ? 1 : Math.SQRT2 * normalisedBy(network.slice(i + 1));
    const { weight, bias } = layer.parameters;
    const initial = {
      distribution: 'normal',
      standardDeviation: gain / Math.sqrt(fanIn(shape)),
    } as const;
    return {
      ...layer,
      parameters: {
        weight: { ...weight, initial },
        bias: { ...bias, initial: { distribution: 'constant', value: 0 } },
      },
    };
  });
}

/** What the normalisations between here and the next weights divide by, at least. */
function normalisedBy(above: Network): number {
  const next = above.findIndex(hasParameters);
  return above
    .slice(0, next < 0 ? above.length : next)
    .reduce((factor, layer) => (layer.type === 'lrn' ? factor * layer.k ** layer.beta : factor), 1);
}

function fanIn({ layer, input }: LayerShape): number {
  return layer.type === 'convolution'
    ? (input[0] / layer.groups) * layer.kernel[0] * layer.kernel[1]
    : volume(input);
}
