import { AlexNetError, UsageError } from '../errors.ts';
import type { Layer, Network, Padding, Rounding, Shape, Size, Window } from './layer.ts';

/**
 * A window as engines need it. Floor and ceil are gone: `padding.bottom` and `padding.right` are
 * what the last window really reaches, so `output = (input + padding − kernel) / stride + 1` holds
 * exactly. They are larger than asked where `ceil` hangs over, smaller (even negative: cells never
 * looked at) where `floor` leaves cells over.
 */
export interface ResolvedWindow {
  readonly kernel: Size;
  readonly stride: Size;
  readonly padding: Padding;
}

/** One layer with its sizes worked out. */
export interface LayerShape {
  readonly layer: Layer;
  readonly input: Shape;
  readonly output: Shape;
  /** How the output size comes about, for reading: `floor((227 − 11 + 2·0)/4) + 1 = 55`. */
  readonly formula: string;
  /** Present for convolution, max-pool and average-pool. */
  readonly window?: ResolvedWindow;
}

/**
 * The sizes of every layer, the input included, one entry a layer.
 * @throws {AlexNetError} naming the layer, its input size, the formula that fails, and the nearest
 * input sizes that fit.
 */
export function inferShapes(network: Network): LayerShape[] {
  const [input] = network;
  if (input?.type !== 'input') {
    throw new AlexNetError(
      'A network starts with an input layer, but the first layer found is ' +
        `${input === undefined ? 'none at all' : `"${input.name}" of type "${input.type}"`}.`,
    );
  }
  const result = walk(network, input.shape);
  if (typeof result !== 'string') return result;
  throw new AlexNetError(`${result} ${nearestSizes(network, input.shape)}`);
}

/**
 * Where one layer's shape is asked for by name. @throws {UsageError} with the names there are.
 */
export function findLayer<T extends { readonly layer: Layer }>(
  layers: readonly T[],
  name: string,
): T {
  const found = layers.find(({ layer }) => layer.name === name);
  if (found === undefined) {
    throw new UsageError(
      `There is no layer "${name}" in this network. Its layers are: ` +
        `${layers.map(({ layer }) => layer.name).join(', ')}.`,
    );
  }
  return found;
}

/** How many numbers a shape holds. */
export function volume([channels, height, width]: Shape): number {
  return channels * height * width;
}

/** `96×55×55`, or `4096` for a vector. */
export function formatShape(shape: Shape): string {
  return shape[1] === 1 && shape[2] === 1 ? String(shape[0]) : shape.join('×');
}

function walk(network: Network, inputShape: Shape): LayerShape[] | string {
  const shapes: LayerShape[] = [];
  let current = inputShape;
  for (const layer of network) {
    const result = layerShape(layer, current);
    if (typeof result === 'string')
      return `Layer "${layer.name}" does not fit its input of ${formatShape(current)}: ${result}`;
    shapes.push({ layer, input: current, ...result });
    current = result.output;
  }
  return shapes;
}

/** The output of one layer, or a sentence that says why there is none. */
function layerShape(
  layer: Layer,
  input: Shape,
): Pick<LayerShape, 'output' | 'formula' | 'window'> | string {
  const [channels] = input;
  switch (layer.type) {
    case 'input':
      return { output: input, formula: 'as given' };
    case 'convolution': {
      if (channels % layer.groups !== 0 || layer.kernels % layer.groups !== 0) {
        return (
          `${layer.groups} groups must divide both its ${channels} input channels and its ` +
          `${layer.kernels} kernels.`
        );
      }
      return windowShape(layer, input, layer.kernels);
    }
    case 'maxPool':
    case 'averagePool':
      return windowShape(layer, input, channels);
    case 'adaptiveAveragePool':
      return {
        output: [channels, ...layer.output],
        formula:
          input[1] === layer.output[0] && input[2] === layer.output[1]
            ? 'already that size: unchanged'
            : `${layer.output.join('×')} regions of ${input[1]}×${input[2]}`,
      };
    case 'lrn':
      if (channels % layer.groups !== 0)
        return `${layer.groups} groups must divide its ${channels} channels.`;
      return { output: input, formula: 'unchanged' };
    case 'dense': {
      const read =
        input[1] === 1 && input[2] === 1
          ? String(channels)
          : `${input.join('·')} = ${volume(input)}`;
      return { output: [layer.outputs, 1, 1], formula: `${read} → ${layer.outputs}` };
    }
    case 'softmax':
      if (input[1] !== 1 || input[2] !== 1)
        return 'softmax needs a vector, so a dense layer before it.';
      return { output: input, formula: 'unchanged' };
    case 'relu':
    case 'tanh':
    case 'dropout':
      return { output: input, formula: 'unchanged' };
  }
}

function windowShape(
  window: Window,
  input: Shape,
  channels: number,
): Pick<LayerShape, 'output' | 'formula' | 'window'> | string {
  const { kernel, stride, padding, rounding } = window;
  const rows = slide(input[1], kernel[0], stride[0], padding.top, padding.bottom, rounding);
  if (typeof rows === 'string') return rows;
  const columns = slide(input[2], kernel[1], stride[1], padding.left, padding.right, rounding);
  if (typeof columns === 'string') return columns;
  return {
    output: [channels, rows.output, columns.output],
    formula:
      rows.formula === columns.formula
        ? rows.formula
        : `height ${rows.formula}; width ${columns.formula}`,
    window: {
      kernel,
      stride,
      padding: { top: padding.top, left: padding.left, bottom: rows.reach, right: columns.reach },
    },
  };
}

function slide(
  n: number,
  k: number,
  s: number,
  before: number,
  after: number,
  rounding: Rounding,
): { output: number; reach: number; formula: string } | string {
  const quotient = (n - k + before + after) / s;
  const sum = `${n} − ${k} + ${before === after ? `2·${before}` : `${before} + ${after}`}`;
  if (quotient < 0)
    return (
      `(${sum})/${s} is negative, because the window of ${k} is larger than the map of ` +
      `${n}${before + after > 0 ? ` and its padding of ${before + after}` : ''}.`
    );
  if (rounding === 'exact' && !Number.isInteger(quotient)) {
    return (
      `(${sum})/${s} + 1 = ${trim(quotient + 1)} is not whole, and rounding it down would ` +
      `leave ${(n - k + before + after) % s} of ${n} cells unseen.`
    );
  }
  let output = (rounding === 'ceil' ? Math.ceil(quotient) : Math.floor(quotient)) + 1;
  let dropped = '';
  if (rounding === 'ceil' && (output - 1) * s >= n + before) {
    output -= 1;
    dropped = ' − 1 (the last window would start past the map)';
  }
  // `exact` has nothing to round, but reads like its neighbours.
  const fraction =
    s === 1 ? `(${sum})` : `${rounding === 'ceil' ? 'ceil' : 'floor'}((${sum})/${s})`;
  return {
    output,
    reach: (output - 1) * s + k - n - before,
    formula: `${fraction} + 1${dropped} = ${output}`,
  };
}

function trim(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** The nearest smaller and larger square inputs that the network accepts. */
function nearestSizes(network: Network, [channels, height, width]: Shape): string {
  const fits = (size: number): boolean =>
    size > 0 && typeof walk(network, [channels, size, size]) !== 'string';
  const from = Math.max(height, width);
  const near: number[] = [];
  for (const direction of [-1, 1]) {
    for (let distance = direction === 1 ? 1 : 0; distance <= 512; distance++) {
      if (fits(from + direction * distance)) {
        near.push(from + direction * distance);
        break;
      }
    }
  }
  return near.length === 0
    ? 'No square input size near it fits.'
    : `The nearest input sizes that fit: ${near.map((size) => `${size}×${size}`).join(' and ')}.`;
}
