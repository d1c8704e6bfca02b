import { AlexNetError, ensure } from '../errors.ts';
import type { OnnxModel, OnnxNode, OnnxTensor } from '../formats/onnx.ts';
import { undividedAlpha } from '../network/layer.ts';
import type { LrnLayer, Padding, Size, Window } from '../network/layer.ts';
import { ChainBuilder } from './chain.ts';
import type { Chain, Pending } from './chain.ts';
import { readBand } from './lrn-band.ts';
import { OnnxGraph, float, int, ints, refuse, shortest } from './onnx-graph.ts';
import { readTorchLrn } from './torch-lrn.ts';
import { readTransposed } from './transpose.ts';

/** What nodes before the first layer do to the picture: `(x · scale − mean) / deviation`. */
export interface LeadingArithmetic {
  scale?: number;
  mean?: readonly [number, number, number];
  deviation?: readonly [number, number, number];
}

export interface OnnxChain extends Chain {
  readonly arithmetic: LeadingArithmetic;
}

/**
 * Recognises an ONNX graph as a chain of our layers, from its picture to its answer.
 * @param input side of the picture where the graph leaves it open.
 * @throws {AlexNetError} with the node that does not fit.
 */
export async function importOnnx(model: OnnxModel, input?: number): Promise<OnnxChain> {
  return new Importer(model, input).run();
}

class Importer {
  readonly #graph: OnnxGraph;
  readonly #builder: ChainBuilder;
  readonly #arithmetic: LeadingArithmetic = {};
  #value: string;

  constructor(model: OnnxModel, input: number | undefined) {
    ensure(
      model.opset >= 1 && model.opset <= 25,
      `The ONNX model uses opset ${model.opset}; 1 to 25 are known.`,
    );
    this.#graph = new OnnxGraph(model);
    const pictures = model.inputs.filter(({ name }) => !model.initializers.has(name));
    const [picture] = pictures;
    if (picture === undefined || pictures.length > 1)
      throw new AlexNetError(
        `The ONNX model should have one input, the picture, but has ${pictures.length}${
          pictures.length > 1
            ? `: ${pictures
                .slice(0, 8)
                .map(({ name }) => name)
                .join(', ')}`
            : ''
        }.`,
      );
    const [, channels = 3, height = input ?? 224, width = input ?? height] = picture.shape ?? [];
    this.#builder = new ChainBuilder([channels, height, width]);
    this.#value = picture.name;
  }

  async run(): Promise<OnnxChain> {
    for (let steps = 0; steps <= this.#graph.model.nodes.length; steps++) {
      const consumers = this.#graph.consumers(this.#value);
      if (consumers.length === 0) break;
      await this.#step(consumers);
    }
    const answers = this.#graph.model.outputs.map(({ name }) => name);
    ensure(
      answers.includes(this.#value),
      "The ONNX graph is not a chain of AlexNet's layers: from its picture on it ends at " +
        `"${this.#value}", but its answer is "${answers.slice(0, 4).join('", "')}".`,
    );
    return { ...(await this.#builder.finish()), arithmetic: this.#arithmetic };
  }

  async #step(consumers: readonly OnnxNode[]): Promise<void> {
    const [node] = consumers;
    if (consumers.length > 1) return this.#portableLrn(consumers);
    const known =
      node!.domain === 'com.microsoft'
        ? Object.hasOwn(fused, node!.type)
        : node!.domain === '' || node!.domain === 'ai.onnx';
    if (!known) refuse(node!, `it comes from the domain "${node!.domain.slice(0, 60)}"`);
    const handler = Object.hasOwn(handlers, node!.type) ? handlers[node!.type] : undefined;
    if (handler === undefined) refuse(node!, 'this operator is none of them');
    const next = await handler({
      node: node!,
      graph: this.#graph,
      builder: this.#builder,
      arithmetic: this.#arithmetic,
      value: this.#value,
    });
    this.#value = next ?? node!.outputs[0]!;
  }

  /**
   * `x / (k + α·Σx²)^β` as PyTorch writes it, or as we write it for runtimes without LRN: Mul(x, x)
   * → Conv with a band of α → Pow → Div.
   */
  async #portableLrn(consumers: readonly OnnxNode[]): Promise<void> {
    const torch = readTorchLrn(this.#graph, this.#value, this.#builder.shape[0]);
    if (torch !== undefined) {
      this.#builder.add(torch.layer);
      this.#value = torch.output;
      return;
    }
    const square = consumers.find(
      ({ type, inputs }) => type === 'Mul' && inputs.every((input) => input === this.#value),
    );
    const divide = consumers.find(
      ({ type, inputs }) => type === 'Div' && inputs[0] === this.#value,
    );
    const sum = this.#graph.only(square?.outputs[0], 'Conv');
    const power = this.#graph.only(sum?.outputs[0], 'Pow');
    const beta = this.#graph.numbers(power?.inputs[1])?.[0];
    const weight = this.#graph.constant(sum?.inputs[1]);
    const bias = this.#graph.constant(sum?.inputs[2]);
    if (
      consumers.length !== 2 ||
      divide === undefined ||
      sum === undefined ||
      weight === undefined ||
      bias === undefined ||
      beta === undefined ||
      divide.inputs[1] !== power?.outputs[0]
    ) {
      refuse(
        consumers[0]!,
        `the value "${this.#value}" goes on to ${consumers.length} nodes (${consumers
          .slice(0, 4)
          .map(({ type }) => type)
          .join(', ')}), and that is no local response normalisation`,
      );
    }
    const groups = int(sum, 'group', 1);
    const band = readBand(await weight.read(), weight.shape, await bias.read(), groups);
    if (band === undefined)
      refuse(sum, 'its weights are not those of a local response normalisation');
    this.#builder.add({ type: 'lrn', ...band, beta: shortest(beta) });
    this.#value = divide.outputs[0]!;
  }
}

interface Step {
  readonly node: OnnxNode;
  readonly graph: OnnxGraph;
  readonly builder: ChainBuilder;
  readonly arithmetic: LeadingArithmetic;
  readonly value: string;
}

/**
 * Adds a node's layer; returns where the chain goes on, where that is not the node's own output.
 */
type Handler = (step: Step) => string | undefined | void | Promise<string | undefined | void>;

/** What onnxruntime makes of a layer and the ReLU behind it when it writes an optimised graph. */
const fused: Readonly<Record<string, Handler>> = {
  FusedConv: (step) => withActivation(step, convolution),
  FusedGemm: (step) => withActivation(step, gemm),
};

const handlers: Readonly<Record<string, Handler>> = {
  ...fused,
  Conv: convolution,
  Relu: ({ builder }) => builder.add({ type: 'relu' }),
  Tanh: ({ builder }) => builder.add({ type: 'tanh' }),
  LRN: ({ node, builder }) => builder.add(lrn(node, 1)),
  Split: towers,
  MaxPool: pooling,
  AveragePool: pooling,
  GlobalAveragePool: ({ builder }) => builder.add({ type: 'adaptiveAveragePool', output: [1, 1] }),
  Gemm: gemm,
  MatMul: matMul,
  Flatten: ({ node }) => {
    const axis = int(node, 'axis', 1);
    if (axis !== 1 && axis !== -3) refuse(node, `its axis is ${axis} and not 1`);
  },
  Reshape: reshape,
  Dropout: dropout,
  Softmax: ({ node, builder }) => {
    const axis = int(node, 'axis', -1);
    if (axis !== 1 && axis !== -1) refuse(node, `its axis is ${axis} and not 1`);
    builder.add({ type: 'softmax' });
  },
  Identity: () => undefined,
  Cast: ({ node }) => {
    if (![1, 10, 11, 16].includes(int(node, 'to', 0)))
      refuse(node, 'it makes whole numbers of its input');
  },
  Mul: scaled,
  Sub: shifted,
  Div: scaled,
  ImageScaler: imageScaler,
};

function lrn(node: OnnxNode, groups: number): Omit<LrnLayer, 'name'> {
  const size = int(node, 'size', 0);
  const alpha = undividedAlpha({ across: 'channels', size }, float(node, 'alpha', 1e-4));
  return {
    type: 'lrn',
    across: 'channels',
    size,
    alpha,
    beta: float(node, 'beta', 0.75),
    k: float(node, 'bias', 1),
    groups,
  };
}

/** Towers that are normalised apart: Split → an LRN each, all alike → Concat. */
function towers({ node, graph, builder }: Step): string {
  const groups = node.outputs.length;
  const part = builder.shape[0] / groups;
  const parts = ints(node, 'split', graph.numbers(node.inputs[1]) ?? []);
  if (int(node, 'axis', 0) !== 1 || !Number.isInteger(part) || parts.some((size) => size !== part))
    refuse(node, 'it does not split the channels into equal towers');
  const layers = node.outputs.map(
    (output) => graph.only(output, 'LRN') ?? refuse(node, 'what it splits is not normalised'),
  );
  const [first] = layers.map((layer) => lrn(layer, groups));
  if (layers.some((layer) => JSON.stringify(lrn(layer, groups)) !== JSON.stringify(first)))
    refuse(node, 'its towers are normalised in different ways');
  const joins = layers.map(
    (layer) =>
      graph.only(layer.outputs[0], 'Concat') ??
      refuse(layer, 'its tower is not joined with the others'),
  );
  const [join] = joins;
  const inOrder = join!.inputs.join('\n') === layers.map(({ outputs }) => outputs[0]).join('\n');
  if (!inOrder || int(join!, 'axis', 0) !== 1)
    refuse(join!, 'it does not join the towers as they were split');
  builder.add(first!);
  return join!.outputs[0]!;
}

function convolution({ node, graph, builder }: Step): void {
  const weight = parameter(node, graph, 1, 4);
  const [kernels, , height, width] = weight.shape as [number, number, number, number];
  if (ints(node, 'dilations', [1, 1]).some((dilation) => dilation !== 1))
    refuse(node, 'its dilations are not 1');
  if (ints(node, 'kernel_shape', [height, width]).join() !== `${height},${width}`)
    refuse(node, `its kernel_shape is not that of its weights, ${height}×${width}`);
  const geometry = {
    kernels,
    groups: int(node, 'group', 1),
    ...slidingWindow(node, [height, width], builder),
  };
  const bias =
    node.inputs[2] === undefined || node.inputs[2] === ''
      ? undefined
      : parameter(node, graph, 2, 1);
  builder.convolution({ ...geometry, rounding: 'floor' }, weight, bias);
}

function withActivation(step: Step, layer: (step: Step) => void): void {
  const { node, builder } = step;
  const activation = node.attributes.get('activation') ?? '';
  if (node.domain !== 'com.microsoft') refuse(node, 'this operator is none of them');
  if (activation !== 'Relu' && activation !== '') refuse(node, 'its activation is not Relu');
  if ((node.inputs[3] ?? '') !== '') refuse(node, 'it adds another value');
  layer(step);
  if (activation === 'Relu') builder.add({ type: 'relu' });
}

function pooling({ node, builder }: Step): void {
  const [height, width] = ints(node, 'kernel_shape', []);
  if (height === undefined || width === undefined)
    refuse(node, 'it has no kernel_shape of two sizes');
  if (ints(node, 'dilations', [1, 1]).some((dilation) => dilation !== 1))
    refuse(node, 'its dilations are not 1');
  if (node.outputs.filter((output) => output !== '').length > 1)
    refuse(node, 'the places of its maxima are asked for');
  const window = slidingWindow(node, [height, width], builder);
  const average = node.type === 'AveragePool';
  const padded = Object.values(window.padding).some((cells) => cells > 0);
  if (average && padded && int(node, 'count_include_pad', 0) !== 0)
    refuse(node, 'its averages count the padding');
  builder.add({
    type: average ? 'averagePool' : 'maxPool',
    ...window,
    rounding: int(node, 'ceil_mode', 0) === 0 ? 'floor' : 'ceil',
  });
}

function slidingWindow(
  node: OnnxNode,
  kernel: Size,
  builder: ChainBuilder,
): Pick<Window, 'kernel' | 'stride' | 'padding'> {
  const [rows = 1, columns = rows] = ints(node, 'strides', [1, 1]);
  if (rows < 1 || columns < 1) refuse(node, 'its strides are not above zero');
  const stride = [rows, columns] as const;
  return { kernel, stride, padding: padding(node, kernel, stride, builder) };
}

function padding(node: OnnxNode, kernel: Size, stride: Size, builder: ChainBuilder): Padding {
  const automatic = node.attributes.get('auto_pad') ?? 'NOTSET';
  if (automatic === 'SAME_UPPER' || automatic === 'SAME_LOWER') {
    const [top, bottom] = samePadding(builder.shape[1], kernel[0], stride[0], automatic);
    const [left, right] = samePadding(builder.shape[2], kernel[1], stride[1], automatic);
    return { top, left, bottom, right };
  }
  if (automatic === 'VALID') return { top: 0, left: 0, bottom: 0, right: 0 };
  if (automatic !== 'NOTSET' && automatic !== '') refuse(node, 'its auto_pad is of no known kind');
  const [top = 0, left = 0, bottom = top, right = left] = ints(node, 'pads', [0, 0, 0, 0]);
  if (Math.min(top, left, bottom, right) < 0) refuse(node, 'its padding is below zero');
  return { top, left, bottom, right };
}

/**
 * As many outputs as strides fit into the input; an odd cell goes behind (UPPER) or before (LOWER).
 */
function samePadding(
  size: number,
  kernel: number,
  stride: number,
  how: 'SAME_UPPER' | 'SAME_LOWER',
): [before: number, after: number] {
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + kernel - size);
  const less = Math.floor(total / 2);
  return how === 'SAME_UPPER' ? [less, total - less] : [total - less, less];
}

function gemm({ node, graph, builder }: Step): void {
  if (int(node, 'transA', 0) !== 0) refuse(node, 'it transposes its input');
  const [alpha, beta] = [float(node, 'alpha', 1), float(node, 'beta', 1)];
  const weight = parameter(node, graph, 1, 2);
  const bias =
    node.inputs[2] === undefined || node.inputs[2] === '' ? undefined : vector(node, graph, 2);
  const turned: Pending = int(node, 'transB', 0) === 0 ? transposed(weight) : weight;
  builder.dense(turned.shape[0]!, times(turned, alpha), bias && times(bias, beta));
}

/** MatMul, and the Add of a bias behind it. */
function matMul({ node, graph, builder, value }: Step): string | undefined {
  if (node.inputs[0] !== value) refuse(node, 'its weights come first');
  const weight = transposed(parameter(node, graph, 1, 2));
  const [add] = graph.consumers(node.outputs[0]!);
  const place =
    add?.type === 'Add'
      ? add.inputs.findIndex((input) => graph.constant(input)?.count === weight.shape[0])
      : -1;
  builder.dense(weight.shape[0]!, weight, place < 0 ? undefined : vector(add!, graph, place));
  return place < 0 ? undefined : add!.outputs[0];
}

function parameter(node: OnnxNode, graph: OnnxGraph, index: number, axes: number): OnnxTensor {
  const tensor = graph.own(node, index);
  if (tensor.shape.length !== axes)
    refuse(
      node,
      `its input ${index} should have ${axes} axes but has the shape [${tensor.shape.join(',')}]`,
    );
  return tensor;
}

/** A bias may be stored as `[n]` or `[1, n]`. */
function vector(node: OnnxNode, graph: OnnxGraph, index: number): Pending {
  const tensor = graph.own(node, index);
  return { shape: [tensor.count], read: () => tensor.read() };
}

function transposed(weight: OnnxTensor): Pending {
  const [inputs, outputs] = weight.shape as [number, number];
  return { shape: [outputs, inputs], read: () => readTransposed(weight, [inputs, 1, 1]) };
}

function times(pending: Pending, factor: number): Pending {
  return factor === 1
    ? pending
    : {
        shape: pending.shape,
        read: async () => (await pending.read()).map((value) => value * factor),
      };
}

/** Only the way from maps to a vector: `[n, c·h·w]`. */
function reshape({ node, graph, builder }: Step): void {
  const [channels, height, width] = builder.shape;
  const features = channels * height * width;
  const attribute = node.attributes.get('shape');
  const shape = Array.isArray(attribute)
    ? (attribute as readonly number[])
    : graph.numbers(node.inputs[1]);
  if (shape === undefined && graph.isShapeArithmetic(node.inputs[1])) return;
  if (shape?.length !== 2 || !(shape[1] === features || shape[1] === -1))
    refuse(
      node,
      `it should make a vector of ${features} numbers, but makes the shape ` +
        `[${shape?.join(',') ?? '?'}]`,
    );
}

function dropout({ node, graph, builder }: Step): void {
  const rate = graph.numbers(node.inputs[1])?.[0] ?? float(node, 'ratio', 0.5);
  if (!(rate >= 0 && rate < 1)) refuse(node, `its ratio is ${rate}`);
  builder.add({ type: 'dropout', rate: shortest(rate), scale: 'train' });
}

/**
 * Before the first layer: the picture's scale or deviation. After one: a dropout of the paper's
 * kind, which multiplies when it is asked.
 */
function scaled({ node, graph, builder, arithmetic, value }: Step): void {
  const constant = node.inputs.find((input) => input !== value);
  const numbers = graph.numbers(constant);
  if (numbers === undefined || (node.type === 'Div' && node.inputs[0] !== value))
    refuse(node, 'it does not multiply by constants');
  const factors = node.type === 'Div' ? numbers.map((number) => 1 / number) : numbers;
  const [factor] = factors;
  if (builder.last.type !== 'input') {
    if (factors.length !== 1 || factor === undefined || !(factor > 0 && factor <= 1))
      refuse(node, 'it multiplies by what is no dropout');
    return builder.add({ type: 'dropout', rate: shortest(1 - factor), scale: 'test' });
  }
  if (arithmetic.mean === undefined && arithmetic.scale === undefined && factors.length === 1)
    arithmetic.scale = node.type === 'Div' ? factor! : shortest(factor!);
  else if (arithmetic.deviation === undefined && numbers.length === 3)
    arithmetic.deviation = three(
      node.type === 'Div' ? numbers.map(shortest) : factors.map((number) => 1 / number),
    );
  else refuse(node, 'it does not fit what was done to the picture before it');
}

function shifted({ node, graph, builder, arithmetic, value }: Step): void {
  const numbers = node.inputs[0] === value ? graph.numbers(node.inputs[1]) : undefined;
  if (
    builder.last.type !== 'input' ||
    arithmetic.mean !== undefined ||
    arithmetic.deviation !== undefined ||
    (numbers?.length !== 3 && numbers?.length !== 1)
  )
    refuse(node, "it does not subtract the picture's mean");
  arithmetic.mean = three(numbers.map(shortest));
}

/** Of the first ONNX versions: `x · scale + bias[channel]`. */
function imageScaler({ node, builder, arithmetic }: Step): void {
  const bias = node.attributes.get('bias');
  if (
    builder.last.type !== 'input' ||
    !Array.isArray(bias) ||
    bias.length !== 3 ||
    Object.keys(arithmetic).length > 0
  )
    refuse(node, 'it does not stand before the first layer with three biases');
  arithmetic.scale = float(node, 'scale', 1);
  arithmetic.mean = three((bias as number[]).map((value) => shortest(-value)));
}

function three(values: readonly number[]): [number, number, number] {
  const [first, second = first, third = first] = values;
  return [first!, second!, third!];
}
