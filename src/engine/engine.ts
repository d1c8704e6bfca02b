/**
 * # The engine's contract
 *
 * An engine computes AlexNet. There are several, one folder each, with the same file names inside;
 * whoever stands above this file never asks which one it has. `reference` is the truth that the
 * others are tested against.
 *
 * `engine.prepare(network, options)` gives a {@link Session} that owns all its buffers, threads and
 * device memory until `dispose()`. What goes in and comes out is f32 in one canonical layout,
 * whatever an engine does inside:
 *
 * - images and activations `[n, channels, height, width]`, row by row; vectors `[n, features]`;
 * - convolution weights `[out, in/groups, kh, kw]`, dense weights `[out, in]` (in = c·h·w + y·w +
 *   x), biases `[out]`.
 *
 * Rules that hold for every engine, and that the contract suite (`contract.ts`) checks:
 *
 * 1. **Order.** Calls on one session run one after another, in the order they were made; awaiting
 *    is needed for results only. Two sessions are independent.
 * 2. **Off the event loop.** Work happens on threads, workers or queues. The exception is
 *    `reference`, which yields between layers.
 * 3. **Arrays given stay the caller's**, but must not be changed before the promise settles. Arrays
 *    returned are fresh copies.
 * 4. **Chance.** Dropout masks are Philox words (`random/philox.ts`) at address purpose `dropout`,
 *    index = position of the layer among the network's dropout layers, stream = `draw.step`,
 *    counter = (`draw.firstImage` + i) · features + f for number f of image i. So the same seed
 *    drops the same numbers on every engine, and a batch split into micro-batches drops what the
 *    whole batch would.
 * 5. **The same engine, precision and inputs give the same bits**, as far as the engine's
 *    {@link Engine.determinism} says.
 * 6. **Parameters start at zero.** `initialise()` draws the network's initial values; loading a
 *    model sets them.
 * 7. **Errors** are {@link AlexNetError}s that name what was expected and what was found. They are
 *    thrown by the returned promise and leave the session usable, except `DeviceLost`, after which
 *    only `dispose()` works. `session.ts` makes all the checks once for every engine.
 * 8. **Parts.** A network may start with any shape and end with any layer: a run of AlexNet's
 *    layers is a network of its own (`network/parts.ts` cuts them). Parts are chained by what goes
 *    over their edges: `forward` gives the last layer's output, which is the next part's input;
 *    `backward` from the last layer's gradient fills the parameters' gradients and gives that of
 *    the input, which is what the part before goes on from. Only a network with a softmax has a
 *    loss, and so `gradients` and `step`.
 * 9. **Exchange.** A parameter's gradient can be seen and changed where it lies
 *    ({@link Session.gradientViews}), and {@link GradientOptions.exchange} tells when it is final.
 *    Several sessions that see parts of a batch so add up to one that sees it all.
 * 10. **Integers.** A network with a quantisation record ({@link PrepareOptions.quantisation}) is
 *    computed in whole numbers where the record says so, by the rules of
 *    `network/quantisation.ts`: the same integers on every engine, bit for bit in a layer that is
 *    fed the same ones. It is for inference only. Its int8 layers get their parameters by
 *    {@link Session.setIntegers}.
 */
import type { Network } from '../network/layer.ts';
import type { Parameter } from '../network/parameters.ts';
import type { Integers, Quantisation } from '../network/quantisation.ts';

export type Precision = 'f32' | 'bf16';

/**
 * - `inference`: `forward` only; activations share memory, so only those in `keep` can be read;
 * - `inspection`: `forward` and `backward`, for looking inside: no parameter gradients, no
 *   optimiser state;
 * - `training`: everything.
 */
export type Mode = 'inference' | 'inspection' | 'training';

/**
 * What must stay as it is for an engine to give the same bits again:
 * - `anyThreads`: nothing; neither the number of threads nor the machine matters, as long as it has
 *   the same instructions;
 * - `sameThreads`: the number of threads, because sums are split among them;
 * - `sameDevice`: the device and its driver.
 */
export type Determinism = 'anyThreads' | 'sameThreads' | 'sameDevice';

/**
 * How far an engine may be from the reference, as a part of a tensor's largest number. The contract
 * suite holds it to this.
 */
export interface Tolerance {
  /** Activations, losses and gradients of one pass. */
  readonly pass: number;
  /** Velocities, and probabilities, after steps of training. */
  readonly training: number;
  /** Gradients of a network cut into parts, from those of the same engine on the whole. */
  readonly parts: number;
}

export interface Engine {
  readonly name: string;
  readonly determinism: Determinism;
  /** For each precision that the engine has, whether this machine has it or not. */
  readonly tolerances: Readonly<Partial<Record<Precision, Tolerance>>>;
  /** Whether this engine runs here, and if not, why and what to install. Never throws. */
  probe(): Promise<Availability>;
  /**
   * Plans memory and starts threads for one network.
   * @throws {AlexNetError} when the network, the precision or the batch cannot be served; for a
   * batch too large, with the largest that fits.
   */
  prepare(network: Network, options: PrepareOptions): Promise<Session>;
}

export interface Availability {
  readonly available: boolean;
  /** One sentence: why not, and what to do about it; or which build was chosen. */
  readonly reason: string;
  /** Whether it computes quantised networks here. Default false. */
  readonly integers?: boolean;
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

export interface PrepareOptions {
  /** The maximum number of images in one call. */
  readonly batch: number;
  readonly mode: Mode;
  /** Default f32. */
  readonly precision?: Precision;
  /** Default: the machine's cores. Results do not depend on it (but see rule 5). */
  readonly threads?: number;
  /**
   * Layers whose activations (and, after `gradients` or `backward`, activation gradients) can be
   * read. Default none. Each costs its own memory.
   */
  readonly keep?: readonly string[] | 'all';
  /**
   * Layers whose parameters `gradients` and `update` leave alone; nothing is computed or stored for
   * them in the backward pass. Default none.
   */
  readonly frozen?: readonly string[];
  /**
   * For a part of a network: how many dropout layers of the whole lie before it, so that its masks
   * are those of the whole (rule 4). Default 0.
   */
  readonly dropoutBefore?: number;
  /**
   * Which layers are computed with whole numbers. Default none. Inference in f32 only.
   */
  readonly quantisation?: Quantisation;
}

export interface Session {
  readonly engine: string;
  readonly network: Network;
  readonly parameters: readonly Parameter[];
  readonly batch: number;
  readonly mode: Mode;
  readonly precision: Precision;
  readonly threads: number;
  /** What this session has allocated: weights, optimiser state, activations, scratch. */
  readonly memoryBytes: number;

  /**
   * The last layer's output for n images `[n, c, h, w]`, n from 1 to `batch`: after a softmax the
   * probabilities `[n, classes]`. Dropout is off unless `draw` is given.
   */
  forward(images: Float32Array, options?: ForwardOptions): Promise<Float32Array>;

  /**
   * Forward and backward: fills every parameter's gradient of the mean cross-entropy over these
   * images. Training mode only, for networks that end with a softmax.
   * @param labels one class index per image.
   */
  gradients(
    images: Float32Array,
    labels: ArrayLike<number>,
    options?: GradientOptions,
  ): Promise<StepResult>;

  /**
   * `v ← μ v − λ ε w − ε g; w ← w + v` for every parameter that is not frozen (paper §5). Waits
   * for the exchange of gradients; where that failed, fails with its error. Training mode only.
   */
  update(options: UpdateOptions): Promise<void>;

  /** `gradients`, then `update`. */
  step(
    images: Float32Array,
    labels: ArrayLike<number>,
    options: GradientOptions & UpdateOptions,
  ): Promise<StepResult>;

  /**
   * The Euclidean norm of all parameter gradients together, for clipping. Waits for their exchange
   * as `update` does. Training mode only.
   */
  gradientNorm(): Promise<number>;

  /**
   * From the gradient of anything with respect to one layer's output, `[n, …]` for the n images of
   * the last `forward`, back to the input; read the results with `activationGradient`. Dropout
   * masks are those of that `forward`. No parameter gradient is touched unless `parameters` is
   * given. Inspection and training mode. Give `layer` = the last dense layer for the gradient of a
   * logit.
   */
  backward(layer: string, gradient: Float32Array, options?: BackwardOptions): Promise<void>;

  /**
   * The gradients of all parameters that are not frozen, where they lie and as the engine lays them
   * out, in the order in which they become final: the last layer's first, of each layer the weight
   * first. Length, layout and order are the same for every session of the same engine, network,
   * precision and frozen layers, so gradients of two such sessions add up number by number.
   *
   * Read and write them between the calls that use them, or while they are exchanged
   * ({@link GradientOptions.exchange}); at other times what they hold is not said. They are gone
   * after `dispose()`. Training mode only.
   * @throws {AlexNetError} where the platform does not let the engine show its memory.
   */
  gradientViews(): Promise<readonly GradientView[]>;

  /**
   * The output of a kept layer in the last `forward` or `gradients`, `[n, …]`. The name of the
   * input layer gives the images. What is held in 8 bits is given as the numbers it stands for.
   */
  activation(layer: string): Promise<Float32Array>;

  /**
   * The gradient with respect to a kept layer's output in the last `gradients` or `backward`, `[n,
   * …]`.
   */
  activationGradient(layer: string): Promise<Float32Array>;

  /**
   * A parameter's value, gradient or velocity in its canonical layout. Gradient and velocity:
   * training mode only. Of int8 layers neither this nor {@link setParameter}.
   */
  getParameter(name: string, part?: ParameterPart): Promise<Float32Array>;

  /**
   * Sets what {@link getParameter} reads. Setting values and velocities of all parameters restores
   * a run exactly (f32 master weights under bf16 too).
   */
  setParameter(name: string, values: Float32Array, part?: ParameterPart): Promise<void>;

  /**
   * Sets the parameters of an int8 layer, which have no other way in or out.
   * @throws {AlexNetError} for a layer that the quantisation does not name.
   */
  setIntegers(layer: string, integers: Integers): Promise<void>;

  /** Gives back memory and threads; every later call is refused. Calling it twice does nothing. */
  dispose(): Promise<void>;
}

export type ParameterPart = 'value' | 'gradient' | 'velocity';

export interface Draw {
  readonly seed: number;
  /** The step's number in the run: the stream of its dropout masks. */
  readonly step: number;
  /** Where these images stand in the step's whole batch. Default 0. */
  readonly firstImage?: number;
}

export interface ForwardOptions {
  /**
   * Where dropout masks are drawn from. Without it nothing is dropped: dropout layers do what they
   * do at test time. Training mode only.
   */
  readonly draw?: Draw;
}

/** One parameter's gradient where it lies. */
export interface GradientView {
  readonly parameter: Parameter;
  /** Live, in the engine's own layout, its padding included (zeros, which stay zeros in sums). */
  readonly values: Float32Array | Float64Array;
}

/**
 * Called when a gradient is final in this session, once for each view and in their order, while the
 * session computes on. What it writes into `values` until its promise settles is the gradient that
 * `update` uses. It must not wait for a call on the same session that waits for the exchange.
 */
export type Exchange = (gradient: GradientView) => Promise<void> | void;

/** What `gradients` and `backward` can do with parameters' gradients. */
export interface ParameterGradientOptions {
  /** Add to the gradients that are there instead of replacing them. Default false. */
  readonly accumulate?: boolean;
  /**
   * Given every gradient as soon as it is final. `update`, `gradientNorm` and whatever else reads
   * the gradients wait for all its promises. With micro-batches, give it with the last one.
   */
  readonly exchange?: Exchange;
}

export interface GradientOptions extends ParameterGradientOptions {
  /**
   * Where dropout masks are drawn from. Without it nothing is dropped: dropout layers do what they
   * do at test time.
   */
  readonly draw?: Draw;
  /** The target is 1 − s + s/classes for the label and s/classes elsewhere. Default 0. */
  readonly labelSmoothing?: number;
  /**
   * Gradients are of (sum of losses) / divisor. Default: the number of images given; for
   * micro-batches, that of the whole batch.
   */
  readonly divisor?: number;
  /**
   * Go on to the gradient of the input, below the lowest layer that is trained: what a part hands
   * to the part before it. Default false.
   */
  readonly toInput?: boolean;
}

export interface UpdateOptions {
  /** ε; each parameter's own factor (its `rule.learningRate`) and `layerRates` multiply it. */
  readonly learningRate: number;
  /** μ. */
  readonly momentum: number;
  /** λ; each parameter's own factor (`rule.decay`) multiplies it. */
  readonly weightDecay: number;
  /** Multiplies every gradient first: clipping. Default 1. */
  readonly gradientScale?: number;
  /**
   * Further factors on ε by layer name, for lower rates in layers that were taken over. Default 1.
   */
  readonly layerRates?: Readonly<Record<string, number>>;
  /** A further factor on ε of all biases. Default 1. */
  readonly biasRate?: number;
}

/**
 * ReLU's rule in the backward pass, for looking inside; g is the gradient from above:
 * `plain` g·[output > 0]; `deconvnet` g·[g > 0] (Zeiler and Fergus 2013); `guided` g·[output >
 * 0]·[g > 0] (Springenberg et al. 2014).
 */
export type ReluRule = 'plain' | 'deconvnet' | 'guided';

export interface BackwardOptions extends ParameterGradientOptions {
  /** Default `plain`. */
  readonly relu?: ReluRule;
  /**
   * Fill the parameters' gradients too. `layer` must then be the last one (the last below a
   * softmax). Training mode only. Default false.
   */
  readonly parameters?: boolean;
  /**
   * Go on to the gradient of the input, below the lowest layer that is trained. Default: true
   * without `parameters`, false with it.
   */
  readonly toInput?: boolean;
}

export interface StepResult {
  /** Mean cross-entropy over the images of the call, label smoothing included. */
  readonly loss: number;
  readonly images: number;
  /** Images whose label is the first of the outputs, by {@link labelRank}. */
  readonly correct: number;
  /** Images whose label is among the first five. */
  readonly correct5: number;
}
