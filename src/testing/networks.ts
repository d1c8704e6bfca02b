import { alexnet } from '../network/variants.ts';
import type { Variant } from '../network/variants.ts';
import type { Layer, Network, ParameterRules } from '../network/layer.ts';
import { parseNetwork } from '../network/json.ts';

/**
 * Each variant narrowed to a few thousand parameters, at sizes that keep its borders interesting:
 * overhangs, ceil pooling, cells left over.
 */
export const narrowVariants: Readonly<Record<Variant, Network>> = {
  paper: alexnet('paper', { width: 1 / 32, input: 67, classes: 7 }),
  single: alexnet('single', { width: 1 / 32, input: 67, classes: 7 }),
  source: alexnet('source', { width: 1 / 32, input: 64, classes: 7 }),
  caffe: alexnet('caffe', { width: 1 / 32, input: 64, classes: 7 }),
  caffenet: alexnet('caffenet', { width: 1 / 32, input: 64, classes: 7 }),
  torchvision: alexnet('torchvision', { width: 1 / 32, input: 64, classes: 7 }),
  onetower: alexnet('onetower', { width: 1 / 32, input: 64, classes: 7 }),
  small: alexnet('small', { width: 1 / 16, input: 33, classes: 7 }),
};

/** Weights and biases that learn at rates of their own, as the paper's do. */
export const rules: ParameterRules = {
  weight: {
    initial: { distribution: 'normal', standardDeviation: 0.1 },
    learningRate: 1,
    decay: 1,
  },
  bias: { initial: { distribution: 'constant', value: 0 }, learningRate: 2, decay: 0 },
};

/**
 * What no variant has: maps that are not square, odd channel counts, kernels and strides that
 * differ by side, uneven padding, padded and overlapping pooling, average pooling.
 */
export const oddNetwork: Network = parseNetwork([
  { type: 'input', name: 'input', shape: [5, 23, 30] },
  {
    type: 'convolution',
    name: 'conv1',
    kernels: 12,
    groups: 1,
    kernel: [5, 3],
    stride: [1, 2],
    padding: { top: 2, right: 0, bottom: 1, left: 3 },
    rounding: 'floor',
    parameters: rules,
  },
  { type: 'relu', name: 'relu1' },
  {
    type: 'lrn',
    name: 'lrn1',
    across: 'channels',
    size: 3,
    alpha: 3e-4,
    beta: 0.75,
    k: 1,
    groups: 3,
  },
  {
    type: 'maxPool',
    name: 'pool1',
    kernel: [3, 2],
    stride: [2, 1],
    padding: { top: 1, right: 0, bottom: 0, left: 1 },
    rounding: 'ceil',
  },
  {
    type: 'convolution',
    name: 'conv2',
    kernels: 15,
    groups: 3,
    kernel: [3, 4],
    stride: [2, 2],
    padding: { top: 0, right: 1, bottom: 2, left: 0 },
    rounding: 'ceil',
    parameters: rules,
  },
  { type: 'lrn', name: 'lrn2', across: 'map', size: 3, alpha: 2e-4, beta: 0.5, k: 2, groups: 1 },
  { type: 'relu', name: 'relu2' },
  {
    type: 'averagePool',
    name: 'pool2',
    kernel: [2, 2],
    stride: [2, 1],
    padding: { top: 0, right: 1, bottom: 0, left: 1 },
    rounding: 'ceil',
  },
  {
    type: 'convolution',
    name: 'conv3',
    kernels: 7,
    groups: 1,
    kernel: [1, 1],
    stride: [1, 1],
    padding: { top: 0, right: 0, bottom: 0, left: 0 },
    rounding: 'floor',
    parameters: rules,
  },
  { type: 'dropout', name: 'drop3', rate: 0.3, scale: 'train' },
  { type: 'adaptiveAveragePool', name: 'pool3', output: [2, 5] },
  { type: 'dense', name: 'fc4', outputs: 19, parameters: rules },
  { type: 'relu', name: 'relu4' },
  { type: 'dropout', name: 'drop4', rate: 0.6, scale: 'test' },
  { type: 'dense', name: 'fc5', outputs: 5, parameters: rules },
  { type: 'softmax', name: 'softmax' },
] satisfies Layer[]);

/**
 * Channels in eights, as in full width, so that our own loops over blocked layouts run; one, two,
 * three, four and five blocks of outputs, padding on every side and none.
 */
export const blockedNetwork: Network = parseNetwork([
  { type: 'input', name: 'input', shape: [3, 38, 31] },
  {
    type: 'convolution',
    name: 'conv1',
    kernels: 32,
    groups: 1,
    kernel: [5, 7],
    stride: [3, 2],
    padding: { top: 0, right: 0, bottom: 0, left: 0 },
    rounding: 'floor',
    parameters: rules,
  },
  { type: 'relu', name: 'relu1' },
  {
    type: 'lrn',
    name: 'lrn1',
    across: 'channels',
    size: 5,
    alpha: 3e-4,
    beta: 0.75,
    k: 2,
    groups: 2,
  },
  {
    type: 'maxPool',
    name: 'pool1',
    kernel: [3, 2],
    stride: [1, 1],
    padding: { top: 1, right: 0, bottom: 1, left: 1 },
    rounding: 'floor',
  },
  {
    type: 'convolution',
    name: 'conv2',
    kernels: 48,
    groups: 2,
    kernel: [3, 4],
    stride: [1, 2],
    padding: { top: 0, right: 1, bottom: 2, left: 3 },
    rounding: 'ceil',
    parameters: rules,
  },
  {
    type: 'lrn',
    name: 'lrn2',
    across: 'channels',
    size: 3,
    alpha: 2e-4,
    beta: 0.6,
    k: 1,
    groups: 1,
  },
  {
    type: 'convolution',
    name: 'conv3',
    kernels: 40,
    groups: 1,
    kernel: [3, 3],
    stride: [2, 1],
    padding: { top: 1, right: 1, bottom: 1, left: 1 },
    rounding: 'floor',
    parameters: rules,
  },
  {
    type: 'maxPool',
    name: 'pool3',
    kernel: [3, 3],
    stride: [2, 2],
    padding: { top: 0, right: 0, bottom: 0, left: 0 },
    rounding: 'ceil',
  },
  {
    type: 'convolution',
    name: 'conv4',
    kernels: 32,
    groups: 1,
    kernel: [2, 2],
    stride: [1, 1],
    padding: { top: 1, right: 0, bottom: 0, left: 1 },
    rounding: 'floor',
    parameters: rules,
  },
  {
    type: 'convolution',
    name: 'conv5',
    kernels: 8,
    groups: 1,
    kernel: [1, 1],
    stride: [1, 1],
    padding: { top: 0, right: 0, bottom: 0, left: 0 },
    rounding: 'floor',
    parameters: rules,
  },
  { type: 'dense', name: 'fc6', outputs: 56, parameters: rules },
  { type: 'relu', name: 'relu6' },
  { type: 'dense', name: 'fc7', outputs: 8, parameters: rules },
  { type: 'dense', name: 'fc8', outputs: 5, parameters: rules },
  { type: 'softmax', name: 'softmax' },
] satisfies Layer[]);

/**
 * Images with zeros around them, kernels wider than what they see at the edges, inputs longer than
 * a dense layer takes at once.
 */
export const paddedNetwork: Network = parseNetwork([
  { type: 'input', name: 'input', shape: [2, 19, 23] },
  {
    type: 'convolution',
    name: 'conv1',
    kernels: 24,
    groups: 1,
    kernel: [7, 5],
    stride: [2, 3],
    padding: { top: 3, right: 4, bottom: 0, left: 2 },
    rounding: 'floor',
    parameters: rules,
  },
  { type: 'relu', name: 'relu1' },
  {
    type: 'convolution',
    name: 'conv2',
    kernels: 48,
    groups: 3,
    kernel: [5, 5],
    stride: [1, 1],
    padding: { top: 2, right: 3, bottom: 4, left: 1 },
    rounding: 'floor',
    parameters: rules,
  },
  { type: 'relu', name: 'relu2' },
  { type: 'dense', name: 'fc3', outputs: 264, parameters: rules },
  { type: 'dense', name: 'fc4', outputs: 16, parameters: rules },
  { type: 'softmax', name: 'softmax' },
] satisfies Layer[]);

/**
 * tanh after every kind of layer, and before those that work in place behind it. The LRN brings
 * images of any scale to where tanh bends.
 */
export const tanhNetwork: Network = parseNetwork([
  { type: 'input', name: 'input', shape: [3, 21, 17] },
  {
    type: 'convolution',
    name: 'conv1',
    kernels: 10,
    groups: 1,
    kernel: [3, 3],
    stride: [1, 1],
    padding: { top: 1, right: 1, bottom: 1, left: 1 },
    rounding: 'floor',
    parameters: rules,
  },
  {
    type: 'lrn',
    name: 'lrn1',
    across: 'channels',
    size: 5,
    alpha: 0.02,
    beta: 0.75,
    k: 1,
    groups: 1,
  },
  { type: 'tanh', name: 'tanh1' },
  {
    type: 'maxPool',
    name: 'pool1',
    kernel: [3, 3],
    stride: [2, 2],
    padding: { top: 0, right: 0, bottom: 0, left: 0 },
    rounding: 'ceil',
  },
  { type: 'tanh', name: 'tanh2' },
  {
    type: 'convolution',
    name: 'conv3',
    kernels: 12,
    groups: 2,
    kernel: [3, 3],
    stride: [2, 1],
    padding: { top: 1, right: 0, bottom: 1, left: 0 },
    rounding: 'floor',
    parameters: rules,
  },
  { type: 'tanh', name: 'tanh3' },
  { type: 'dropout', name: 'drop3', rate: 0.3, scale: 'train' },
  { type: 'adaptiveAveragePool', name: 'pool3', output: [3, 2] },
  { type: 'dense', name: 'fc4', outputs: 19, parameters: rules },
  { type: 'tanh', name: 'tanh4' },
  { type: 'relu', name: 'relu4' },
  { type: 'dropout', name: 'drop4', rate: 0.5, scale: 'test' },
  { type: 'dense', name: 'fc5', outputs: 5, parameters: rules },
  { type: 'softmax', name: 'softmax' },
] satisfies Layer[]);

export const testNetworks: Readonly<Record<string, Network>> = {
  ...narrowVariants,
  odd: oddNetwork,
};

/**
 * Learning rates at which ten steps from {@link testParameters} stay calm. Where the loss explodes,
 * every rounding grows with it, and a comparison between engines would show nothing else. Without
 * LRN, or with k = 1, the networks are louder.
 */
export const calmLearningRate: Readonly<Record<string, number>> = {
  paper: 1e-4,
  single: 1e-4,
  source: 1e-4,
  caffe: 1e-6,
  caffenet: 1e-6,
  torchvision: 1e-7,
  onetower: 1e-5,
  small: 1e-4,
  odd: 1e-4,
  tanh: 1e-2,
};
