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
  /** Only tensors whose names begin so: chooses between several networks in one file. */
  readonly prefix?: string;
}

export interface RecognisedChain extends Chain {
  readonly variant: Variant;
  /** Other variants of the same shapes, which would answer differently. */
  readonly alternatives: readonly Variant[];
  /** What looks wrong, each in a sentence. */
  readonly warnings: readonly string[];
}

/**
 * A network from tensors that come with names and shapes only (PyTorch, safetensors, NumPy).
 * @throws {AlexNetError} naming the tensor that no variant explains.
 */
export async function importTensors(
  tensors: readonly StoredTensor[],
  options: TensorOptions = {},
): Promise<RecognisedChain> {
  const { layers, fitting } = fittingLayers(chosen(tensors, options.prefix), options);
  const [best] = fitting;
  if (best === undefined) throw new AlexNetError(noFit(layers, options));
  return {
    ...best,
    alternatives: fitting
      .slice(1)
      .filter(({ network }) => computation(network) !== computation(best.network))
      .map(({ variant }) => variant),
    weights: await readWeights(best.network, layers),
    warnings: [...sharedWarnings(layers), ...orderWarnings(tensors, layers)],
  };
}

function chosen(tensors: readonly StoredTensor[], prefix: string | undefined): StoredTensor[] {
  if (prefix === undefined) return [...tensors];
  const start = /[./]$/.test(prefix) ? prefix : `${prefix}.`;
  const found = tensors.filter(({ name }) => name.startsWith(start));
  const beginnings = [...networksIn(tensors).keys()].slice(0, 8).join('", "');
  ensure(
    found.length > 0,
    `no tensor's name begins with "${start}". Names begin with "${beginnings}".`,
  );
  return found;
}

interface Fitting {
  readonly layers: readonly NamedLayer[];
  readonly fitting: readonly Candidate[];
}

/** @throws {AlexNetError} that names the networks where there are several. */
function fittingLayers(tensors: readonly StoredTensor[], options: TensorOptions): Fitting {
  const whole = attempt(tensors, options);
  if (!(whole instanceof AlexNetError) && whole.fitting.length > 0) return whole;
  const networks = [...networksIn(tensors)].filter(([, part]) => {
    const one = attempt(part, options);
    return !(one instanceof AlexNetError) && one.fitting.length > 0;
  });
  const names = networks.map(([name]) => `"${name.replace(/[./]$/, '')}"`);
  if (names.length > 0 && tensors.length > networks[0]![1].length)
    throw new AlexNetError(
      'the file holds ' +
        `${names.length > 1 ? 'several networks' : 'other tensors beside the network'}. Choose ` +
        `by the beginning of its names (--prefix): ${names.join(', ')}.`,
    );
  if (whole instanceof AlexNetError) throw whole;
  return whole;
}

function attempt(tensors: readonly StoredTensor[], options: TensorOptions): Fitting | AlexNetError {
  try {
    const layers = pairTensors(tensors);
    return { layers, fitting: candidates(layers, options) };
  } catch (error) {
    if (error instanceof AlexNetError) return error;
    throw error;
  }
}

/** Tensors by the first part of their names that is not common to all. */
function networksIn(tensors: readonly StoredTensor[]): Map<string, StoredTensor[]> {
  const paths = tensors.map(({ name }) => name.split(/(?<=[./])/));
  const depths = Math.min(...paths.map((path) => path.length));
  let common = 0;
  while (common < depths - 1 && paths.every((path) => path[common] === paths[0]![common])) common++;
  const networks = new Map<string, StoredTensor[]>();
  for (const [i, tensor] of tensors.entries()) {
    const name = paths[i]!.slice(0, common + 1).join('');
    networks.set(name, [...(networks.get(name) ?? []), tensor]);
  }
  return networks;
}

/** Layers that are one in the file learned as one; here they become two. */
function sharedWarnings(layers: readonly NamedLayer[]): string[] {
  const seen = new Map<string, string>();
  const warnings: string[] = [];
  for (const { name, share } of layers.flatMap(({ weight, bias }) =>
    bias ? [weight, bias] : [weight],
  )) {
    if (share === undefined) continue;
    const other = seen.get(share);
    if (other !== undefined)
      warnings.push(`"${other}" and "${name}" are one tensor in the file; here each gets a copy.`);
    seen.set(share, name);
  }
  return warnings;
}

/** Order by number, or by the alphabet (the safetensors library's), is no order of anyone's own. */
function orderWarnings(tensors: readonly StoredTensor[], layers: readonly NamedLayer[]): string[] {
  const places = new Map(tensors.map(({ name }, i) => [name, i]));
  const place = ({ weight }: NamedLayer): number => places.get(weight.name) ?? 0;
  const inFile = layers.toSorted((a, b) => place(a) - place(b)).map(({ name }) => name);
  const taken = layers.map(({ name }) => name);
  const alphabetical = taken.toSorted((a, b) => (a < b ? -1 : 1));
  if ([taken, alphabetical].some((order) => order.join('\n') === inFile.join('\n'))) return [];
  return [
    `The file has its layers in the order ${inFile.join(', ')}; they are taken by their names ` +
      `as ${taken.join(', ')}.`,
  ];
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
  return (
    `${asked} weights of these ` +
    `shapes${input === undefined ? '' : ` for an input of ${input}×${input}`}. Found, in ` +
    `order: ${found === '' ? 'no weights at all' : found}.`
  );
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
