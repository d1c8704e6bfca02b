import { AlexNetError } from '../errors.ts';
import { writeOnnx } from '../formats/onnx.ts';
import type { WrittenNode, WrittenTensor } from '../formats/onnx.ts';
import type { WrittenPrecision } from '../formats/tensor.ts';
import { meanCrop } from '../images/colour.ts';
import { dividedAlpha } from '../network/layer.ts';
import type { Layer, LrnLayer } from '../network/layer.ts';
import { parametersOf } from '../network/parameters.ts';
import { edgesOf, multipliers, recordOf } from '../network/quantisation.ts';
import type { Edge, Grid, Quantisation } from '../network/quantisation.ts';
import { inferShapes, volume } from '../network/shapes.ts';
import type { LayerShape, ResolvedWindow } from '../network/shapes.ts';
import { integersOf } from './integers.ts';
import { writeBand } from './lrn-band.ts';
import { withMeanColour } from './mean-colour.ts';
import { checkModel, describe } from './model.ts';
import type { Model } from './model.ts';
import { valuesOf } from './weights.ts';

export interface OnnxOptions {
  /**
   * LRN by multiplication, convolution, power and division, for runtimes that lack the operator
   * (onnxruntime's WebGPU). Default false.
   */
  readonly portable?: boolean;
  /**
   * The graph takes bytes 0 to 255 as f32 and does scale, mean and deviation itself. Default false.
   */
  readonly withPreprocessing?: boolean;
  /**
   * How weights are stored; f16 ones are cast back to f32 by the graph, so inputs and answers stay
   * f32. Default f32.
   */
  readonly precision?: WrittenPrecision;
}

const opset = 17;

/**
 * A model as ONNX, opset 17, any number of pictures at once: input `image` `[n, 3, h, w]`, output
 * `probabilities` `[n, classes]`. Network, labels and preprocessing travel in the metadata under
 * `alexnet.…`.
 * @returns the file in pieces.
 */
export function exportOnnx(model: Model, options: OnnxOptions = {}): Iterable<Uint8Array> {
  checkModel(model);
  const graph = new GraphWriter(model, options);
  return writeOnnx({
    opset,
    producer: { name: 'alexnet', version: '1' },
    graph: 'alexnet',
    ...graph.write(),
    checksums: true,
    metadata: {
      ...describe(withMeanColour(model)),
      'alexnet.input': options.withPreprocessing === true ? 'bytes' : 'preprocessed',
    },
  });
}

class GraphWriter {
  readonly #model: Model;
  readonly #options: OnnxOptions;
  readonly #nodes: WrittenNode[] = [];
  readonly #initializers: WrittenTensor[] = [];
  #value = 'image';
  /** The last integers that were made. */
  #rounded = '';
  /** Whether what comes next has been flattened already. */
  #flat = false;

  constructor(model: Model, options: OnnxOptions) {
    this.#model = model;
    this.#options = options;
  }

  /** What int8 layers and the edges between them need, where the model is quantised. */
  get #integers(): Integers | undefined {
    const { network, quantisation } = this.#model;
    const wanted = quantisation !== undefined && this.#options.precision !== 'f16';
    return wanted
      ? { edges: edgesOf(inferShapes(network), quantisation), quantisation }
      : undefined;
  }

  write(): Pick<Parameters<typeof writeOnnx>[0], 'nodes' | 'initializers' | 'inputs' | 'outputs'> {
    const shapes = inferShapes(this.#model.network);
    const [input, output] = [shapes[0]!.output, shapes.at(-1)!.output];
    if (this.#options.withPreprocessing === true) this.#preprocess();
    this.#parameters();
    const integers = this.#integers;
    for (const [index, shape] of shapes.entries()) {
      const passed = integers !== undefined && dropsNothing(integers.edges, index, shape);
      if (!passed) this.#layer(shape);
      if (integers !== undefined) this.#edge(integers.edges, index, shapes);
    }
    const last = this.#nodes.pop()!;
    this.#nodes.push({ ...last, outputs: ['probabilities'] });
    return {
      nodes: this.#nodes,
      initializers: this.#initializers,
      inputs: [{ name: 'image', shape: ['n', ...input], doc: this.#imageDoc() }],
      outputs: [{ name: 'probabilities', shape: ['n', output[0]], doc: this.#answerDoc() }],
    };
  }

  /** What `image` expects, for whoever has only this file. */
  #imageDoc(): string {
    const { preprocessing } = this.#model;
    const { channels, crop, mean, deviation, scale, resize } = preprocessing;
    const how =
      resize.how === 'warp'
        ? `squeezed to ${resize.size}×${resize.size}`
        : `scaled until the shorter side has ${resize.size} pixels`;
    const pixels =
      `Pictures as f32 [n, 3, ${crop}, ${crop}], channels ${channels.split('').join(', ')}: ` +
      `${how}, the centre cut out`;
    if (this.#options.withPreprocessing === true)
      return `${pixels}, bytes 0 to 255 as they are; scale, mean and deviation are in the graph.`;
    const subtracted = 'tensor' in mean ? 'the mean image' : `[${mean.join(', ')}]`;
    return (
      `${pixels}, each byte p as (p · ${scale} − mean) / deviation with mean ${subtracted} and ` +
      `deviation [${deviation.join(', ')}].`
    );
  }

  #answerDoc(): string {
    return (
      `Of each picture the probabilities of ${this.#model.labels.length} classes; their names ` +
      'are in the metadata alexnet.labels.'
    );
  }

  /** `(p · scale − mean) / deviation` */
  #preprocess(): void {
    const { preprocessing, meanImage } = this.#model;
    const { scale, mean, deviation, crop } = preprocessing;
    if (scale !== 1)
      this.#node('Mul', 'scale', [this.#constant('preprocessing.scale', [1], [scale])]);
    // Undivided: the graph divides after it.
    const whole = { ...preprocessing, deviation: [1, 1, 1] as const };
    const subtracted = 'tensor' in mean ? meanCrop(whole, meanImage)! : mean;
    const shape = 'tensor' in mean ? [1, 3, crop, crop] : [1, 3, 1, 1];
    this.#node('Sub', 'mean', [this.#constant('preprocessing.mean', shape, subtracted)]);
    if (deviation.some((value) => value !== 1))
      this.#node('Div', 'deviation', [
        this.#constant('preprocessing.deviation', [1, 3, 1, 1], deviation),
      ]);
  }

  #parameters(): void {
    const { precision = 'f32' } = this.#options;
    const quantised = this.#integers?.quantisation ?? {};
    for (const { name, shape, layer, kind } of parametersOf(this.#model.network)) {
      if (recordOf(quantised, layer.name) !== undefined) {
        if (kind === 'weight') this.#int8Parameters(layer.name, shape, quantised);
        continue;
      }
      const data = valuesOf(this.#model.weights, name)!;
      this.#initializers.push({
        name: precision === 'f32' ? name : `${name}.f16`,
        shape,
        data,
        precision,
      });
      if (precision === 'f16')
        this.#nodes.push({
          type: 'Cast',
          name: `${name}.cast`,
          inputs: [`${name}.f16`],
          outputs: [name],
          attributes: { to: { int: 1 } },
        });
    }
  }

  /** Weights of 8 bits and biases of 32, each with the scales that make numbers of them. */
  #int8Parameters(layer: string, shape: readonly number[], quantisation: Quantisation): void {
    const { network, weights } = this.#model;
    const { weight, scales, bias } = integersOf(network, quantisation, weights, layer);
    const { input } = quantisation[layer]!;
    const sums = multipliers(input, scales, 'f32');
    this.#dequantised(`${layer}.weight`, { shape, data: weight }, scales);
    this.#dequantised(`${layer}.bias`, { shape: [bias.length], data: bias }, sums);
  }

  #dequantised(
    name: string,
    tensor: { readonly shape: readonly number[]; readonly data: Int8Array | Int32Array },
    scales: Float32Array,
  ): void {
    const [integers, by, zero] = [`${name}.integers`, `${name}.scales`, `${name}.zero_points`];
    const shape = [scales.length];
    // Zeros that runtimes want to see before they compute a Gemm in integers.
    const zeros = tensor.data.slice(0, scales.length).fill(0);
    this.#initializers.push(
      { name: integers, ...tensor },
      { name: by, shape, data: scales },
      { name: zero, shape, data: zeros },
    );
    this.#nodes.push({
      type: 'DequantizeLinear',
      name: `${name}.dequantized`,
      inputs: [integers, by, zero],
      outputs: [name],
      attributes: { axis: { int: 0 } },
    });
  }

  /**
   * Rounds what a layer gave to its grid. Behind a ReLU, a pooling and a flattening each, because
   * that is the form that runtimes compute in integers.
   */
  #edge(edges: readonly Edge[], index: number, shapes: readonly LayerShape[]): void {
    const edge = edges[index]!;
    const { layer } = shapes[index]!;
    if (edge === 'f32' || shapes[index + 1]?.layer.type === 'relu') return;
    if (dropsNothing(edges, index, shapes[index]!)) this.#value = this.#rounded;
    else this.#round(`${layer.name}.rounded`, edge);
    this.#unround(layer.name, edge);
    const next = shapes[index + 1];
    if (next?.layer.type !== 'dense' || volume(next.input) === next.input[0]) return;
    this.#node('Flatten', `${next.layer.name}_flatten`, [], { axis: { int: 1 } });
    this.#round(`${next.layer.name}_flatten.rounded`, edge);
    this.#unround(`${next.layer.name}_flatten`, edge);
    this.#flat = true;
  }

  #round(name: string, grid: Grid): void {
    this.#node('QuantizeLinear', name, this.#grid(name, grid));
    this.#rounded = name;
  }

  #unround(name: string, grid: Grid): void {
    this.#node('DequantizeLinear', `${name}.numbers`, this.#grid(`${name}.numbers`, grid));
  }

  #grid(name: string, { scale, zeroPoint }: Grid): string[] {
    const [by, zero] = [`${name}.scale`, `${name}.zero_point`];
    this.#initializers.push({ name: by, shape: [], data: Float32Array.of(scale) });
    this.#initializers.push({ name: zero, shape: [], data: Uint8Array.of(zeroPoint) });
    return [by, zero];
  }

  #layer({ layer, input, output, window }: LayerShape): void {
    const { name } = layer;
    switch (layer.type) {
      case 'input':
        return;
      case 'convolution':
        return this.#node('Conv', name, [`${name}.weight`, `${name}.bias`], {
          ...slide(window!),
          group: { int: layer.groups },
        });
      case 'relu':
        return this.#node('Relu', name);
      case 'tanh':
        return this.#node('Tanh', name);
      case 'lrn':
        return this.#lrn(layer, input[0]);
      case 'maxPool':
        return this.#node('MaxPool', name, [], slide(window!));
      case 'averagePool':
        return this.#node('AveragePool', name, [], {
          ...slide(window!),
          count_include_pad: { int: 0 },
        });
      case 'adaptiveAveragePool':
        return this.#adaptive(layer, input, output);
      case 'dense':
        if (input[1] * input[2] > 1 && !this.#flat)
          this.#node('Flatten', `${name}_flatten`, [], { axis: { int: 1 } });
        return this.#node('Gemm', name, [`${name}.weight`, `${name}.bias`], { transB: { int: 1 } });
      case 'dropout':
        if (layer.scale === 'test')
          this.#node('Mul', name, [this.#constant(`${name}.scale`, [1], [1 - layer.rate])]);
        return;
      case 'softmax':
        return this.#node('Softmax', name, [], { axis: { int: 1 } });
    }
  }

  /** ONNX's LRN knows no windows inside a map; those are always written by simple operators. */
  #lrn(layer: LrnLayer, channels: number): void {
    if (layer.across === 'channels' && this.#options.portable !== true) return this.#towers(layer);
    const { name, size, beta } = layer;
    const band = writeBand(layer, channels);
    const from = this.#value;
    const half = layer.across === 'map' ? (size - 1) / 2 : 0;
    this.#initializers.push(
      { name: `${name}.band`, shape: band.shape, data: band.weight },
      { name: `${name}.k`, shape: [channels], data: band.bias },
    );
    this.#node('Mul', `${name}_square`, [from]);
    this.#node('Conv', `${name}_sum`, [`${name}.band`, `${name}.k`], {
      group: { int: band.groups },
      pads: { ints: [half, half, half, half] },
      kernel_shape: { ints: band.shape.slice(2) },
    });
    this.#node('Pow', `${name}_power`, [this.#constant(`${name}.beta`, [1], [beta])]);
    this.#nodes.push({ type: 'Div', name, inputs: [from, this.#value], outputs: [name] });
    this.#value = name;
  }

  /** ONNX's LRN knows no towers either: they are split, normalised apart and joined. */
  #towers(layer: LrnLayer): void {
    const { name, size, beta, k, groups } = layer;
    const attributes = {
      size: { int: size },
      alpha: { float: dividedAlpha(layer) },
      beta: { float: beta },
      bias: { float: k },
    };
    if (groups === 1) return this.#node('LRN', name, [], attributes);
    const towers = Array.from({ length: groups }, (_, i) => `${name}.tower${i + 1}`);
    this.#nodes.push({
      type: 'Split',
      name: `${name}_split`,
      inputs: [this.#value],
      outputs: towers,
      attributes: { axis: { int: 1 } },
    });
    for (const tower of towers)
      this.#nodes.push({
        type: 'LRN',
        name: `${tower}_lrn`,
        inputs: [tower],
        outputs: [`${tower}_lrn`],
        attributes,
      });
    this.#nodes.push({
      type: 'Concat',
      name,
      inputs: towers.map((tower) => `${tower}_lrn`),
      outputs: [name],
      attributes: { axis: { int: 1 } },
    });
    this.#value = name;
  }

  /**
   * ONNX has no such pooling: none is needed where the size is right already, a plain one where it
   * divides, a matrix product else.
   */
  #adaptive(
    layer: Layer & { type: 'adaptiveAveragePool' },
    [channels, height, width]: readonly [number, number, number],
    [, rows, columns]: readonly [number, number, number],
  ): void {
    if (height === rows && width === columns) return;
    if (height % rows === 0 && width % columns === 0) {
      const kernel = { ints: [height / rows, width / columns] };
      return this.#node('AveragePool', layer.name, [], { kernel_shape: kernel, strides: kernel });
    }
    throw new AlexNetError(
      `The layer "${layer.name}" averages ${height}×${width} maps to ${rows}×${columns}, ` +
        `which do not divide evenly over ${channels} channels; ONNX has no operator for that. ` +
        `Use an input size whose maps are a multiple of ${rows}×${columns}.`,
    );
  }

  #constant(name: string, shape: readonly number[], values: ArrayLike<number>): string {
    this.#initializers.push({ name, shape, data: Float32Array.from(values) });
    return name;
  }

  /** A node that takes what the one before it gave. */
  #node(
    type: string,
    name: string,
    inputs: readonly string[] = [],
    attributes: NonNullable<WrittenNode['attributes']> = {},
  ): void {
    this.#nodes.push({ type, name, inputs: [this.#value, ...inputs], outputs: [name], attributes });
    this.#value = name;
  }
}

interface Integers {
  readonly edges: readonly Edge[];
  readonly quantisation: Quantisation;
}

/** Whether a dropout is no more than another scale of the same integers. */
function dropsNothing(edges: readonly Edge[], index: number, { layer }: LayerShape): boolean {
  return layer.type === 'dropout' && edges[index] !== 'f32' && edges[index - 1] !== 'f32';
}

/** Overhanging windows are written as padding, which every runtime agrees on; ceil_mode is not. */
function slide({
  kernel,
  stride,
  padding: { top, left, bottom, right },
}: ResolvedWindow): NonNullable<WrittenNode['attributes']> {
  return {
    kernel_shape: { ints: kernel },
    strides: { ints: stride },
    pads: { ints: [top, left, Math.max(0, bottom), Math.max(0, right)] },
  };
}
