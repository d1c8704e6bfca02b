/**
 * Everyone's names and layouts, in this one place.
 *
 * | who | names | convolution | dense |
 * |---|---|---|---|
 * | ours | `conv1.weight` … `fc8.bias` | `[out, in/groups, h, w]` | `[out, in]`, inputs channels
 * first |
 * | torchvision, timm, Hugging Face | `features.0.weight` … `classifier.6.bias`, often under a
 * prefix | as ours | as ours |
 * | Caffe | layers `conv1` … `fc8`, blobs 0 and 1 | as ours | as ours, old files `[1, 1, out, in]`
 * |
 * | TensorFlow ports | `conv1.0` or `conv1/weights` … | `[h, w, in/groups, out]` | `[in, out]`,
 * inputs channels last |
 */
import { AlexNetError } from '../errors.ts';
import type { StoredTensor } from '../formats/tensor.ts';
import type { Network } from '../network/layer.ts';
import { hasParameters } from '../network/layer.ts';
import { parametersOf } from '../network/parameters.ts';

/** One layer's weights as a file holds them. */
export interface NamedLayer {
  /** What its names have in common. */
  readonly name: string;
  readonly weight: StoredTensor;
  readonly bias: StoredTensor | undefined;
  readonly layout: 'ours' | 'channelsLast';
  readonly outputs: number;
  /** Of the weight in our layout. */
  readonly shape: readonly number[];
}

/** What checkpoints keep beside the weights. */
const besides =
  /(^|[./])(optimizer\w*|optim|lr_scheduler|scheduler|ema\w*|scaler|amp|criterion|param_groups|momentum_buffer|num_batches_tracked)([./]|$)/;

/**
 * The layers that carry weights, convolutions first, each kind in the order of the file. @throws
 * {AlexNetError} for tensors that belong to none.
 */
export function pairTensors(tensors: readonly StoredTensor[]): NamedLayer[] {
  const stems = new Map<string, StoredTensor[]>();
  for (const tensor of tensors) {
    if (besides.test(tensor.name) || tensor.shape.length === 0) continue;
    const stem = tensor.name.replace(/[./_]?[^./_]*$/, '') || tensor.name;
    stems.set(stem, [...(stems.get(stem) ?? []), tensor]);
  }
  const groups = [...stems].map(([name, members]) => ({ name, ...pair(name, members) }));
  const lastChannels = groups.some(
    ({ weight, bias }) => weight.shape.length === 4 && isChannelsLast(weight, bias),
  );
  const layers = groups.map(({ name, weight, bias }) =>
    namedLayer(name, weight, bias, lastChannels),
  );
  // `features.10` after `features.8`. Made here, because making one takes longer than loading this
  // file.
  const byNumbers = new Intl.Collator('en', { numeric: true });
  const rank = ({ weight }: NamedLayer): number => (weight.shape.length === 4 ? 0 : 1);
  return layers.toSorted((a, b) => rank(a) - rank(b) || byNumbers.compare(a.name, b.name));
}

function pair(name: string, members: readonly StoredTensor[]): Pick<NamedLayer, 'weight' | 'bias'> {
  const weights = members.filter(({ shape }) => shape.length === 4 || shape.length === 2);
  const biases = members.filter(({ shape }) => shape.length === 1);
  const [weight] = weights;
  const stranger = members.find((member) => !weights.includes(member) && !biases.includes(member));
  if (stranger !== undefined || weight === undefined || weights.length > 1 || biases.length > 1) {
    const found = members
      .map((member) => `${member.name} [${member.shape.join(',')}]`)
      .slice(0, 6)
      .join(', ');
    throw new AlexNetError(
      `The weights are not AlexNet's: "${name}" should be one weight of two or four axes ` +
        `with one bias, but is ${found}. Layers of other kinds (batch normalisation, ` +
        'attention, …) are not known.',
    );
  }
  return { weight, bias: biases[0] };
}

/**
 * Told by the axis that is as long as the bias; where both are, `[out, in, h, w]` as most write it.
 */
function isChannelsLast({ shape }: StoredTensor, bias: StoredTensor | undefined): boolean {
  return bias !== undefined && shape[0] !== bias.count && shape[3] === bias.count;
}

function namedLayer(
  name: string,
  weight: StoredTensor,
  bias: StoredTensor | undefined,
  channelsLast: boolean,
): NamedLayer {
  const { shape } = weight;
  if (!channelsLast) return { name, weight, bias, layout: 'ours', outputs: shape[0]!, shape };
  const ours =
    shape.length === 4 ? [shape[3]!, shape[2]!, shape[0]!, shape[1]!] : [shape[1]!, shape[0]!];
  return { name, weight, bias, layout: 'channelsLast', outputs: ours[0]!, shape: ours };
}

const torchvisionStems = [
  'features.0',
  'features.3',
  'features.6',
  'features.8',
  'features.10',
  'classifier.1',
  'classifier.4',
  'classifier.6',
] as const;

/** Whether the layers bear torchvision's names, under whatever prefix. */
export function areTorchvisionNames(layers: readonly NamedLayer[]): boolean {
  return (
    layers.length === torchvisionStems.length &&
    layers.every(
      ({ name }, i) => name === torchvisionStems[i] || name.endsWith(`.${torchvisionStems[i]}`),
    )
  );
}

/**
 * Our parameter names → those of torchvision's `alexnet`, for every network of five convolutions
 * and three dense layers.
 * @throws {AlexNetError} for other networks.
 */
export function torchvisionNames(network: Network): Map<string, string> {
  const kinds = network.filter(hasParameters).map(({ type }) => type);
  if (
    kinds.join() !== 'convolution,convolution,convolution,convolution,convolution,dense,dense,dense'
  ) {
    throw new AlexNetError(
      "torchvision's names are for five convolutions and three dense layers, but this " +
        `network has ${kinds.join(', ')}.`,
    );
  }
  return new Map(
    parametersOf(network).map(({ name, kind }, index) => [
      name,
      `${torchvisionStems[index >> 1]}.${kind}`,
    ]),
  );
}
