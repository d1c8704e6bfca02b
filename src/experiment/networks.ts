import { hasParameters } from '../network/layer.ts';
import type { ConvolutionLayer, Layer, Network, ParameterRules } from '../network/layer.ts';
import { alexnet } from '../network/variants.ts';

const none = { top: 0, right: 0, bottom: 0, left: 0 } as const;

/** Weights from a normal distribution; biases 0, which learn twice as fast and do not decay. */
function rules(standardDeviation: number): ParameterRules {
  return {
    weight: { initial: { distribution: 'normal', standardDeviation }, learningRate: 1, decay: 1 },
    bias: { initial: { distribution: 'constant', value: 0 }, learningRate: 2, decay: 0 },
  };
}

function convolution(name: string, kernels: number, standardDeviation: number): ConvolutionLayer {
  return {
    type: 'convolution',
    name,
    kernels,
    kernel: [5, 5],
    stride: [1, 1],
    padding: { top: 2, right: 2, bottom: 2, left: 2 },
    rounding: 'floor',
    groups: 1,
    parameters: rules(standardDeviation),
  };
}

function pool(type: 'maxPool' | 'averagePool', name: string): Layer {
  return { type, name, kernel: [3, 3], stride: [2, 2], padding: none, rounding: 'ceil' };
}

/**
 * Four layers with weights for pictures of 32×32, as in the paper's Figure 1. It does not tell their
 * sizes; these, their order and their first weights are those of the first author's own network of
 * four layers for CIFAR-10 (cuda-convnet, `layers-18pct.cfg`), without its LRN.
 */
export function fourLayers(activation: 'relu' | 'tanh'): Network {
  const act = (n: number): Layer => ({ type: activation, name: `${activation}${n}` });
  return [
    { type: 'input', name: 'input', shape: [3, 32, 32] },
    convolution('conv1', 32, 0.0001),
    pool('maxPool', 'pool1'),
    act(1),
    convolution('conv2', 32, 0.01),
    act(2),
    pool('averagePool', 'pool2'),
    convolution('conv3', 64, 0.01),
    act(3),
    pool('averagePool', 'pool3'),
    { type: 'dense', name: 'fc4', outputs: 10, parameters: rules(0.01) },
    { type: 'softmax', name: 'softmax' },
  ];
}

/** The variant `small` with half of its kernels and dense units. */
export function narrowNetwork(classes: number): Network {
  return alexnet('small', { classes, width: 0.5 });
}

/** So many outputs of each dense layer but the last: where most of AlexNet's weights are. */
export function withDenseOutputs(network: Network, outputs: number): Network {
  const last = network.findLast(({ type }) => type === 'dense');
  return network.map((layer) =>
    layer.type === 'dense' && layer !== last ? { ...layer, outputs } : layer,
  );
}

export function withoutLrn(network: Network): Network {
  return network.filter(({ type }) => type !== 'lrn');
}

/** Windows of 2, 2 apart, in the place of windows of 3. */
export function withSeparatePooling(network: Network): Network {
  return network.map((layer) =>
    layer.type === 'maxPool' ? { ...layer, kernel: [2, 2] as const } : layer,
  );
}

/** The layers that see only their own tower in the paper. */
const towered = ['conv2', 'conv4', 'conv5'];

/** The paper's two towers: half of the kernels on each side, LRN inside each. */
export function inTowers(network: Network): Network {
  return network.map((layer) => {
    if (layer.type === 'lrn') return { ...layer, groups: 2 };
    const grouped = layer.type === 'convolution' && towered.includes(layer.name);
    return grouped ? { ...layer, groups: 2 } : layer;
  });
}

/**
 * One tower: half of the kernels of each convolution but the last, which the paper did not halve
 * either (footnote 2).
 */
export function withHalfTheKernels(network: Network): Network {
  const last = network.findLast(({ type }) => type === 'convolution');
  return network.map((layer) =>
    layer.type === 'convolution' && layer !== last
      ? { ...layer, kernels: Math.round(layer.kernels / 2) }
      : layer,
  );
}

/** A layer with weights is taken out, with the ReLU (and dropout) behind it. */
export function withoutLayer(network: Network, name: string): Network {
  const at = network.findIndex((layer) => layer.name === name);
  const behind = network.slice(at + 1);
  const rest = behind.findIndex(({ type }) => type !== 'relu' && type !== 'dropout');
  if (at < 0 || !hasParameters(network[at]!)) throw new Error(`There is no layer ${name}.`);
  return [...network.slice(0, at), ...behind.slice(rest)];
}
