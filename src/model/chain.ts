import { AlexNetError, ensure } from '../errors.ts';
import { hasParameters } from '../network/layer.ts';
import type {
  ConvolutionLayer,
  DenseLayer,
  Layer,
  LrnLayer,
  MaxPoolLayer,
  Network,
  ParameterRules,
  Shape,
  Size,
} from '../network/layer.ts';
import { parseNetwork } from '../network/json.ts';
import { parametersOf } from '../network/parameters.ts';
import { inferShapes } from '../network/shapes.ts';
import { alexnet, variants } from '../network/variants.ts';
import type { Variant } from '../network/variants.ts';
import { showShape } from '../formats/tensor.ts';

/** Numbers that are still in their file, in our layout once read. */
export interface Pending {
  readonly shape: readonly number[];
  read(): Promise<Float32Array>;
}

export interface Chain {
  readonly network: Network;
  /** Undefined where no member of the family computes the same. */
  readonly variant: Variant | undefined;
  readonly weights: ReadonlyMap<string, Float32Array>;
}

/** Weights that come without training rules get plain ones. */
const rules: ParameterRules = {
  weight: {
    initial: { distribution: 'normal', standardDeviation: 0.01 },
    learningRate: 1,
    decay: 1,
  },
  bias: { initial: { distribution: 'constant', value: 0 }, learningRate: 1, decay: 1 },
};

/** No AlexNet has so many layers; each is looked at again for every one that follows. */
const maximumLayers = 256;

/** Builds a network from somebody else's layers, one after another, under our names. */
export class ChainBuilder {
  readonly #layers: Layer[];
  readonly #pending: (Pending | undefined)[] = [];

  constructor(input: Shape) {
    this.#layers = [{ type: 'input', name: 'input', shape: input }];
  }

  /** What the next layer gets. @throws {AlexNetError} where the last layer does not fit. */
  get shape(): Shape {
    return inferShapes(this.#layers).at(-1)!.output;
  }

  get last(): Layer {
    return this.#layers.at(-1)!;
  }

  /** A convolution without bias gets one of zeros. */
  convolution(
    geometry: Pick<
      ConvolutionLayer,
      'kernels' | 'kernel' | 'stride' | 'padding' | 'rounding' | 'groups'
    >,
    weight: Pending,
    bias: Pending | undefined,
  ): void {
    this.#push({
      type: 'convolution',
      name: `conv${this.#position + 1}`,
      parameters: rules,
      ...geometry,
    });
    this.#pending.push(weight, bias);
  }

  dense(outputs: number, weight: Pending, bias: Pending | undefined): void {
    this.#push({ type: 'dense', name: `fc${this.#position + 1}`, outputs, parameters: rules });
    this.#pending.push(weight, bias);
  }

  /** Any layer without parameters; the name is given here. */
  add(layer: Unnamed): void {
    const base = `${stems[layer.type]}${layer.type === 'softmax' ? '' : this.#position}`;
    const taken = this.#layers.filter(
      ({ name }) => name === base || name.startsWith(`${base}_`),
    ).length;
    this.#push({ ...layer, name: taken === 0 ? base : `${base}_${taken + 1}` });
  }

  /** Checks the whole network and its weights' shapes, finds the variant, reads the numbers. */
  async finish(): Promise<Chain> {
    if (this.last.type !== 'softmax') this.add({ type: 'softmax' });
    const built = parseNetwork(this.#layers.map((layer) => ({ ...layer })));
    this.#checkShapes(built);
    const variant = variantOf(built);
    const network = variant === undefined ? built : likeVariant(variant, built);
    return { network, variant, weights: await this.#read(network) };
  }

  #push(layer: Layer): void {
    ensure(
      this.#layers.length < maximumLayers,
      `The network has more than ${maximumLayers} layers, as no AlexNet has.`,
    );
    this.#layers.push(layer);
  }

  get #position(): number {
    return this.#layers.filter(hasParameters).length;
  }

  #checkShapes(network: Network): void {
    for (const [index, { name, shape }] of parametersOf(network).entries()) {
      const found = this.#pending[index]?.shape;
      ensure(
        found === undefined || found.join() === shape.join(),
        () =>
          `"${name}" should have the shape ${showShape(shape)} here, but the file's has ` +
          `${showShape(found!)}.`,
      );
    }
  }

  async #read(network: Network): Promise<Map<string, Float32Array>> {
    const weights = new Map<string, Float32Array>();
    for (const [index, { name, size }] of parametersOf(network).entries())
      weights.set(name, (await this.#pending[index]?.read()) ?? new Float32Array(size));
    return weights;
  }
}

type Unnamed = WithoutName<Exclude<Layer, ConvolutionLayer | DenseLayer | { type: 'input' }>>;
type WithoutName<T> = T extends Layer ? Omit<T, 'name'> : never;

const stems: Readonly<Record<Unnamed['type'], string>> = {
  relu: 'relu',
  tanh: 'tanh',
  lrn: 'lrn',
  maxPool: 'pool',
  averagePool: 'averagePool',
  adaptiveAveragePool: 'avgpool',
  dropout: 'drop',
  softmax: 'softmax',
};

export const variantNames = Object.keys(variants) as Variant[];

/**
 * The member of the family that computes the same from the same weights, dropout and training rules
 * aside.
 */
export function variantOf(network: Network): Variant | undefined {
  const computed = computation(network);
  return variantNames.find((variant) => {
    const candidate = tryLikeVariant(variant, network);
    return candidate !== undefined && computation(candidate) === computed;
  });
}

/**
 * A variant with the input, classes and widths of `network`. @throws {AlexNetError} where they do
 * not fit it.
 */
export function likeVariant(variant: Variant, network: Network): Network {
  const [first] = network;
  const [, height, width] = first?.type === 'input' ? first.shape : [0, 0, 0];
  ensure(
    height === width,
    `The variants have square inputs, but the network's is ${height}×${width}.`,
  );
  return variantOfWidths(variant, network.filter(hasParameters).map(outputsOf), height);
}

/**
 * A variant whose k-th layer with parameters has `widths[k]` kernels or units. Where one factor on
 * all widths gives these, it is the very network that `alexnet` makes; else initial values stay
 * those of the full widths.
 */
export function variantOfWidths(
  variant: Variant,
  widths: readonly number[],
  input?: number,
): Network {
  const options = { ...(input !== undefined && { input }), classes: widths.at(-1) ?? 0 };
  const template = alexnet(variant, options);
  const own = template.filter(hasParameters).map(outputsOf);
  const factors = new Set(widths.slice(0, -1).map((width, i) => width / own[i]!));
  const made = [...factors]
    .map((width) => alexnet(variant, { ...options, width }))
    .find((network) => network.filter(hasParameters).map(outputsOf).join() === widths.join());
  return made ?? withWidths(template, widths);
}

function withWidths(network: Network, widths: readonly number[]): Network {
  const count = network.filter(hasParameters).length;
  ensure(
    count === widths.length,
    `Expected ${count} layers with weights but found ${widths.length}.`,
  );
  let position = 0;
  const resized = network.map((layer): Layer => {
    if (!hasParameters(layer)) return layer;
    const width = widths[position++]!;
    return layer.type === 'convolution'
      ? { ...layer, kernels: width }
      : { ...layer, outputs: width };
  });
  inferShapes(resized);
  return resized;
}

function tryLikeVariant(variant: Variant, network: Network): Network | undefined {
  try {
    return likeVariant(variant, network);
  } catch (error) {
    if (error instanceof AlexNetError) return undefined;
    throw error;
  }
}

function outputsOf(layer: ConvolutionLayer | DenseLayer): number {
  return layer.type === 'convolution' ? layer.kernels : layer.outputs;
}

/**
 * What a network computes when it is asked, as a text to be compared: names, training rules and
 * what changes nothing left out.
 */
export function computation(network: Network): string {
  const lines = inferShapes(network).flatMap(({ layer, input, output, window }): unknown[] => {
    switch (layer.type) {
      case 'input':
        return [['input', ...layer.shape]];
      case 'convolution':
        return [['convolution', layer.kernels, layer.groups, window]];
      case 'maxPool':
        return [['maxPool', poolWindow(layer, window!, input, output)]];
      case 'averagePool':
        return same(input, output) && layer.kernel.join() === '1,1'
          ? []
          : [['averagePool', poolWindow(layer, window!, input, output)]];
      case 'adaptiveAveragePool':
        return same(input, output) ? [] : [['adaptiveAveragePool', layer.output]];
      case 'dense':
        return [['dense', layer.outputs]];
      case 'dropout':
        return layer.scale === 'train' ? [] : [['scale', rounded(1 - layer.rate)]];
      case 'lrn':
        return [lrnLine(layer)];
      case 'relu':
      case 'tanh':
      case 'softmax':
        return [[layer.type]];
    }
  });
  return JSON.stringify(lines);
}

function lrnLine({ across, size, alpha, beta, k, groups }: LrnLayer): unknown[] {
  return ['lrn', across, size, rounded(alpha), rounded(beta), rounded(k), groups];
}

/**
 * Where windows hang over the border does not matter to a pooling, only where they start and how
 * many there are.
 */
function poolWindow(
  { kernel, stride, padding }: Pick<MaxPoolLayer, 'kernel' | 'stride' | 'padding'>,
  _: unknown,
  __: Shape,
  output: Shape,
): unknown {
  return [kernel, stride, padding.top, padding.left, output];
}

/** Other files hold f32: six digits are what survives. */
function rounded(value: number): string {
  return value.toPrecision(6);
}

function same(a: Shape, b: Shape): boolean {
  return a.join() === b.join();
}

/** The same on both sides, or given side by side. */
export function sizeOf(values: readonly number[], fallback: number): Size {
  const [first = fallback, second = first] = values;
  return [first, second];
}
