import { AlexNetError, UsageError, nearest } from '../errors.ts';
import { undividedAlpha } from './layer.ts';
import type {
  ConvolutionLayer,
  DenseLayer,
  Distribution,
  DropoutLayer,
  Layer,
  LrnLayer,
  MaxPoolLayer,
  Network,
  Padding,
  ParameterRules,
  Rounding,
} from './layer.ts';
import { inferShapes } from './shapes.ts';

/** The family, each member in one sentence. */
export const variants = {
  paper: 'two towers, as the paper of 2012 describes it; LRN inside each tower; 227×227',
  single: 'the paper in one tower without groups, as most tutorials teach it; 227×227',
  source:
    "the authors' own layer order and constants (layers-145.cfg), 224×224 with the last " +
    'kernels hanging over the edge',
  caffe:
    'BVLC bvlc_alexnet: LRN across both towers with k = 1, ceil-mode pooling; 227×227 ' +
    '(224×224 fits too)',
  caffenet: 'BVLC reference CaffeNet: pooling before LRN; 227×227 (224×224 fits too)',
  torchvision:
    'one tower of 64, 192, 384, 256, 256 kernels, no LRN, adaptive average pooling; 224×224',
  onetower:
    "the one-GPU network of Krizhevsky's “one weird trick” (2014): torchvision's widths, with " +
    'LRN; 224×224',
  small: 'five convolutions for pictures of 32 to 64 pixels; 32×32',
} as const;

export type Variant = keyof typeof variants;

export interface VariantOptions {
  /** Outputs of the last dense layer. Default 1,000. */
  readonly classes?: number;
  /** Height and width of the square input in pixels. Default: the variant's own. */
  readonly input?: number;
  /**
   * Factor on the number of kernels and of dense units (not classes), rounded to even numbers.
   * Default 1.
   */
  readonly width?: number;
}

/** @throws {UsageError} with the list of variants and the nearest name. */
export function parseVariant(name: string): Variant {
  if (Object.hasOwn(variants, name)) return name as Variant;
  const guess = nearest(name, Object.keys(variants));
  throw new UsageError(
    `There is no variant "${name}". ` +
      `${guess === undefined ? '' : `Did you mean "${guess}"? `}The variants are: ` +
      `${Object.keys(variants).join(', ')}.`,
  );
}

/**
 * One of AlexNet's family as data, ready to train or to take weights.
 * @throws {AlexNetError} when the input size does not fit, with the reason and the sizes that do.
 */
export function alexnet(variant: Variant = 'paper', options: VariantOptions = {}): Network {
  const { classes = 1000, input = defaultInput[variant], width = 1 } = options;
  for (const [key, value] of Object.entries({ classes, input })) {
    if (!Number.isInteger(value) || value < 1)
      throw new UsageError(`Expected ${key} to be a whole number above zero but found ${value}.`);
  }
  if (!(width > 0 && Number.isFinite(width)))
    throw new UsageError(`Expected width to be a factor above zero but found ${width}.`);
  const scaled = (units: number): number => Math.max(2, 2 * Math.round((units * width) / 2));
  const network: Network = [
    { type: 'input', name: 'input', shape: [3, input, input] },
    ...builders[variant](classes, scaled),
  ];
  checkInput(variant, network, input);
  return network;
}

const defaultInput: Record<Variant, number> = {
  paper: 227,
  single: 227,
  source: 224,
  caffe: 227,
  caffenet: 227,
  torchvision: 224,
  onetower: 224,
  small: 32,
};

const fourRightWays =
  'Four ways that are right: 227 without padding (input 227); 224 with 3 zeros on the right ' +
  'and bottom, what the authors ran (variant source); ' +
  '224 with padding 2 (variant torchvision); 224 with ceil-mode pooling, 54→27→13→6 (variant ' +
  'caffe or caffenet).';

/**
 * The family's best-known trap gets its own explanation; every other misfit is explained by its
 * shapes.
 */
function checkInput(variant: Variant, network: Network, input: number): void {
  try {
    inferShapes(network);
  } catch (error) {
    const trap = (variant === 'paper' || variant === 'single') && input === 224;
    if (!trap || !(error instanceof AlexNetError)) throw error;
    throw new AlexNetError(
      `${error.message} Rounded down, 224 would shrink to 54→26→12→5 instead of 55→27→13→6, ` +
        `so fc6 would read 6,400 numbers instead of 9,216. ${fourRightWays}`,
    );
  }
}

type Builder = (classes: number, scaled: (units: number) => number) => Layer[];

const builders: Record<Variant, Builder> = {
  paper: (classes, scaled) => originalLayers(classes, scaled, 2),
  single: (classes, scaled) => originalLayers(classes, scaled, 1),
  source: sourceLayers,
  caffe: (classes, scaled) => caffeLayers(classes, scaled, 'lrnFirst', 0.1),
  caffenet: (classes, scaled) => caffeLayers(classes, scaled, 'poolFirst', 1),
  torchvision: torchvisionLayers,
  onetower: oneTowerLayers,
  small: smallLayers,
};

/** Paper §3: the network of two towers (`groups` 2), or the same in one. */
function originalLayers(
  classes: number,
  scaled: (units: number) => number,
  groups: number,
): Layer[] {
  const rules = (bias: number): ParameterRules =>
    gaussian(0.01, bias, { biasLearningRate: 1, biasDecay: 1 });
  const lrn = (name: string): LrnLayer => lrnAcrossChannels(name, { alpha: 1e-4, k: 2, groups });
  return [
    convolution('conv1', scaled(96), 11, rules(0), { stride: 4, rounding: 'exact' }),
    relu('relu1'),
    lrn('lrn1'),
    pool('pool1'),
    convolution('conv2', scaled(256), 5, rules(1), { padding: 2, groups }),
    relu('relu2'),
    lrn('lrn2'),
    pool('pool2'),
    convolution('conv3', scaled(384), 3, rules(0), { padding: 1 }),
    relu('relu3'),
    convolution('conv4', scaled(384), 3, rules(1), { padding: 1, groups }),
    relu('relu4'),
    convolution('conv5', scaled(256), 3, rules(1), { padding: 1, groups }),
    relu('relu5'),
    pool('pool5'),
    dense('fc6', scaled(4096), rules(1)),
    relu('relu6'),
    dropout('drop6', 'test'),
    dense('fc7', scaled(4096), rules(1)),
    relu('relu7'),
    dropout('drop7', 'test'),
    dense('fc8', classes, rules(0)),
    { type: 'softmax', name: 'softmax' },
  ];
}

/**
 * The authors' code (computerhistory/AlexNet-Source-Code, layers-145.cfg): layer 1 normalises
 * before pooling and rectifies last, layer 2 normalises a second time inside each map, layer 5
 * pools before it rectifies, α is divided by the window, biases learn twice as fast and do not
 * decay.
 */
function sourceLayers(classes: number, scaled: (units: number) => number): Layer[] {
  const rules = (standardDeviation: number, bias: number): ParameterRules =>
    gaussian(standardDeviation, bias, { biasLearningRate: 2, biasDecay: 0 });
  const lrn = (name: string): LrnLayer =>
    lrnAcrossChannels(name, {
      alpha: undividedAlpha({ across: 'channels', size: 5 }, 1e-4),
      k: 2,
      groups: 2,
    });
  return [
    convolution('conv1', scaled(96), 11, rules(0.01, 0), { stride: 4, rounding: 'ceil' }),
    lrn('lrn1'),
    pool('pool1', 'ceil'),
    relu('relu1'),
    convolution('conv2', scaled(256), 5, rules(0.01, 1), { padding: 2, groups: 2 }),
    relu('relu2'),
    lrn('lrn2'),
    {
      type: 'lrn',
      name: 'lrn2map',
      across: 'map',
      size: 5,
      alpha: undividedAlpha({ across: 'map', size: 5 }, 0.001),
      beta: 0.75,
      k: 1,
      groups: 1,
    },
    pool('pool2', 'ceil'),
    convolution('conv3', scaled(384), 3, rules(0.03, 0), { padding: 1 }),
    relu('relu3'),
    convolution('conv4', scaled(384), 3, rules(0.03, 1), { padding: 1, groups: 2 }),
    relu('relu4'),
    convolution('conv5', scaled(256), 3, rules(0.03, 1), { padding: 1, groups: 2 }),
    pool('pool5', 'ceil'),
    relu('relu5'),
    dense('fc6', scaled(4096), rules(0.01, 1)),
    relu('relu6'),
    dropout('drop6', 'test'),
    dense('fc7', scaled(4096), rules(0.01, 1)),
    relu('relu7'),
    dropout('drop7', 'test'),
    dense('fc8', classes, rules(0.01, 0)),
    { type: 'softmax', name: 'softmax' },
  ];
}

/**
 * BVLC/caffe models/bvlc_alexnet (`lrnFirst`, biases 0.1) and models/bvlc_reference_caffenet
 * (`poolFirst`, biases 1).
 */
function caffeLayers(
  classes: number,
  scaled: (units: number) => number,
  order: 'lrnFirst' | 'poolFirst',
  one: number,
): Layer[] {
  const rules = (standardDeviation: number, bias: number): ParameterRules =>
    gaussian(standardDeviation, bias, { biasLearningRate: 2, biasDecay: 0 });
  const normaliseAndPool = (n: number): Layer[] => {
    const lrn = lrnAcrossChannels(`lrn${n}`, {
      alpha: undividedAlpha({ across: 'channels', size: 5 }, 1e-4),
      k: 1,
      groups: 1,
    });
    return order === 'lrnFirst' ? [lrn, pool(`pool${n}`, 'ceil')] : [pool(`pool${n}`, 'ceil'), lrn];
  };
  return [
    convolution('conv1', scaled(96), 11, rules(0.01, 0), { stride: 4 }),
    relu('relu1'),
    ...normaliseAndPool(1),
    convolution('conv2', scaled(256), 5, rules(0.01, one), { padding: 2, groups: 2 }),
    relu('relu2'),
    ...normaliseAndPool(2),
    convolution('conv3', scaled(384), 3, rules(0.01, 0), { padding: 1 }),
    relu('relu3'),
    convolution('conv4', scaled(384), 3, rules(0.01, one), { padding: 1, groups: 2 }),
    relu('relu4'),
    convolution('conv5', scaled(256), 3, rules(0.01, one), { padding: 1, groups: 2 }),
    relu('relu5'),
    pool('pool5', 'ceil'),
    dense('fc6', scaled(4096), rules(0.005, one)),
    relu('relu6'),
    dropout('drop6', 'train'),
    dense('fc7', scaled(4096), rules(0.005, one)),
    relu('relu7'),
    dropout('drop7', 'train'),
    dense('fc8', classes, rules(0.01, 0)),
    { type: 'softmax', name: 'softmax' },
  ];
}

/**
 * torchvision.models.alexnet ("one weird trick" widths without LRN); dropout stands before fc6 and
 * fc7.
 */
function torchvisionLayers(classes: number, scaled: (units: number) => number): Layer[] {
  const chain: Layer[] = [];
  let channels = 3;
  const conv = (
    name: string,
    kernels: number,
    kernel: number,
    options: WindowOptions,
  ): ConvolutionLayer => {
    const layer = convolution(
      name,
      scaled(kernels),
      kernel,
      torchDefault(channels * kernel * kernel),
      options,
    );
    channels = layer.kernels;
    return layer;
  };
  chain.push(
    conv('conv1', 64, 11, { stride: 4, padding: 2 }),
    relu('relu1'),
    pool('pool1'),
    conv('conv2', 192, 5, { padding: 2 }),
    relu('relu2'),
    pool('pool2'),
    conv('conv3', 384, 3, { padding: 1 }),
    relu('relu3'),
    conv('conv4', 256, 3, { padding: 1 }),
    relu('relu4'),
    conv('conv5', 256, 3, { padding: 1 }),
    relu('relu5'),
    pool('pool5'),
    { type: 'adaptiveAveragePool', name: 'avgpool', output: [6, 6] },
    dropout('drop6', 'train'),
    dense('fc6', scaled(4096), torchDefault(channels * 36)),
    relu('relu6'),
    dropout('drop7', 'train'),
    dense('fc7', scaled(4096), torchDefault(scaled(4096))),
    relu('relu7'),
    dense('fc8', classes, torchDefault(scaled(4096))),
    { type: 'softmax', name: 'softmax' },
  );
  return chain;
}

/**
 * "One weird trick for parallelizing convolutional neural networks" (arXiv 1404.5997), as its
 * author's code has it on one GPU (cuda-convnet2): layers 1 and 5 pool before they rectify, the
 * last kernels hang over the edge, α is divided by the window, and fc8's biases start at −7, so
 * that every class is improbable until it is learned.
 */
function oneTowerLayers(classes: number, scaled: (units: number) => number): Layer[] {
  const rules = (standardDeviation: number, bias: number): ParameterRules =>
    gaussian(standardDeviation, bias, { biasLearningRate: 2, biasDecay: 0 });
  const lrn = (name: string): LrnLayer =>
    lrnAcrossChannels(name, {
      alpha: undividedAlpha({ across: 'channels', size: 5 }, 1e-4),
      k: 2,
      groups: 1,
    });
  return [
    convolution('conv1', scaled(64), 11, rules(0.01, 0), { stride: 4, rounding: 'ceil' }),
    lrn('lrn1'),
    pool('pool1', 'ceil'),
    relu('relu1'),
    convolution('conv2', scaled(192), 5, rules(0.01, 1), { padding: 2 }),
    relu('relu2'),
    lrn('lrn2'),
    pool('pool2', 'ceil'),
    convolution('conv3', scaled(384), 3, rules(0.03, 0), { padding: 1 }),
    relu('relu3'),
    convolution('conv4', scaled(256), 3, rules(0.03, 1), { padding: 1 }),
    relu('relu4'),
    convolution('conv5', scaled(256), 3, rules(0.03, 1), { padding: 1 }),
    pool('pool5', 'ceil'),
    relu('relu5'),
    dense('fc6', scaled(4096), rules(0.01, 1)),
    relu('relu6'),
    dropout('drop6', 'test'),
    dense('fc7', scaled(4096), rules(0.01, 1)),
    relu('relu7'),
    dropout('drop7', 'test'),
    dense('fc8', classes, rules(0.01, -7)),
    { type: 'softmax', name: 'softmax' },
  ];
}

/**
 * AlexNet's plan at CIFAR's scale: five convolutions, overlapping pooling, LRN; He initial values
 * so that it trains from scratch quickly.
 */
function smallLayers(classes: number, scaled: (units: number) => number): Layer[] {
  const lrn = (name: string): LrnLayer => lrnAcrossChannels(name, { alpha: 1e-4, k: 2, groups: 1 });
  return withHeInitialValues([
    convolution('conv1', scaled(48), 5, zero, { padding: 2 }),
    relu('relu1'),
    lrn('lrn1'),
    pool('pool1', 'ceil'),
    convolution('conv2', scaled(96), 5, zero, { padding: 2 }),
    relu('relu2'),
    lrn('lrn2'),
    pool('pool2', 'ceil'),
    convolution('conv3', scaled(128), 3, zero, { padding: 1 }),
    relu('relu3'),
    convolution('conv4', scaled(128), 3, zero, { padding: 1 }),
    relu('relu4'),
    convolution('conv5', scaled(96), 3, zero, { padding: 1 }),
    relu('relu5'),
    pool('pool5', 'ceil'),
    { type: 'adaptiveAveragePool', name: 'avgpool', output: [4, 4] },
    dense('fc6', scaled(256), zero),
    relu('relu6'),
    dropout('drop6', 'train'),
    dense('fc7', scaled(256), zero),
    relu('relu7'),
    dropout('drop7', 'train'),
    dense('fc8', classes, zero),
    { type: 'softmax', name: 'softmax' },
  ]);
}

interface WindowOptions {
  readonly stride?: number;
  readonly padding?: number;
  readonly groups?: number;
  readonly rounding?: Rounding;
}

function convolution(
  name: string,
  kernels: number,
  kernel: number,
  parameters: ParameterRules,
  options: WindowOptions = {},
): ConvolutionLayer {
  const { stride = 1, padding = 0, groups = 1, rounding = 'floor' } = options;
  return {
    type: 'convolution',
    name,
    kernels,
    kernel: [kernel, kernel],
    stride: [stride, stride],
    padding: evenly(padding),
    rounding,
    groups,
    parameters,
  };
}

function relu(name: string): Layer {
  return { type: 'relu', name };
}

/** The paper's overlapping pooling: windows of 3, 2 apart. */
function pool(name: string, rounding: Rounding = 'floor'): MaxPoolLayer {
  return { type: 'maxPool', name, kernel: [3, 3], stride: [2, 2], padding: evenly(0), rounding };
}

function lrnAcrossChannels(
  name: string,
  { alpha, k, groups }: { alpha: number; k: number; groups: number },
): LrnLayer {
  return { type: 'lrn', name, across: 'channels', size: 5, alpha, beta: 0.75, k, groups };
}

function dense(name: string, outputs: number, parameters: ParameterRules): DenseLayer {
  return { type: 'dense', name, outputs, parameters };
}

function dropout(name: string, scale: DropoutLayer['scale']): DropoutLayer {
  return { type: 'dropout', name, rate: 0.5, scale };
}

function evenly(cells: number): Padding {
  return { top: cells, right: cells, bottom: cells, left: cells };
}

function gaussian(
  standardDeviation: number,
  bias: number,
  { biasLearningRate, biasDecay }: { biasLearningRate: number; biasDecay: number },
): ParameterRules {
  return {
    weight: { initial: { distribution: 'normal', standardDeviation }, learningRate: 1, decay: 1 },
    bias: {
      initial: { distribution: 'constant', value: bias },
      learningRate: biasLearningRate,
      decay: biasDecay,
    },
  };
}

/**
 * PyTorch's default for convolutions and dense layers: weights and bias uniform within ±1/√fan-in.
 */
function torchDefault(fanIn: number): ParameterRules {
  const initial: Distribution = { distribution: 'uniform', bound: 1 / Math.sqrt(fanIn) };
  return {
    weight: { initial, learningRate: 1, decay: 1 },
    bias: { initial, learningRate: 1, decay: 1 },
  };
}

const zero = gaussian(0, 0, { biasLearningRate: 1, biasDecay: 0 });

/**
 * He et al. 2015 (arXiv 1502.01852): N(0, √(2/fan-in)) before every ReLU; the last layer starts
 * small.
 */
function withHeInitialValues(layers: Layer[]): Layer[] {
  let channels = 3;
  let positions = 1;
  return layers.map((layer) => {
    if (layer.type === 'adaptiveAveragePool') positions = layer.output[0] * layer.output[1];
    if (layer.type === 'convolution') {
      const fanIn = (channels / layer.groups) * layer.kernel[0] * layer.kernel[1];
      channels = layer.kernels;
      return {
        ...layer,
        parameters: { ...layer.parameters, weight: he(layer.parameters, fanIn, 2) },
      };
    }
    if (layer.type === 'dense') {
      const fanIn = channels * positions;
      channels = layer.outputs;
      positions = 1;
      return {
        ...layer,
        parameters: {
          ...layer.parameters,
          weight: he(layer.parameters, fanIn, layer.name === 'fc8' ? 1 : 2),
        },
      };
    }
    return layer;
  });
}

function he({ weight }: ParameterRules, fanIn: number, gain: number): ParameterRules['weight'] {
  return {
    ...weight,
    initial: { distribution: 'normal', standardDeviation: Math.sqrt(gain / fanIn) },
  };
}
