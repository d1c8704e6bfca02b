import { AlexNetError } from '../errors.ts';
import {
  check,
  describe,
  explain,
  fields,
  kinds,
  list,
  notNegative,
  number,
  oneOf,
  positive,
  size,
  whole,
} from './check.ts';
import type { Check } from './check.ts';
import type {
  Distribution,
  Layer,
  LayerType,
  Network,
  Padding,
  ParameterRule,
  ParameterRules,
  Window,
} from './layer.ts';
import { inferShapes } from './shapes.ts';

type LayerOf<Type extends LayerType> = Extract<Layer, { type: Type }>;
type DistributionOf<Name extends Distribution['distribution']> = Extract<
  Distribution,
  { distribution: Name }
>;

const pair = list(size, 2);
const cells = whole('a whole number not below 0', (n) => n >= 0);
const initial = kinds('distribution', {
  constant: fields<DistributionOf<'constant'>>({
    distribution: oneOf('constant'),
    value: number(),
  }),
  normal: fields<DistributionOf<'normal'>>({
    distribution: oneOf('normal'),
    standardDeviation: notNegative,
  }),
  uniform: fields<DistributionOf<'uniform'>>({
    distribution: oneOf('uniform'),
    bound: notNegative,
  }),
});
const rule = fields<ParameterRule>({ initial, learningRate: notNegative, decay: notNegative });
const parameters = fields<ParameterRules>({ weight: rule, bias: rule });
const name = check(
  'letters, digits, _ and -, starting with a letter',
  (value) => typeof value === 'string' && /^[A-Za-z][\w-]*$/.test(value),
);
const window: { readonly [Key in keyof Window]: Check } = {
  kernel: pair,
  stride: pair,
  padding: fields<Padding>({ top: cells, right: cells, bottom: cells, left: cells }),
  rounding: oneOf('floor', 'ceil', 'exact'),
};

/** `kinds` has looked at the type already. */
const type = oneOf(
  'input',
  'convolution',
  'relu',
  'tanh',
  'lrn',
  'maxPool',
  'averagePool',
  'adaptiveAveragePool',
  'dense',
  'dropout',
  'softmax',
);
const layerChecks: { readonly [Type in LayerType]: Check } = {
  input: fields<LayerOf<'input'>>({ type, name, shape: list(size, 3) }),
  convolution: fields<LayerOf<'convolution'>>({
    type,
    name,
    kernels: size,
    groups: size,
    parameters,
    ...window,
  }),
  relu: fields<LayerOf<'relu'>>({ type, name }),
  tanh: fields<LayerOf<'tanh'>>({ type, name }),
  lrn: fields<LayerOf<'lrn'>>({
    type,
    name,
    across: oneOf('channels', 'map'),
    size: whole('an odd number, so that the window has a middle,', (n) => n > 0 && n % 2 === 1),
    alpha: notNegative,
    beta: notNegative,
    k: positive,
    groups: size,
  }),
  maxPool: fields<LayerOf<'maxPool'>>({ type, name, ...window }),
  averagePool: fields<LayerOf<'averagePool'>>({ type, name, ...window }),
  adaptiveAveragePool: fields<LayerOf<'adaptiveAveragePool'>>({ type, name, output: pair }),
  dense: fields<LayerOf<'dense'>>({ type, name, outputs: size, parameters }),
  dropout: fields<LayerOf<'dropout'>>({
    type,
    name,
    rate: number('a number from 0 to below 1', (n) => n >= 0 && n < 1),
    scale: oneOf('train', 'test'),
  }),
  softmax: fields<LayerOf<'softmax'>>({ type, name }),
};
const layerCheck = kinds('type', layerChecks);

/** A network as JSON text, one layer a line. Read it back with {@link parseNetwork}. */
export function stringifyNetwork(network: Network): string {
  return `[\n${network.map((layer) => `  ${JSON.stringify(layer)}`).join(',\n')}\n]\n`;
}

/**
 * Reads a network from JSON text or from the value that `JSON.parse` gave, and checks all of it:
 * every layer's fields, names given once, the input first, a softmax last and nowhere else, and
 * that all sizes fit.
 * @throws {AlexNetError} naming the layer, the field, what was expected and what was found.
 */
export function parseNetwork(json: unknown): Network {
  const value = typeof json === 'string' ? parseText(json) : json;
  if (!Array.isArray(value))
    throw new AlexNetError(
      `A network must be a JSON array of layers, but found ${describe(value)}.`,
    );
  const network = value.map((layer, index) => parseLayer(layer, index));
  checkOrder(network);
  inferShapes(network);
  return network;
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AlexNetError(
      `The network is not valid JSON: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}

function parseLayer(value: unknown, index: number): Layer {
  const flaw = layerCheck(value);
  if (flaw === undefined) return checkPooling(structuredClone(value as Layer));
  const given =
    typeof value === 'object' && value !== null && 'name' in value
      ? ` "${String(value.name)}"`
      : '';
  throw new AlexNetError(`Layer ${index}${given} of the network is not valid: ${explain(flaw)}.`);
}

/** A pooling window that sees nothing but padding has no maximum and no mean. */
function checkPooling(layer: Layer): Layer {
  if (layer.type === 'maxPool' || layer.type === 'averagePool') {
    const { kernel, padding } = layer;
    if (
      Math.max(padding.top, padding.bottom) >= kernel[0] ||
      Math.max(padding.left, padding.right) >= kernel[1]
    ) {
      throw new AlexNetError(
        `Layer "${layer.name}" is not valid: its padding must be smaller than its kernel of ` +
          `${kernel.join('×')}, but found ${JSON.stringify(padding)}.`,
      );
    }
  }
  return layer;
}

function checkOrder(network: Network): void {
  const seen = new Set<string>();
  for (const [index, layer] of network.entries()) {
    if (seen.has(layer.name))
      throw new AlexNetError(
        `Layer names must differ, but "${layer.name}" is given twice (the second time to ` +
          `layer ${index}).`,
      );
    seen.add(layer.name);
    if (layer.type === 'input' && index > 0)
      throw new AlexNetError(
        `Layer "${layer.name}" is an input, which only the first layer can be; it is layer ` +
          `${index}.`,
      );
    if (layer.type === 'softmax' && index !== network.length - 1)
      throw new AlexNetError(
        `Layer "${layer.name}" is a softmax, which only the last layer can be; it is layer ` +
          `${index} of ${network.length}.`,
      );
  }
  const last = network.at(-1);
  if (last?.type !== 'softmax')
    throw new AlexNetError(
      'A network must end with a softmax, but its last layer is ' +
        `${last === undefined ? 'missing' : `"${last.name}" of type "${last.type}"`}.`,
    );
}
