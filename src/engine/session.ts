import { AlexNetError, ensure } from '../errors.ts';
import type { Network } from '../network/layer.ts';
import { hasParameters } from '../network/layer.ts';
import { parametersOf } from '../network/parameters.ts';
import type { Parameter } from '../network/parameters.ts';
import {
  edgesOf,
  inputsOf,
  isScale,
  maximumBias,
  recordOf,
  scaleRange,
} from '../network/quantisation.ts';
import type { Edge, Integers, LayerQuantisation, Quantisation } from '../network/quantisation.ts';
import { findLayer, formatShape, inferShapes, volume } from '../network/shapes.ts';
import type { LayerShape } from '../network/shapes.ts';
import { maximumThreads } from '../platform/thread-limit.ts';
import type {
  BackwardOptions,
  Draw,
  ForwardOptions,
  GradientOptions,
  GradientView,
  Mode,
  ParameterGradientOptions,
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
  /**
   * There is nothing to train below this layer index: everything under it is frozen or has no
   * parameters. The number of layers where nothing is trained at all.
   */
  readonly lowestTrained: number;
  /**
   * Positions in `parameters` of those that are not frozen, in the order in which a backward pass
   * finishes their gradients: the last layer's first, weight before bias.
   */
  readonly trained: readonly number[];
  /** Layer index → position among the dropout layers: the `index` of its masks' address. */
  readonly dropoutOrdinals: ReadonlyMap<number, number>;
  readonly imageSize: number;
  /** Numbers that the last layer gives for one image. */
  readonly outputSize: number;
  /**
   * Index of the layer where the way of gradients starts: the one below the softmax, or the last.
   */
  readonly top: number;
  /** Where there is a softmax. */
  readonly classes: number;
  /** By layer index: how its output is held. */
  readonly edges: readonly Edge[];
  /** By layer index: those computed with whole numbers. */
  readonly int8: ReadonlyMap<number, LayerQuantisation>;
}

/** What a backward pass does beside handing gradients down. */
export interface BackwardPass {
  /**
   * The lowest layer index whose output's gradient is made; parameters' gradients are made down to
   * `lowestTrained` at most, which may lie higher.
   */
  readonly lowest: number;
  /**
   * Called with the position of each parameter whose gradient is final, in the order of
   * {@link Plan.trained}, where somebody wants to know.
   */
  readonly onFinal: ((parameter: number) => void) | undefined;
}

export interface ResolvedGradientOptions extends BackwardPass {
  readonly draw: Required<Draw> | undefined;
  readonly labelSmoothing: number;
  readonly accumulate: boolean;
  readonly divisor: number;
}

export interface ResolvedBackwardOptions extends BackwardPass {
  readonly relu: ReluRule;
  /** Fill parameters' gradients too. */
  readonly parameters: boolean;
  readonly accumulate: boolean;
  /** That of the `forward` before it. */
  readonly draw: Required<Draw> | undefined;
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
  const { batch, mode, precision = 'f32', dropoutBefore = 0 } = options;
  checkNumbers(options);
  checkChain(network);
  const indexOf = (name: string): number => shapes.indexOf(findLayer(shapes, name));
  const kept = new Set(options.keep === 'all' ? shapes.keys() : (options.keep ?? []).map(indexOf));
  const frozen = new Set((options.frozen ?? []).map((name) => frozenLayer(shapes, indexOf(name))));
  const parameters = parametersOf(network);
  const trained = trainedInOrder(parameters, shapes, frozen);
  const endsWithSoftmax = network.at(-1)?.type === 'softmax';
  ensure(
    mode !== 'training' || !endsWithSoftmax || trained.length > 0 || parameters.length === 0,
    'There is nothing to train: the network has no parameters that are not frozen.',
  );
  const lowestTrained = shapes.findIndex(
    ({ layer }, index) => hasParameters(layer) && !frozen.has(index),
  );
  const { quantisation = {} } = options;
  checkIntegers(quantisation, options);
  const dropoutLayers = [...shapes.keys()].filter(
    (index) => shapes[index]!.layer.type === 'dropout',
  );
  const last = shapes.at(-1)!.output;
  return {
    network,
    shapes,
    parameters,
    batch,
    mode,
    precision,
    kept,
    frozen,
    lowestTrained: lowestTrained < 0 ? shapes.length : lowestTrained,
    trained,
    dropoutOrdinals: new Map(
      dropoutLayers.map((index, ordinal) => [index, dropoutBefore + ordinal]),
    ),
    imageSize: volume(shapes[0]!.output),
    outputSize: volume(last),
    top: endsWithSoftmax ? shapes.length - 2 : shapes.length - 1,
    classes: last[0],
    edges: edgesOf(shapes, quantisation),
    int8: new Map(
      shapes.flatMap(({ layer }, index) => {
        const record = recordOf(quantisation, layer.name);
        return record === undefined ? [] : [[index, record] as const];
      }),
    ),
  };
}

function checkNumbers({ batch, threads, dropoutBefore = 0 }: PrepareOptions): void {
  ensure(
    Number.isInteger(batch) && batch > 0,
    () => `Expected batch to be a whole number above zero but found ${batch}.`,
  );
  ensure(
    threads === undefined || (Number.isInteger(threads) && threads > 0),
    () => `Expected threads to be a whole number above zero but found ${threads}.`,
  );
  ensure(
    threads === undefined || threads <= maximumThreads(),
    () => `Expected at most ${maximumThreads()} threads, 4 per core, but found ${threads}.`,
  );
  ensure(
    Number.isInteger(dropoutBefore) && dropoutBefore >= 0,
    () => `Expected dropoutBefore to be a whole number not below zero but found ${dropoutBefore}.`,
  );
}

function checkIntegers(
  quantisation: Quantisation,
  { mode, precision = 'f32' }: PrepareOptions,
): void {
  const [first] = Object.keys(quantisation);
  ensure(
    first === undefined || mode === 'inference',
    `The layer "${first}" is computed in int8, which is for inference only, but mode '${mode}' ` +
      'was asked for. Prepare the network without its quantisation, with its weights as f32.',
  );
  ensure(
    first === undefined || precision === 'f32',
    `The layer "${first}" is computed in int8 and the others in f32, but precision ` +
      `'${precision}' was asked for.`,
  );
}

function checkChain(network: Network): void {
  ensure(
    network.length > 1,
    () => `Expected a network with layers after its input "${network[0]?.name}" but found none.`,
  );
  const softmax = network.findIndex(({ type }) => type === 'softmax');
  ensure(
    softmax < 0 || softmax === network.length - 1,
    () =>
      `Layer "${network[softmax]?.name}" is a softmax, which only the last layer can be; it is ` +
      `layer ${softmax} of ${network.length}.`,
  );
}

function frozenLayer(shapes: readonly LayerShape[], index: number): number {
  const { layer } = shapes[index]!;
  ensure(
    hasParameters(layer),
    () => `Layer "${layer.name}" cannot be frozen: it has no parameters.`,
  );
  return index;
}

/** Positions of the parameters that are not frozen, see {@link Plan.trained}. */
function trainedInOrder(
  parameters: readonly Parameter[],
  shapes: readonly LayerShape[],
  frozen: ReadonlySet<number>,
): number[] {
  return shapes
    .map(({ layer }, index) =>
      frozen.has(index)
        ? []
        : [...parameters.keys()].filter((position) => parameters[position]!.layer === layer),
    )
    .toReversed()
    .flat();
}

/** For engines that do not compute quantised networks, or not on this machine. */
export function refuseIntegers({ int8, shapes }: Plan, engine: string, why: string): void {
  const [first] = int8.keys();
  ensure(
    first === undefined,
    () =>
      `The layer "${shapes[first!]!.layer.name}" is computed in int8, which the ${engine} engine ` +
      `does not do${why}. Use another engine ("auto" finds one), or turn the model into one of ` +
      'f32: npx alexnet convert MODEL OUT.safetensors --precision f32',
  );
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
  /** That pass's dropout masks. */
  #draw: Required<Draw> | undefined;
  /**
   * Layer indices whose activation gradient is there, from … to (inclusive); none before any
   * backward pass.
   */
  #way: { readonly from: number; readonly to: number } | undefined;
  /** Settles when every gradient is exchanged; rejects with the first failure. */
  #exchanged: Promise<void> = Promise.resolve();
  #views: readonly GradientView[] | undefined;

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

  /** @returns the last layer's output, `[count, …]`. */
  protected abstract runForward(
    images: Float32Array,
    count: number,
    draw: Required<Draw> | undefined,
  ): Promise<Float32Array>;
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
    options: ResolvedBackwardOptions,
  ): Promise<void>;
  /** The gradient of the parameter at this position of `plan.parameters`, where it lies. */
  protected viewGradient(_index: number): Promise<GradientView['values']> {
    return Promise.reject(
      new AlexNetError(`The ${this.engine} engine does not show its gradients yet.`),
    );
  }
  protected abstract readActivation(layer: number, count: number): Promise<Float32Array>;
  protected abstract readActivationGradient(layer: number, count: number): Promise<Float32Array>;
  protected abstract readParameter(index: number, part: ParameterPart): Promise<Float32Array>;
  protected abstract writeParameter(
    index: number,
    part: ParameterPart,
    values: Float32Array,
  ): Promise<void>;
  /** @param layer index of an int8 layer. */
  protected writeIntegers(_layer: number, _integers: Integers): Promise<void> {
    return Promise.reject(
      new AlexNetError(`The ${this.engine} engine does not compute quantised networks.`),
    );
  }
  /** Called once, after everything queued before it. */
  protected abstract release(): Promise<void>;

  forward(images: Float32Array, options: ForwardOptions = {}): Promise<Float32Array> {
    return this.#enqueue('forward', () => {
      const count = this.#checkImages(images);
      if (options.draw !== undefined) this.#requireMode('forward() with a draw', ['training']);
      const draw = resolveDraw(options.draw);
      return this.#recording({ passed: 'forward', count, draw, way: undefined }, () =>
        this.runForward(images, count, draw),
      );
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
    return this.#enqueue('update', async () => {
      this.#requireMode('update()', ['training']);
      const update = resolveUpdate(this.plan, options);
      await this.#exchanged;
      await this.runUpdate(update);
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
      await this.#exchanged;
      await this.runUpdate(update);
      return result;
    });
  }

  gradientNorm(): Promise<number> {
    return this.#enqueue('gradientNorm', async () => {
      this.#requireMode('gradientNorm()', ['training']);
      await this.#exchanged;
      return this.runGradientNorm();
    });
  }

  backward(layer: string, gradient: Float32Array, options: BackwardOptions = {}): Promise<void> {
    return this.#enqueue('backward', async () => {
      const { parameters = false, toInput = !parameters } = options;
      this.#requireMode('backward()', ['inspection', 'training']);
      if (parameters) this.#requireMode('backward() with parameters', ['training']);
      const index = this.#checkStart(layer, parameters);
      const count = this.#count;
      const draw = this.#draw;
      const size = volume(this.plan.shapes[index]!.output);
      ensure(
        gradient.length === count * size,
        () =>
          `Expected a gradient of ${count} × ${formatShape(this.plan.shapes[index]!.output)} = ` +
          `${count * size} numbers for layer "${layer}" but found ${gradient.length}.`,
      );
      const lowest = toInput ? 0 : Math.min(index, this.plan.lowestTrained);
      const pass = { passed: 'forward', count, draw, way: { from: lowest, to: index } } as const;
      const { relu = 'plain', accumulate = false } = options;
      const resolved = { relu, parameters, accumulate, lowest, draw };
      const run = (onFinal: BackwardPass['onFinal']): Promise<void> =>
        this.runBackward(index, gradient, count, { ...resolved, onFinal });
      await this.#recording(pass, () =>
        parameters ? this.#exchanging(options, run) : run(undefined),
      );
    });
  }

  gradientViews(): Promise<readonly GradientView[]> {
    return this.#enqueue('gradientViews', () => {
      this.#requireMode('gradientViews()', ['training']);
      return this.#viewGradients();
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
          `The last backward pass went from "${name(way.to)}" to "${name(way.from)}" and did ` +
          `not pass "${layer}". Use backward() from a layer at or above it.`,
      );
      return this.readActivationGradient(index, this.#count);
    });
  }

  getParameter(name: string, part: ParameterPart = 'value'): Promise<Float32Array> {
    return this.#enqueue('getParameter', async () => {
      const index = this.#parameterIndex(name, part);
      if (part === 'gradient') await this.#exchanged;
      return this.readParameter(index, part);
    });
  }

  setParameter(name: string, values: Float32Array, part: ParameterPart = 'value'): Promise<void> {
    return this.#enqueue('setParameter', async () => {
      const index = this.#parameterIndex(name, part);
      const { size, shape } = this.plan.parameters[index]!;
      ensure(
        values.length === size,
        () =>
          `Expected ${shape.join('×')} = ${size} numbers for "${name}" but found ${values.length}.`,
      );
      if (part === 'gradient') await this.#exchanged;
      return this.writeParameter(index, part, values);
    });
  }

  setIntegers(layer: string, integers: Integers): Promise<void> {
    return this.#enqueue('setIntegers', () => {
      const index = this.#layerIndex(layer);
      this.#checkIntegers(index, integers);
      return this.writeIntegers(index, integers);
    });
  }

  dispose(): Promise<void> {
    this.#disposed ??= this.#queue
      .then(() => this.#exchanged.catch(() => undefined))
      .then(() => this.release());
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
    const { top, shapes, lowestTrained } = this.plan;
    ensure(
      top < shapes.length - 1,
      () =>
        `gradients() needs a network that ends with a softmax, but this one ends with ` +
        `"${shapes[top]!.layer.name}": call forward(), then ` +
        `backward("${shapes[top]!.layer.name}", ` +
        `gradient, { parameters: true }) with the gradient of its output.`,
    );
    const count = this.#checkImages(images);
    const resolved = resolveGradientOptions(options, count);
    const checked = this.#checkLabels(labels, count);
    const lowest = options.toInput === true ? 0 : Math.min(top, lowestTrained);
    const { draw } = resolved;
    const pass = { passed: 'gradients', count, draw, way: { from: lowest, to: top } } as const;
    return this.#recording(pass, () =>
      this.#exchanging(options, (onFinal) =>
        this.runGradients(images, checked, count, { ...resolved, lowest, onFinal }),
      ),
    );
  }

  /** Notes what can be read once `run` has succeeded; nothing can where it fails. */
  async #recording<T>(
    pass: {
      readonly passed: 'forward' | 'gradients';
      readonly count: number;
      readonly draw: Required<Draw> | undefined;
      readonly way: { readonly from: number; readonly to: number } | undefined;
    },
    run: () => Promise<T>,
  ): Promise<T> {
    this.#passed = undefined;
    this.#count = 0;
    this.#draw = undefined;
    this.#way = undefined;
    const result = await run();
    this.#passed = pass.passed;
    this.#count = pass.count;
    this.#draw = pass.draw;
    this.#way = pass.way;
    return result;
  }

  /**
   * Runs a backward pass that makes parameters' gradients, once nobody exchanges the ones that are
   * there, and hands each to `exchange` as it becomes final.
   */
  async #exchanging<T>(
    { accumulate = false, exchange }: ParameterGradientOptions,
    run: (onFinal: BackwardPass['onFinal']) => Promise<T>,
  ): Promise<T> {
    // Gradients that could not be exchanged can be replaced, but nothing can be added to them.
    await (accumulate ? this.#exchanged : this.#exchanged.catch(() => undefined));
    this.#exchanged = Promise.resolve();
    if (exchange === undefined) return run(undefined);
    const views = await this.#viewGradients();
    const pending: Promise<void>[] = [];
    const give = async (index: number): Promise<void> => {
      const position = this.plan.trained.indexOf(index);
      await exchange(views[position]!);
    };
    try {
      return await run((index) => {
        pending.push(give(index));
        // Whoever waits for all of them hears of it.
        pending.at(-1)!.catch(() => undefined);
      });
    } finally {
      this.#exchanged = allSettled(pending);
      this.#exchanged.catch(() => undefined);
    }
  }

  async #viewGradients(): Promise<readonly GradientView[]> {
    const { trained, parameters } = this.plan;
    this.#views ??= await Promise.all(
      trained.map(async (index) => ({
        parameter: parameters[index]!,
        values: await this.viewGradient(index),
      })),
    );
    return this.#views;
  }

  /** The index of the layer that a backward pass may start at. */
  #checkStart(layer: string, parameters: boolean): number {
    const index = this.#layerIndex(layer);
    const { shapes, top } = this.plan;
    ensure(
      this.#passed === 'forward',
      'backward() starts from the activations of a forward(): call forward(images) first, and ' +
        'again after gradients().',
    );
    ensure(
      shapes[index]!.layer.type !== 'softmax',
      () =>
        `backward() starts at a layer below the softmax, but found "${layer}"; give the logits' ` +
        `layer "${shapes[top]!.layer.name}" instead.`,
    );
    ensure(
      !parameters || index === top,
      () =>
        `backward() with parameters starts at "${shapes[top]!.layer.name}", so that no layer is ` +
        `left out, but found "${layer}".`,
    );
    return index;
  }

  #checkIntegers(index: number, { weight, scales, bias }: Integers): void {
    const { shapes, parameters, int8 } = this.plan;
    const { layer } = shapes[index]!;
    ensure(
      int8.has(index),
      () => `Layer "${layer.name}" is not computed in int8: set its parameters in f32.`,
    );
    const [own] = parameters.filter((parameter) => parameter.layer === layer);
    const outputs = own!.shape[0]!;
    ensure(
      weight.length === own!.size && scales.length === outputs && bias.length === outputs,
      () =>
        `Expected ${own!.shape.join('×')} = ${own!.size} weights, ${outputs} scales and ` +
        `${outputs} biases for the int8 layer "${layer.name}" but found ${weight.length}, ` +
        `${scales.length} and ${bias.length}.`,
    );
    const flaw = scales.find((scale) => !isScale(scale));
    ensure(
      flaw === undefined,
      `Expected the scales of the int8 layer "${layer.name}" from ${scaleRange.join(' to ')} but ` +
        `found ${flaw}.`,
    );
    const most = maximumBias(inputsOf(shapes[index]!));
    const large = bias.find((value) => Math.abs(value) > most);
    ensure(
      large === undefined,
      `Expected biases of at most ${most} for the int8 layer "${layer.name}", so that its sums ` +
        `fit in 32 bits, but found ${large}.`,
    );
  }

  #requireMode(what: string, modes: readonly Mode[]): void {
    ensure(
      modes.includes(this.plan.mode),
      () =>
        `${what} needs a session prepared with mode ` +
        `${modes.map((mode) => `'${mode}'`).join(' or ')}, but this one was prepared with ` +
        `'${this.plan.mode}'.`,
    );
  }

  #checkImages(images: Float32Array): number {
    const { imageSize, batch, shapes } = this.plan;
    const count = images.length / imageSize;
    ensure(
      Number.isInteger(count) && count > 0,
      () =>
        `Expected whole images of ${formatShape(shapes[0]!.output)} = ${imageSize} numbers ` +
        `each but found ${images.length} numbers.`,
    );
    ensure(
      count <= batch,
      () =>
        `Expected at most ${batch} images, the prepared batch, but found ${count}. Split ` +
        'them, or prepare with a larger batch.',
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
        `There is no parameter "${name}". The parameters are: ` +
          `${parameters.map((p) => p.name).join(', ')}.`,
      );
    const own = shapes.findIndex(({ layer }) => layer === parameter.layer);
    ensure(
      !this.plan.int8.has(own),
      () =>
        `Parameter "${name}" is held in whole numbers: set it with ` +
        `setIntegers("${parameter.layer.name}", …), and read it from the model.`,
    );
    if (part !== 'value') {
      this.#requireMode(`A parameter's ${part}`, ['training']);
      ensure(!frozen.has(own), () => `Parameter "${name}" is frozen and has no ${part}.`);
    }
    return index;
  }
}

/** Waits for all, also where one fails. @throws the first failure. */
async function allSettled(promises: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(promises);
  await Promise.all(promises);
}

function resolveDraw(draw: Draw | undefined): Required<Draw> | undefined {
  return draw && { firstImage: 0, ...draw };
}

function resolveGradientOptions(
  { draw, labelSmoothing = 0, accumulate = false, divisor }: GradientOptions,
  count: number,
): Omit<ResolvedGradientOptions, keyof BackwardPass> {
  ensure(
    labelSmoothing >= 0 && labelSmoothing < 1,
    () => `Expected labelSmoothing from 0 to below 1 but found ${labelSmoothing}.`,
  );
  ensure(
    divisor === undefined || divisor > 0,
    () => `Expected divisor to be above zero but found ${divisor}.`,
  );
  return {
    draw: resolveDraw(draw),
    labelSmoothing,
    accumulate,
    divisor: divisor ?? count,
  };
}

function resolveUpdate(plan: Plan, options: UpdateOptions): ResolvedUpdate {
  const { learningRate, momentum, weightDecay } = options;
  const { gradientScale = 1, layerRates = {}, biasRate = 1 } = options;
  for (const [name, value] of Object.entries({
    learningRate,
    momentum,
    weightDecay,
    gradientScale,
    biasRate,
  })) {
    ensure(
      Number.isFinite(value) && value >= 0,
      () => `Expected ${name} to be a number not below zero but found ${value}.`,
    );
  }
  for (const name of Object.keys(layerRates)) findLayer(plan.shapes, name);
  const parameters = plan.parameters.flatMap(({ layer, rule, kind }, index) => {
    if (plan.frozen.has(plan.shapes.findIndex((shape) => shape.layer === layer))) return [];
    return [
      {
        index,
        rate:
          learningRate *
          rule.learningRate *
          (layerRates[layer.name] ?? 1) *
          (kind === 'bias' ? biasRate : 1),
        decay: weightDecay * rule.decay,
      },
    ];
  });
  return { momentum, gradientScale, parameters };
}
