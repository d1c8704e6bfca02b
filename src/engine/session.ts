import { AlexNetError, ensure } from '../errors.ts';
import type { Network } from '../network/layer.ts';
import { hasParameters } from '../network/layer.ts';
import { parametersOf } from '../network/parameters.ts';
import type { Parameter } from '../network/parameters.ts';
import { findLayer, formatShape, inferShapes, volume } from '../network/shapes.ts';
import type { LayerShape } from '../network/shapes.ts';
import type {
  BackwardOptions,
  Draw,
  GradientOptions,
  Mode,
  ParameterPart,
  Precision,
  PrepareOptions,
  ReluRule,
  Session,
  StepResult,
  UpdateOptions,
} from './engine.ts';

/** What {@link PrepareOptions} say, checked and with every default filled in. */
export interface Plan {
  readonly network: Network;
  /** One entry a layer, the input included: what all layer indices below refer to. */
  readonly shapes: readonly LayerShape[];
  readonly parameters: readonly Parameter[];
  readonly batch: number;
  readonly mode: Mode;
  readonly precision: Precision;
  /** By layer index. */
  readonly kept: ReadonlySet<number>;
  /** By layer index. */
  readonly frozen: ReadonlySet<number>;
  /** `gradients` has nothing to do below this layer index: everything under it is frozen. */
  readonly lowestTrained: number;
  /** Layer index → position among the dropout layers: the `index` of its masks' address. */
  readonly dropoutOrdinals: ReadonlyMap<number, number>;
  readonly imageSize: number;
  readonly classes: number;
}

export interface ResolvedGradientOptions {
  readonly draw: Required<Draw> | undefined;
  readonly labelSmoothing: number;
  readonly accumulate: boolean;
  readonly divisor: number;
}

/** One parameter's update: `v ← μ v − rate·decay·w − rate·scale·g; w ← w + v`. */
export interface ParameterUpdate {
  /** Position in `plan.parameters`. */
  readonly index: number;
  readonly rate: number;
  readonly decay: number;
}

export interface ResolvedUpdate {
  readonly momentum: number;
  readonly gradientScale: number;
  readonly parameters: readonly ParameterUpdate[];
}

/**
 * Checks what every engine must check before it plans.
 * @throws {AlexNetError} for a network that does not fit, a batch that is no whole number, or
 * unknown layer names.
 */
export function makePlan(network: Network, options: PrepareOptions): Plan {
  const shapes = inferShapes(network);
  const { batch, mode, precision = 'f32', threads } = options;
  ensure(
    network.at(-1)?.type === 'softmax',
    () => `A network must end with a softmax, but its last layer is "${network.at(-1)?.name}".`,
  );
  ensure(
    Number.isInteger(batch) && batch > 0,
    () => `Expected batch to be a whole number above zero but found ${batch}.`,
  );
  ensure(
    threads === undefined || (Number.isInteger(threads) && threads > 0),
    () => `Expected threads to be a whole number above zero but found ${threads}.`,
  );
  const indexOf = (name: string): number => shapes.indexOf(findLayer(shapes, name));
  const kept = new Set(options.keep === 'all' ? shapes.keys() : (options.keep ?? []).map(indexOf));
  const frozen = new Set(
    (options.frozen ?? []).map((name) => {
      const index = indexOf(name);
      ensure(
        hasParameters(shapes[index]!.layer),
        () => `Layer "${name}" cannot be frozen: it has no parameters.`,
      );
      return index;
    }),
  );
  const lowestTrained = shapes.findIndex(
    ({ layer }, index) => hasParameters(layer) && !frozen.has(index),
  );
  ensure(
    mode !== 'training' || lowestTrained >= 0,
    'There is nothing to train: the network has no parameters that are not frozen.',
  );
  const dropoutLayers = [...shapes.keys()].filter(
    (index) => shapes[index]!.layer.type === 'dropout',
  );
  return {
    network,
    shapes,
    parameters: parametersOf(network),
    batch,
    mode,
    precision,
    kept,
    frozen,
    lowestTrained: lowestTrained < 0 ? shapes.length : lowestTrained,
    dropoutOrdinals: new Map(dropoutLayers.map((index, ordinal) => [index, ordinal])),
    imageSize: volume(shapes[0]!.output),
    classes: shapes.at(-1)!.output[0],
  };
}

/**
 * The part of a session that is the same for every engine: checks with their errors, the order of
 * calls, and what is there to be read. An engine extends it with the protected methods, which get
 * checked arguments, one call at a time.
 */
export abstract class BaseSession implements Session {
  abstract readonly engine: string;
  abstract readonly threads: number;
  abstract readonly memoryBytes: number;
  protected readonly plan: Plan;
  #queue: Promise<unknown> = Promise.resolve();
  #disposed: Promise<void> | undefined;
  /** Whose activations are there: a `gradients` leaves those of a pass with dropout. */
  #passed: 'forward' | 'gradients' | undefined;
  /** Images of that pass, 0 before. */
  #count = 0;
  /**
   * Layer indices whose activation gradient is there, from … to (inclusive); none before any way
   * back.
   */
  #way: { readonly from: number; readonly to: number } | undefined;

  constructor(plan: Plan) {
    this.plan = plan;
  }

  get network(): Network {
    return this.plan.network;
  }

  get parameters(): readonly Parameter[] {
    return this.plan.parameters;
  }

  get batch(): number {
    return this.plan.batch;
  }

  get mode(): Mode {
    return this.plan.mode;
  }

  get precision(): Precision {
    return this.plan.precision;
  }

  protected abstract runForward(images: Float32Array, count: number): Promise<Float32Array>;
  protected abstract runGradients(
    images: Float32Array,
    labels: Int32Array,
    count: number,
    options: ResolvedGradientOptions,
  ): Promise<StepResult>;
  protected abstract runUpdate(update: ResolvedUpdate): Promise<void>;
  protected abstract runGradientNorm(): Promise<number>;
  /** @param layer index of the layer whose output's gradient is given, `[count, …]`. */
  protected abstract runBackward(
    layer: number,
    gradient: Float32Array,
    count: number,
    relu: ReluRule,
  ): Promise<void>;
  protected abstract readActivation(layer: number, count: number): Promise<Float32Array>;
  protected abstract readActivationGradient(layer: number, count: number): Promise<Float32Array>;
  protected abstract readParameter(index: number, part: ParameterPart): Promise<Float32Array>;
  protected abstract writeParameter(
    index: number,
    part: ParameterPart,
    values: Float32Array,
  ): Promise<void>;
  /** Called once, after everything queued before it. */
  protected abstract release(): Promise<void>;

  forward(images: Float32Array): Promise<Float32Array> {
    return this.#enqueue('forward', () => {
      const count = this.#checkImages(images);
      return this.#recording('forward', count, undefined, () => this.runForward(images, count));
    });
  }

  gradients(
    images: Float32Array,
    labels: ArrayLike<number>,
    options: GradientOptions = {},
  ): Promise<StepResult> {
    return this.#enqueue('gradients', () => this.#gradients(images, labels, options));
  }

  update(options: UpdateOptions): Promise<void> {
    return this.#enqueue('update', () => {
      this.#requireMode('update()', ['training']);
      return this.runUpdate(resolveUpdate(this.plan, options));
    });
  }

  step(
    images: Float32Array,
    labels: ArrayLike<number>,
    options: GradientOptions & UpdateOptions,
  ): Promise<StepResult> {
    return this.#enqueue('step', async () => {
      const update = resolveUpdate(this.plan, options);
      const result = await this.#gradients(images, labels, options);
      await this.runUpdate(update);
      return result;
    });
  }

  gradientNorm(): Promise<number> {
    return this.#enqueue('gradientNorm', () => {
      this.#requireMode('gradientNorm()', ['training']);
      return this.runGradientNorm();
    });
  }

  backward(
    layer: string,
    gradient: Float32Array,
    { relu = 'plain' }: BackwardOptions = {},
  ): Promise<void> {
    return this.#enqueue('backward', () => {
      this.#requireMode('backward()', ['inspection', 'training']);
      const index = this.#layerIndex(layer);
      ensure(
        this.#passed === 'forward',
        'backward() starts from the activations of a forward(): call forward(images) first, and again after gradients().',
      );
      const {
        output,
        layer: { type },
      } = this.plan.shapes[index]!;
      ensure(
        type !== 'softmax',
        () =>
          `backward() starts at a layer below the softmax, but found "${layer}"; give the logits' layer "${this.plan.shapes.at(-2)!.layer.name}" instead.`,
      );
      ensure(
        gradient.length === this.#count * volume(output),
        () =>
          `Expected a gradient of ${this.#count} × ${formatShape(output)} = ${this.#count * volume(output)} numbers for layer "${layer}" but found ${gradient.length}.`,
      );
      const count = this.#count;
      return this.#recording('forward', count, { from: 0, to: index }, () =>
        this.runBackward(index, gradient, count, relu),
      );
    });
  }

  activation(layer: string): Promise<Float32Array> {
    return this.#enqueue('activation', () => {
      const index = this.#keptIndex(layer);
      ensure(
        this.#count > 0,
        `There is no activation of "${layer}" yet: call forward() or gradients() first.`,
      );
      return this.readActivation(index, this.#count);
    });
  }

  activationGradient(layer: string): Promise<Float32Array> {
    return this.#enqueue('activationGradient', () => {
      const index = this.#keptIndex(layer);
      const way = this.#way;
      ensure(
        way !== undefined,
        `There is no gradient of "${layer}" yet: call gradients() or backward() first.`,
      );
      const name = (i: number): string => this.plan.shapes[i]!.layer.name;
      ensure(
        index >= way.from && index <= way.to,
        () =>
          `The last way back went from "${name(way.to)}" to "${name(way.from)}" and did not pass "${layer}". Use backward() from a layer at or above it.`,
      );
      return this.readActivationGradient(index, this.#count);
    });
  }

  getParameter(name: string, part: ParameterPart = 'value'): Promise<Float32Array> {
    return this.#enqueue('getParameter', () =>
      this.readParameter(this.#parameterIndex(name, part), part),
    );
  }

  setParameter(name: string, values: Float32Array, part: ParameterPart = 'value'): Promise<void> {
    return this.#enqueue('setParameter', () => {
      const index = this.#parameterIndex(name, part);
      const { size, shape } = this.plan.parameters[index]!;
      ensure(
        values.length === size,
        () =>
          `Expected ${shape.join('×')} = ${size} numbers for "${name}" but found ${values.length}.`,
      );
      return this.writeParameter(index, part, values);
    });
  }

  dispose(): Promise<void> {
    this.#disposed ??= this.#queue.then(() => this.release());
    return this.#disposed;
  }

  /** Runs `call` when all calls before it have settled, whether they failed or not. */
  #enqueue<T>(what: string, call: () => Promise<T>): Promise<T> {
    if (this.#disposed !== undefined)
      return Promise.reject(
        new AlexNetError(`${what}() was called on a session that is disposed. Prepare a new one.`),
      );
    const result = this.#queue.then(call);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  #gradients(
    images: Float32Array,
    labels: ArrayLike<number>,
    options: GradientOptions,
  ): Promise<StepResult> {
    this.#requireMode('gradients()', ['training']);
    const count = this.#checkImages(images);
    const resolved = resolveGradientOptions(options, count);
    const checked = this.#checkLabels(labels, count);
    const way = { from: this.plan.lowestTrained, to: this.plan.shapes.length - 2 };
    return this.#recording('gradients', count, way, () =>
      this.runGradients(images, checked, count, resolved),
    );
  }

  /** Notes what can be read once `run` has succeeded; nothing can where it fails. */
  async #recording<T>(
    passed: 'forward' | 'gradients',
    count: number,
    way: { from: number; to: number } | undefined,
    run: () => Promise<T>,
  ): Promise<T> {
    this.#passed = undefined;
    this.#count = 0;
    this.#way = undefined;
    const result = await run();
    this.#passed = passed;
    this.#count = count;
    this.#way = way;
    return result;
  }

  #requireMode(what: string, modes: readonly Mode[]): void {
    ensure(
      modes.includes(this.plan.mode),
      () =>
        `${what} needs a session prepared with mode ${modes.map((mode) => `'${mode}'`).join(' or ')}, but this one was prepared with '${this.plan.mode}'.`,
    );
  }

  #checkImages(images: Float32Array): number {
    const { imageSize, batch, shapes } = this.plan;
    const count = images.length / imageSize;
    ensure(
      Number.isInteger(count) && count > 0,
      () =>
        `Expected whole images of ${formatShape(shapes[0]!.output)} = ${imageSize} numbers each but found ${images.length} numbers.`,
    );
    ensure(
      count <= batch,
      () =>
        `Expected at most ${batch} images, the prepared batch, but found ${count}. Split them, or prepare with a larger batch.`,
    );
    return count;
  }

  #checkLabels(labels: ArrayLike<number>, count: number): Int32Array {
    const { classes } = this.plan;
    ensure(
      labels.length === count,
      () => `Expected one label per image, ${count}, but found ${labels.length}.`,
    );
    for (let i = 0; i < count; i++) {
      const label = labels[i]!;
      ensure(
        Number.isInteger(label) && label >= 0 && label < classes,
        () => `Expected labels from 0 to ${classes - 1} but found ${label} for image ${i}.`,
      );
    }
    return Int32Array.from(labels);
  }

  #layerIndex(name: string): number {
    return this.plan.shapes.indexOf(findLayer(this.plan.shapes, name));
  }

  #keptIndex(name: string): number {
    const index = this.#layerIndex(name);
    ensure(
      this.plan.kept.has(index),
      () =>
        `Layer "${name}" was not kept: prepare the session with keep: ['${name}'] or keep: 'all'.`,
    );
    return index;
  }

  #parameterIndex(name: string, part: ParameterPart): number {
    const { parameters, shapes, frozen } = this.plan;
    const index = parameters.findIndex((parameter) => parameter.name === name);
    const parameter = parameters[index];
    if (parameter === undefined)
      throw new AlexNetError(
        `There is no parameter "${name}". The parameters are: ${parameters.map((p) => p.name).join(', ')}.`,
      );
    if (part !== 'value') {
      this.#requireMode(`A parameter's ${part}`, ['training']);
      ensure(
        !frozen.has(shapes.findIndex(({ layer }) => layer === parameter.layer)),
        () => `Parameter "${name}" is frozen and has no ${part}.`,
      );
    }
    return index;
  }
}

function resolveGradientOptions(
  { draw, labelSmoothing = 0, accumulate = false, divisor }: GradientOptions,
  count: number,
): ResolvedGradientOptions {
  ensure(
    labelSmoothing >= 0 && labelSmoothing < 1,
    () => `Expected labelSmoothing from 0 to below 1 but found ${labelSmoothing}.`,
  );
  ensure(
    divisor === undefined || divisor > 0,
    () => `Expected divisor to be above zero but found ${divisor}.`,
  );
  return {
    draw: draw && { firstImage: 0, ...draw },
    labelSmoothing,
    accumulate,
    divisor: divisor ?? count,
  };
}

function resolveUpdate(
  plan: Plan,
  { learningRate, momentum, weightDecay, gradientScale = 1, layerRates = {} }: UpdateOptions,
): ResolvedUpdate {
  for (const [name, value] of Object.entries({
    learningRate,
    momentum,
    weightDecay,
    gradientScale,
  })) {
    ensure(
      Number.isFinite(value) && value >= 0,
      () => `Expected ${name} to be a number not below zero but found ${value}.`,
    );
  }
  for (const name of Object.keys(layerRates)) findLayer(plan.shapes, name);
  const parameters = plan.parameters.flatMap(({ layer, rule }, index) => {
    if (plan.frozen.has(plan.shapes.findIndex((shape) => shape.layer === layer))) return [];
    return [
      {
        index,
        rate: learningRate * rule.learningRate * (layerRates[layer.name] ?? 1),
        decay: weightDecay * rule.decay,
      },
    ];
  });
  return { momentum, gradientScale, parameters };
}
