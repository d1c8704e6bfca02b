import { AlexNetError, ensure } from '../errors.ts';
import type { CaffeLayer, CaffeNet, CaffeSettings } from '../formats/caffe.ts';
import { undividedAlpha } from '../network/layer.ts';
import type { Size } from '../network/layer.ts';
import { ChainBuilder, sizeOf } from './chain.ts';
import type { Chain, Pending } from './chain.ts';

/**
 * Layers that are there for training and measuring, and compute nothing on the way from picture to
 * answer.
 */
const silent = new Set([
  'Data',
  'ImageData',
  'HDF5Data',
  'MemoryData',
  'WindowData',
  'DummyData',
  'Input',
  'Accuracy',
  'Split',
  'Silence',
  'Flatten',
]);

/**
 * A network from a Caffe model, whose weights and settings it holds itself; a prototxt, where there
 * is one, has the last word on settings (layers are matched by name, as Caffe does).
 * @throws {AlexNetError} naming the layer that is not one of ours.
 */
export async function importCaffe(
  model: CaffeNet,
  prototxt?: CaffeNet,
  input?: number,
): Promise<Chain> {
  const layers = (prototxt === undefined ? model.layers : withBlobs(prototxt, model)).filter(
    ({ phase, type }) => phase !== 'train' && !silent.has(type),
  );
  const [, channels = 3, height = input ?? 227, width = height] =
    prototxt?.input ?? model.input ?? [];
  const builder = new ChainBuilder([channels, input ?? height, input ?? width]);
  checkChain(layers);
  for (const layer of layers) addLayer(builder, layer);
  return builder.finish();
}

function withBlobs(prototxt: CaffeNet, model: CaffeNet): CaffeLayer[] {
  return prototxt.layers.map((layer) => ({
    ...layer,
    blobs: model.layers.find(({ name }) => name === layer.name)?.blobs ?? [],
  }));
}

/** Each layer must read what the one before it wrote. */
function checkChain(layers: readonly CaffeLayer[]): void {
  for (const [index, layer] of layers.entries()) {
    const before = layers[index - 1];
    const [bottom] = layer.bottoms;
    if (before === undefined || bottom === undefined || before.tops.length === 0) continue;
    ensure(
      before.tops.includes(bottom) || layer.type === 'SoftmaxWithLoss',
      `The Caffe net is not a chain: its layer "${layer.name}" reads "${bottom}", which the ` +
        `layer before it, "${before.name}", does not write.`,
    );
  }
}

function addLayer(builder: ChainBuilder, layer: CaffeLayer): void {
  const { name, type, settings } = layer;
  switch (type) {
    case 'Convolution':
      return addConvolution(builder, layer);
    case 'InnerProduct': {
      refuse(
        layer,
        whole(settings, 'axis', 1) !== 1 || whole(settings, 'transpose', 0) !== 0,
        'only axis 1 without transpose is known',
      );
      const [weight, bias] = layer.blobs;
      const outputs = whole(settings, 'num_output', weight?.shape.at(-2) ?? 0);
      const [channels, height, width] = builder.shape;
      return builder.dense(
        outputs,
        blob(layer, weight, [outputs, channels * height * width]),
        bias && blob(layer, bias, [outputs]),
      );
    }
    case 'ReLU':
      refuse(layer, value(settings, 'negative_slope', 0) !== 0, 'its negative_slope should be 0');
      return builder.add({ type: 'relu' });
    case 'LRN': {
      const size = whole(settings, 'local_size', 5);
      const across = isNamed(settings, 'norm_region', 'WITHIN_CHANNEL', 1) ? 'map' : 'channels';
      const alpha = undividedAlpha({ across, size }, value(settings, 'alpha', 1));
      // Inside a map Caffe adds 1 whatever k says (lrn_layer.cpp, WITHIN_CHANNEL).
      return builder.add({
        type: 'lrn',
        across,
        size,
        alpha,
        beta: value(settings, 'beta', 0.75),
        k: across === 'map' ? 1 : value(settings, 'k', 1),
        groups: 1,
      });
    }
    case 'Pooling':
      return addPooling(builder, layer);
    case 'Dropout':
      return builder.add({
        type: 'dropout',
        rate: value(settings, 'dropout_ratio', 0.5),
        scale: 'train',
      });
    case 'Softmax':
    case 'SoftmaxWithLoss':
      // A net for training and testing can have both, fed by the same layer.
      if (builder.last.type !== 'softmax') builder.add({ type: 'softmax' });
      return;
    default:
      throw new AlexNetError(
        `The layer "${name}" of the Caffe net is of type "${type}", which is not one of AlexNet's.`,
      );
  }
}

function addConvolution(builder: ChainBuilder, layer: CaffeLayer): void {
  const {
    settings,
    blobs: [weight, bias],
  } = layer;
  refuse(
    layer,
    list(settings, 'dilation').some((dilation) => dilation !== 1),
    'its dilation should be 1',
  );
  const kernel = window(settings, 'kernel_size', 'kernel', weight?.shape.at(-1) ?? 1);
  const groups = whole(settings, 'group', 1);
  const kernels = whole(settings, 'num_output', weight?.shape[0] ?? 0);
  const pad = window(settings, 'pad', 'pad', 0);
  const geometry = {
    kernels,
    groups,
    kernel,
    stride: window(settings, 'stride', 'stride', 1),
    padding: around(pad),
    rounding: 'floor',
  } as const;
  builder.convolution(
    geometry,
    blob(layer, weight, [kernels, builder.shape[0] / groups, ...kernel]),
    bias && blob(layer, bias, [kernels]),
  );
}

function addPooling(builder: ChainBuilder, layer: CaffeLayer): void {
  const { settings } = layer;
  const average = isNamed(settings, 'pool', 'AVE', 1);
  refuse(layer, isNamed(settings, 'pool', 'STOCHASTIC', 2), 'stochastic pooling is not known');
  if (whole(settings, 'global_pooling', 0) !== 0) {
    refuse(layer, !average, 'global pooling is known for averages only');
    return builder.add({ type: 'adaptiveAveragePool', output: [1, 1] });
  }
  const padding = around(window(settings, 'pad', 'pad', 0));
  refuse(layer, average && padding.top + padding.left > 0, 'averages over padding are not known');
  const rounding = isNamed(settings, 'round_mode', 'FLOOR', 1) ? 'floor' : 'ceil';
  const geometry = {
    kernel: window(settings, 'kernel_size', 'kernel', 1),
    stride: window(settings, 'stride', 'stride', 1),
    padding,
    rounding,
  } as const;
  builder.add({ type: average ? 'averagePool' : 'maxPool', ...geometry });
}

/** Old files give every blob four axes: `[1, 1, out, in]`, `[1, 1, 1, out]`. */
function blob(
  layer: CaffeLayer,
  stored: CaffeLayer['blobs'][number] | undefined,
  shape: readonly number[],
): Pending {
  if (stored === undefined)
    throw new AlexNetError(
      `The layer "${layer.name}" of the Caffe net has no weights. Give the .caffemodel, not ` +
        'only its .prototxt.',
    );
  const trimmed = (sizes: readonly number[]): string => sizes.filter((size) => size !== 1).join();
  return trimmed(stored.shape) === trimmed(shape) ? { shape, read: () => stored.read() } : stored;
}

function refuse({ name, type }: CaffeLayer, wrong: boolean, why: string): void {
  ensure(!wrong, `The layer "${name}" (${type}) of the Caffe net does not fit: ${why}.`);
}

function list(settings: CaffeSettings, key: string): number[] {
  return (settings.get(key) ?? []).map(Number);
}

function value(settings: CaffeSettings, key: string, fallback: number): number {
  const found = settings.get(key)?.at(-1);
  return found === undefined ? fallback : Number(Number(found).toPrecision(7));
}

function whole(settings: CaffeSettings, key: string, fallback: number): number {
  const found = value(settings, key, fallback);
  ensure(
    Number.isSafeInteger(found),
    `The Caffe net gives ${key} as "${settings.get(key)?.at(-1)}", which is no whole number.`,
  );
  return found;
}

/** `kernel_size` once or twice, or `kernel_h` and `kernel_w`. */
function window(settings: CaffeSettings, both: string, each: string, fallback: number): Size {
  if (settings.has(`${each}_h`) || settings.has(`${each}_w`))
    return [whole(settings, `${each}_h`, fallback), whole(settings, `${each}_w`, fallback)];
  return sizeOf(list(settings, both), fallback);
}

function around([rows, columns]: Size): {
  top: number;
  right: number;
  bottom: number;
  left: number;
} {
  return { top: rows, right: columns, bottom: rows, left: columns };
}

/** Enumerations are numbers in the binary form and names in the text form. */
function isNamed(settings: CaffeSettings, key: string, name: string, number: number): boolean {
  const found = settings.get(key)?.at(-1);
  return found === name || found === number;
}
