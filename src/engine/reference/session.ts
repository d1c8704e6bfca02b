import { ensure } from '../../errors.ts';
import type { Layer } from '../../network/layer.ts';
import { volume } from '../../network/shapes.ts';
import type { LayerShape } from '../../network/shapes.ts';
import { multipliers, passesIntegers } from '../../network/quantisation.ts';
import type { Integers } from '../../network/quantisation.ts';
import type { Draw, ParameterPart, ReluRule, StepResult } from '../engine.ts';
import { crossEntropy, softmax } from '../loss.ts';
import { BaseSession } from '../session.ts';
import type {
  BackwardPass,
  Plan,
  ResolvedBackwardOptions,
  ResolvedGradientOptions,
  ResolvedUpdate,
} from '../session.ts';
import { convolution, convolutionBackward } from './convolution.ts';
import { dense, denseBackward } from './dense.ts';
import { dropoutFactors, multiply } from './dropout.ts';
import { dequantise, fromSums, quantise } from './integers.ts';
import { lrn, lrnBackward } from './lrn.ts';
import {
  adaptiveSpans,
  averagePool,
  averagePoolBackward,
  maxPool,
  maxPoolBackward,
  windowSpans,
} from './pool.ts';
import type { Spans } from './pool.ts';
import { relu, reluBackward } from './relu.ts';
import { sgd } from './sgd.ts';
import { tanh, tanhBackward } from './tanh.ts';

type Parts = Record<ParameterPart, Float64Array>;

const none = new Float64Array(0);

/** The whole network in float64, one layer after another: what other engines are held against. */
export class ReferenceSession extends BaseSession {
  readonly engine = 'reference';
  readonly threads = 1;
  readonly #parts: readonly Parts[];
  /** By layer index: its output (batch, …); for the input layer the images. */
  readonly #outputs: readonly Float64Array[];
  /** By layer index: the gradient of its output; made at the first backward pass. */
  #gradients: readonly Float64Array[] = [];
  /** By layer index: where maxima stood. */
  readonly #switches: readonly Int32Array[];
  /** By layer index: dropout's factors. */
  readonly #factors: readonly Float64Array[];
  /** By layer index, of int8 layers: what its sums are multiplied by. */
  readonly #multipliers = new Map<number, Float32Array>();

  constructor(plan: Plan) {
    super(plan);
    const { batch, shapes, parameters, mode } = plan;
    this.#parts = parameters.map(({ size }) => ({
      value: new Float64Array(size),
      gradient: mode === 'training' ? new Float64Array(size) : none,
      velocity: mode === 'training' ? new Float64Array(size) : none,
    }));
    this.#outputs = shapes.map(({ output }) => new Float64Array(batch * volume(output)));
    this.#switches = shapes.map(
      ({ layer, output }) => new Int32Array(layer.type === 'maxPool' ? batch * volume(output) : 0),
    );
    this.#factors = shapes.map(
      ({ layer, output }) =>
        new Float64Array(layer.type === 'dropout' ? batch * volume(output) : 0),
    );
  }

  get memoryBytes(): number {
    const arrays = [
      ...this.#parts.flatMap((parts) => Object.values(parts)),
      ...this.#outputs,
      ...this.#gradients,
      ...this.#switches,
      ...this.#factors,
    ];
    return arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  protected override async runForward(
    images: Float32Array,
    count: number,
    draw: Required<Draw> | undefined,
  ): Promise<Float32Array> {
    await this.#forward(images, count, draw);
    return this.readActivation(this.#outputs.length - 1, count);
  }

  protected override async runGradients(
    images: Float32Array,
    labels: Int32Array,
    count: number,
    options: ResolvedGradientOptions,
  ): Promise<StepResult> {
    await this.#forward(images, count, options.draw);
    const { top, classes } = this.plan;
    const { lossSum, correct, correct5 } = crossEntropy(
      this.#outputs[top]!,
      labels,
      count,
      classes,
      options,
      this.#makeGradients()[top]!,
    );
    await this.#backward(top, count, { ...options, relu: 'plain', parameters: true });
    return { loss: lossSum / count, images: count, correct, correct5 };
  }

  protected override async runBackward(
    layer: number,
    gradient: Float32Array,
    count: number,
    options: ResolvedBackwardOptions,
  ): Promise<void> {
    this.#makeGradients()[layer]!.set(gradient);
    await this.#backward(layer, count, options);
  }

  protected override viewGradient(index: number): Promise<Float64Array> {
    return Promise.resolve(this.#parts[index]!.gradient);
  }

  protected override runUpdate({
    momentum,
    gradientScale,
    parameters,
  }: ResolvedUpdate): Promise<void> {
    for (const { index, rate, decay } of parameters) {
      const { value, velocity, gradient } = this.#parts[index]!;
      sgd(value, velocity, gradient, { rate, decay, momentum, gradientScale });
    }
    return Promise.resolve();
  }

  protected override runGradientNorm(): Promise<number> {
    let sum = 0;
    for (const { gradient } of this.#parts) for (const g of gradient) sum += g * g;
    return Promise.resolve(Math.sqrt(sum));
  }

  protected override readActivation(layer: number, count: number): Promise<Float32Array> {
    const length = count * volume(this.plan.shapes[layer]!.output);
    return Promise.resolve(Float32Array.from(this.#numbers(layer, length)));
  }

  protected override readActivationGradient(layer: number, count: number): Promise<Float32Array> {
    return Promise.resolve(this.#firstImages(this.#gradients, layer, count));
  }

  protected override readParameter(index: number, part: ParameterPart): Promise<Float32Array> {
    return Promise.resolve(Float32Array.from(this.#parts[index]![part]));
  }

  protected override writeParameter(
    index: number,
    part: ParameterPart,
    values: Float32Array,
  ): Promise<void> {
    this.#parts[index]![part].set(values);
    return Promise.resolve();
  }

  protected override writeIntegers(
    layer: number,
    { weight, scales, bias }: Integers,
  ): Promise<void> {
    const { int8, edges, shapes } = this.plan;
    this.#parameter(shapes[layer]!.layer, 'weight').value.set(weight);
    this.#parameter(shapes[layer]!.layer, 'bias').value.set(bias);
    this.#multipliers.set(layer, multipliers(int8.get(layer)!.input, scales, edges[layer]!));
    return Promise.resolve();
  }

  protected override release(): Promise<void> {
    for (const arrays of [
      this.#outputs,
      this.#gradients,
      this.#switches,
      this.#factors,
      this.#parts,
    ])
      (arrays as unknown[]).length = 0;
    return Promise.resolve();
  }

  #firstImages(arrays: readonly Float64Array[], layer: number, count: number): Float32Array {
    return Float32Array.from(
      arrays[layer]!.subarray(0, count * volume(this.plan.shapes[layer]!.output)),
    );
  }

  #makeGradients(): readonly Float64Array[] {
    if (this.#gradients.length === 0)
      this.#gradients = this.#outputs.map(({ length }) => new Float64Array(length));
    return this.#gradients;
  }

  async #forward(
    images: Float32Array,
    count: number,
    draw: Required<Draw> | undefined,
  ): Promise<void> {
    this.#outputs[0]!.set(images);
    this.#toGrid(0, count);
    for (let index = 1; index < this.#outputs.length; index++) {
      if (!this.#integersForward(index, count)) {
        this.#layerForward(index, count, draw);
        this.#toGrid(index, count);
      }
      await breathe();
    }
  }

  /** Layers that take integers and give what their edge holds. @returns whether it was one. */
  #integersForward(index: number, count: number): boolean {
    const { int8, edges, shapes } = this.plan;
    const shape = shapes[index]!;
    const [input, out] = [this.#outputs[index - 1]!, this.#outputs[index]!];
    const multiplier = this.#multipliers.get(index);
    if (int8.has(index)) {
      ensure(
        multiplier !== undefined,
        () => `The int8 layer "${shape.layer.name}" has no parameters yet: call setIntegers().`,
      );
      this.#sums(index, count, input);
      fromSums(out, count, shape.output[1] * shape.output[2], multiplier, edges[index]!);
      return true;
    }
    if (edges[index] === 'f32' || edges[index - 1] === 'f32' || !passesIntegers(shape))
      return false;
    const length = count * volume(shape.output);
    if (shape.layer.type === 'relu') relu(input, length, out);
    else if (shape.layer.type === 'maxPool')
      maxPool(spansOf(shape), shape.input, input, count, out, this.#switches[index]!);
    else out.set(input.subarray(0, length));
    return true;
  }

  /** Rounds what a layer in floating point gave, where its edge holds 8 bits. */
  #toGrid(index: number, count: number): void {
    const { edges, shapes } = this.plan;
    const edge = edges[index]!;
    if (edge !== 'f32')
      quantise(this.#outputs[index]!, count * volume(shapes[index]!.output), edge);
  }

  /** A layer's output as numbers. */
  #numbers(index: number, length: number): Float64Array {
    const edge = this.plan.edges[index]!;
    const held = this.#outputs[index]!;
    if (edge === 'f32') return held.subarray(0, length);
    const numbers = new Float64Array(length);
    dequantise(held, length, edge, numbers);
    return numbers;
  }

  /** From the gradient of layer `top`'s output down to that of layer `lowest`'s. */
  async #backward(
    top: number,
    count: number,
    {
      relu: rule,
      parameters,
      accumulate,
      lowest,
      onFinal,
    }: BackwardPass & Pick<ResolvedBackwardOptions, 'relu' | 'parameters' | 'accumulate'>,
  ): Promise<void> {
    const { shapes, parameters: all, trained } = this.plan;
    if (parameters && !accumulate) for (const { gradient } of this.#parts) gradient.fill(0);
    for (let index = top; index >= Math.max(1, lowest); index--) {
      this.#layerBackward(index, count, rule, { parameters, input: index > lowest });
      if (parameters && onFinal !== undefined)
        for (const own of trained) if (all[own]!.layer === shapes[index]!.layer) onFinal(own);
      await breathe();
    }
  }

  #layerForward(index: number, count: number, draw: Required<Draw> | undefined): void {
    const shape = this.plan.shapes[index]!;
    const { layer, output } = shape;
    const input = this.#numbers(index - 1, count * volume(shape.input));
    const out = this.#outputs[index]!;
    const features = volume(output);
    switch (layer.type) {
      case 'convolution':
      case 'dense':
        return this.#sums(index, count, input);
      case 'relu':
        return relu(input, count * features, out);
      case 'tanh':
        return tanh(input, count * features, out);
      case 'lrn':
        return lrn(layer, output, input, count, out);
      case 'maxPool':
        return maxPool(spansOf(shape), shape.input, input, count, out, this.#switches[index]!);
      case 'averagePool':
      case 'adaptiveAveragePool':
        return averagePool(spansOf(shape), shape.input, input, count, out);
      case 'dropout':
        dropoutFactors(
          layer,
          draw,
          this.plan.dropoutOrdinals.get(index)!,
          features,
          count,
          this.#factors[index]!,
        );
        return multiply(input, this.#factors[index]!, count * features, out);
      case 'softmax':
        return softmax(input, count, features, out);
      case 'input':
        throw new Error('The input layer comes first and computes nothing.');
    }
  }

  /** The sums of a convolution or dense layer: of integers, they are exact. */
  #sums(index: number, count: number, input: Float64Array): void {
    const shape = this.plan.shapes[index]!;
    const weight = this.#parameter(shape.layer, 'weight').value;
    const bias = this.#parameter(shape.layer, 'bias').value;
    const out = this.#outputs[index]!;
    if (shape.layer.type === 'dense') dense(input, weight, bias, count, out);
    else convolution(convolutionSizes(shape), input, weight, bias, count, out);
  }

  /**
   * From the gradient of layer `index`'s output to that of its input and its parameters, as far as
   * wanted.
   */
  #layerBackward(
    index: number,
    count: number,
    rule: ReluRule,
    wanted: { readonly parameters: boolean; readonly input: boolean },
  ): void {
    const shape = this.plan.shapes[index]!;
    const { layer } = shape;
    const input = this.#outputs[index - 1]!;
    const dOut = this.#gradients[index]!;
    const dInput = this.#gradients[index - 1]!;
    const length = count * volume(shape.output);
    switch (layer.type) {
      case 'convolution':
      case 'dense': {
        const weight = this.#parameter(layer, 'weight');
        const trained = wanted.parameters && !this.plan.frozen.has(index);
        const dWeight = trained ? weight.gradient : undefined;
        const dBias = trained ? this.#parameter(layer, 'bias').gradient : undefined;
        const dBelow = wanted.input ? dInput : undefined;
        if (layer.type === 'dense')
          return denseBackward(
            input,
            weight.value,
            layer.outputs,
            dOut,
            count,
            dBelow,
            dWeight,
            dBias,
          );
        return convolutionBackward(
          convolutionSizes(shape),
          input,
          weight.value,
          dOut,
          count,
          dBelow,
          dWeight,
          dBias,
        );
      }
      case 'relu':
        return reluBackward(this.#outputs[index]!, dOut, length, rule, dInput);
      case 'tanh':
        return tanhBackward(this.#outputs[index]!, dOut, length, dInput);
      case 'lrn':
        return lrnBackward(layer, shape.input, input, dOut, count, dInput);
      case 'maxPool':
        return maxPoolBackward(this.#switches[index]!, dOut, length, dInput);
      case 'averagePool':
      case 'adaptiveAveragePool':
        return averagePoolBackward(spansOf(shape), shape.input, dOut, count, dInput);
      case 'dropout':
        return multiply(dOut, this.#factors[index]!, length, dInput);
      case 'softmax':
      case 'input':
        throw new Error(
          `Backward starts below the softmax and ends at the input, not at "${layer.name}".`,
        );
    }
  }

  #parameter(layer: Layer, kind: 'weight' | 'bias'): Parts {
    const index = this.plan.parameters.findIndex(
      (parameter) => parameter.layer === layer && parameter.kind === kind,
    );
    const parts = this.#parts[index];
    ensure(parts !== undefined, () => `Layer "${layer.name}" has no ${kind}.`);
    return parts;
  }
}

function convolutionSizes({
  layer,
  window,
  input,
  output,
}: LayerShape): Parameters<typeof convolution>[0] {
  if (layer.type !== 'convolution' || window === undefined)
    throw new Error(`Layer "${layer.name}" is no convolution.`);
  return { layer, window, input, output };
}

function spansOf({ layer, window, input, output }: LayerShape): Spans {
  if (layer.type === 'adaptiveAveragePool') return adaptiveSpans(input, layer.output);
  if (window === undefined) throw new Error(`Layer "${layer.name}" has no window.`);
  return windowSpans(window, input, output);
}

/** Lets other work of the event loop pass between two layers. */
function breathe(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve);
  });
}
