/**
 * A network is a readonly array of layers, plain data that survives `JSON.stringify`. AlexNet is a
 * straight chain: each layer's input is the output of the layer before it, and the first entry is
 * the input itself.
 */
export type Network = readonly Layer[];

export type Layer =
  | InputLayer
  | ConvolutionLayer
  | ReluLayer
  | TanhLayer
  | LrnLayer
  | MaxPoolLayer
  | AveragePoolLayer
  | AdaptiveAveragePoolLayer
  | DenseLayer
  | DropoutLayer
  | SoftmaxLayer;

export type LayerType = Layer['type'];

/** The layers that carry weights and a bias. */
export type ParameterLayer = ConvolutionLayer | DenseLayer;

/** Channels, height, width. A vector of n numbers is `[n, 1, 1]`. */
export type Shape = readonly [channels: number, height: number, width: number];

/** Height, width. */
export type Size = readonly [height: number, width: number];

/**
 * Cells of padding on each side of a map. A convolution sees zeros there, a pooling leaves them
 * out.
 */
export interface Padding {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

/**
 * What to do when the windows do not end at the (padded) border:
 * - `floor`: the cells left over are never looked at (PyTorch's default, Caffe's convolution);
 * - `ceil`: one more window hangs over the border; a convolution sees zeros there, a pooling leaves
 *   the overhang out. As in PyTorch and Caffe a window that would start past the map and its
 *   leading padding is dropped;
 * - `exact`: a size that leaves cells over is refused.
 */
export type Rounding = 'floor' | 'ceil' | 'exact';

/** A window that slides over a map: the geometry that convolution and pooling share. */
export interface Window {
  readonly kernel: Size;
  readonly stride: Size;
  readonly padding: Padding;
  readonly rounding: Rounding;
}

/** How one parameter tensor is drawn before training. */
export type Distribution =
  | { readonly distribution: 'constant'; readonly value: number }
  | { readonly distribution: 'normal'; readonly standardDeviation: number }
  | { readonly distribution: 'uniform'; readonly bound: number };

/**
 * One parameter tensor's initial values and its own factors on the learning rate and on the weight
 * decay.
 */
export interface ParameterRule {
  readonly initial: Distribution;
  readonly learningRate: number;
  readonly decay: number;
}

export interface ParameterRules {
  readonly weight: ParameterRule;
  readonly bias: ParameterRule;
}

export interface InputLayer {
  readonly type: 'input';
  readonly name: string;
  readonly shape: Shape;
}

/** `groups` towers: kernels of group g see only the input channels of group g. */
export interface ConvolutionLayer extends Window {
  readonly type: 'convolution';
  readonly name: string;
  readonly kernels: number;
  readonly groups: number;
  readonly parameters: ParameterRules;
}

export interface ReluLayer {
  readonly type: 'relu';
  readonly name: string;
}

/**
 * `tanh(x)`, what networks used before ReLU: the paper's Figure 1 trains one of each and shows how
 * much longer this one takes.
 */
export interface TanhLayer {
  readonly type: 'tanh';
  readonly name: string;
}

/**
 * Local response normalisation, paper §3.3: `b = a / (k + α·Σ a²)^β`, with α as in that formula,
 * **not** divided by the number of summands. Caffe, PyTorch, ONNX, oneDNN and the authors' code
 * divide: convert with {@link dividedAlpha} and {@link undividedAlpha}.
 *
 * - `across: 'channels'`: the sum runs over `size` neighbouring channels at the same place. With
 *   `groups` > 1 the channels are split in as many towers and no window crosses from one to the
 *   next.
 * - `across: 'map'`: the sum runs over `size`×`size` neighbours in the same map (`groups` has no
 *   meaning and is 1).
 *
 * Windows are cut at the borders: what lies outside adds nothing.
 */
export interface LrnLayer {
  readonly type: 'lrn';
  readonly name: string;
  readonly across: 'channels' | 'map';
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;
  readonly groups: number;
}

/** The largest of each window; among equals the first in reading order wins, as in PyTorch. */
export interface MaxPoolLayer extends Window {
  readonly type: 'maxPool';
  readonly name: string;
}

/** The mean of each window's cells that lie inside the map: padding and overhang do not count. */
export interface AveragePoolLayer extends Window {
  readonly type: 'averagePool';
  readonly name: string;
}

/**
 * Means over `output` evenly laid regions, PyTorch's rule: rows ⌊i·h/o⌋ up to ⌈(i+1)·h/o⌉, columns
 * likewise.
 */
export interface AdaptiveAveragePoolLayer {
  readonly type: 'adaptiveAveragePool';
  readonly name: string;
  readonly output: Size;
}

/** Every output sees every input; the input is read channels first: index = c·h·w + y·w + x. */
export interface DenseLayer {
  readonly type: 'dense';
  readonly name: string;
  readonly outputs: number;
  readonly parameters: ParameterRules;
}

/**
 * Zeroes each number with probability `rate` while training.
 * `scale: 'test'` multiplies by 1 − rate at test time (the paper); `scale: 'train'` divides the
 * survivors by 1 − rate while training and leaves testing alone ("inverted": Caffe, PyTorch).
 */
export interface DropoutLayer {
  readonly type: 'dropout';
  readonly name: string;
  readonly rate: number;
  readonly scale: 'train' | 'test';
}

/** Probabilities from logits; always the last layer, trained with cross-entropy. */
export interface SoftmaxLayer {
  readonly type: 'softmax';
  readonly name: string;
}

/** α of the paper's formula → α of the convention that divides by the number of summands. */
export function dividedAlpha(layer: Pick<LrnLayer, 'across' | 'size' | 'alpha'>): number {
  return layer.alpha * summands(layer);
}

/** α of the convention that divides by the number of summands → α of the paper's formula. */
export function undividedAlpha(layer: Pick<LrnLayer, 'across' | 'size'>, divided: number): number {
  return divided / summands(layer);
}

function summands({ across, size }: Pick<LrnLayer, 'across' | 'size'>): number {
  return across === 'channels' ? size : size * size;
}

/** Whether a layer changes each number by itself, so that it can work in place. */
export function isElementwise({ type }: Layer): boolean {
  return type === 'relu' || type === 'tanh' || type === 'dropout';
}

/** Whether a layer carries weights and a bias. */
export function hasParameters(layer: Layer): layer is ParameterLayer {
  return layer.type === 'convolution' || layer.type === 'dense';
}
