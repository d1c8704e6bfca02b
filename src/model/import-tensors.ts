import { AlexNetError, ensure } from '../errors.ts';
import { showShape } from '../formats/tensor.ts';
import type { StoredTensor } from '../formats/tensor.ts';
import { hasParameters } from '../network/layer.ts';
import type { Network } from '../network/layer.ts';
import { parametersOf } from '../network/parameters.ts';
import { inferShapes } from '../network/shapes.ts';
import { alexnet } from '../network/variants.ts';
import type { Variant } from '../network/variants.ts';
import { computation, variantNames, variantOfWidths } from './chain.ts';
import type { Chain } from './chain.ts';
import { areTorchvisionNames, pairTensors } from './tensor-names.ts';
import type { NamedLayer } from './tensor-names.ts';
import { readTransposed } from './transpose.ts';

export interface TensorOptions {
  /** Which member of the family the weights belong to; without it the one whose shapes fit best. */
  readonly variant?: Variant;
  /** Side of the input in pixels. Default: the variant's own. */
  readonly input?: number;
}

export interface RecognisedChain extends Chain {
  readonly variant: Variant;
  /** Other variants of the same shapes, which would answer differently. */
  readonly alternatives: readonly Variant[];
}

/**
 * A network from tensors that come with names and shapes only (PyTorch, safetensors, NumPy).
 * @throws {AlexNetError} naming the tensor that no variant explains.
 */
export async function importTensors(
  tensors: readonly StoredTensor[],
  options: TensorOptions = {},
): Promise<RecognisedChain> {
  const layers = pairTensors(tensors);
  const fitting = candidates(layers, options);
  const [best] = fitting;
  if (best === undefined) throw new AlexNetError(noFit(layers, options));
  return {
    ...best,
    alternatives: fitting
      .slice(1)
      .filter(({ network }) => computation(network) !== computation(best.network))
      .map(({ variant }) => variant),
    weights: await readWeights(best.network, layers),
  };
}

interface Candidate {
  readonly variant: Variant;
  readonly network: Network;
}

/**
 * The variants that the shapes fit, the most likely first. Where shapes leave a doubt,
 * torchvision's names decide.
 */
function candidates(layers: readonly NamedLayer[], { variant, input }: TensorOptions): Candidate[] {
  const likely: readonly Variant[] = [
    'torchvision',
    'onetower',
    'caffe',
    'caffenet',
    'single',
    'paper',
    'source',
    'small',
  ];
  const fitting = (variant === undefined ? likely : [variant]).flatMap((name) => {
    const network = fitVariant(name, layers, input);
    return network === undefined
      ? []
      : [{ variant: name, network, distance: distanceFrom(name, layers) }];
  });
  const named = areTorchvisionNames(layers)
    ? fitting.filter((candidate) => candidate.variant === 'torchvision')
    : [];
  return named.length > 0 ? named : fitting.toSorted((a, b) => a.distance - b.distance);
}

function fitVariant(
  variant: Variant,
  layers: readonly NamedLayer[],
  input: number | undefined,
): Network | undefined {
  try {
    const network = variantOfWidths(
      variant,
      layers.map(({ outputs }) => outputs),
      input,
    );
    const expected = parametersOf(network).filter(({ kind }) => kind === 'weight');
    return expected.every(({ shape }, i) => shape.join() === layers[i]?.shape.join())
      ? network
      : undefined;
  } catch (error) {
    if (error instanceof AlexNetError) return undefined;
    throw error;
  }
}

/** How unevenly a variant's widths must be scaled to get these. */
function distanceFrom(variant: Variant, layers: readonly NamedLayer[]): number {
  const own = alexnet(variant)
    .filter(hasParameters)
    .map((layer) => (layer.type === 'convolution' ? layer.kernels : layer.outputs));
  const ratios = layers.slice(0, -1).map(({ outputs }, i) => Math.log(outputs / own[i]!));
  const middle = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  return Math.round(10 * ratios.reduce((sum, ratio) => sum + Math.abs(ratio - middle), 0));
}

function noFit(layers: readonly NamedLayer[], { variant, input }: TensorOptions): string {
  const found = layers.map(({ name, shape }) => `${name} ${showShape(shape)}`).join(', ');
  const asked =
    variant === undefined
      ? `None of the variants (${variantNames.join(', ')}) has`
      : `The variant ${variant} has no`;
  return `${asked} weights of these shapes${input === undefined ? '' : ` for an input of ${input}×${input}`}. Found, in order: ${found === '' ? 'no weights at all' : found}.`;
}

/** One layer after another, so that no more than one tensor is held twice while it is turned. */
async function readWeights(
  network: Network,
  layers: readonly NamedLayer[],
): Promise<Map<string, Float32Array>> {
  const weights = new Map<string, Float32Array>();
  const shapes = inferShapes(network).filter(({ layer }) => hasParameters(layer));
  for (const [index, { layer, input }] of shapes.entries()) {
    const { weight, bias, layout, outputs } = layers[index]!;
    weights.set(
      `${layer.name}.weight`,
      await (layout === 'ours' ? weight.read() : readTransposed(weight, input)),
    );
    const biases = (await bias?.read()) ?? new Float32Array(outputs);
    ensure(
      biases.length === outputs,
      `"${bias?.name}" should have ${outputs} numbers but has ${biases.length}.`,
    );
    weights.set(`${layer.name}.bias`, biases);
  }
  return weights;
}
