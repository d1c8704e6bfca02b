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
 * 5. **The same engine, precision and inputs give the same bits**, whatever the number of threads;
 *    an engine that cannot keep this says so in {@link Engine.bitsDependOnThreads} and gives the
 *    same bits for the same number of threads.
 * 6. **Parameters start at zero.** `initialise()` draws the network's initial values; loading a
 *    model sets them.
 * 7. **Errors** are {@link AlexNetError}s that name what was expected and what was found. They are
 *    thrown by the returned promise and leave the session usable. `session.ts` makes all the checks
 *    once for every engine.
 */
import type { Network } from '../network/layer.ts';
import type { Parameter } from '../network/parameters.ts';

export type Precision = 'f32' | 'bf16';

/**
 * - `inference`: `forward` only; activations share memory, so only those in `keep` can be read;
 * - `inspection`: `forward` and `backward`, for looking inside: no parameter gradients, no
 *   optimiser state;
 * - `training`: everything.
 */
export type Mode = 'inference' | 'inspection' | 'training';

export interface Engine {
  readonly name: string;
  /**
   * True where sums are split among the threads, so that their number shows in the last bits of
   * gradients (rule 5). Default false.
   */
  readonly bitsDependOnThreads?: boolean;
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
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

export interface PrepareOptions {
  /** The most images in one call. */
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
   * them on the way back. Default none.
   */
  readonly frozen?: readonly string[];
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
   * Probabilities `[n, classes]` for n images `[n, c, h, w]`, n from 1 to `batch`. Dropout is off.
   */
  forward(images: Float32Array): Promise<Float32Array>;

  /**
   * One way there and back: fills every parameter's gradient of the mean cross-entropy over these
   * images. Training mode only.
   * @param labels one class index per image.
   */
  gradients(
    images: Float32Array,
    labels: ArrayLike<number>,
    options?: GradientOptions,
  ): Promise<StepResult>;

  /**
   * `v ← μ v − λ ε w − ε g; w ← w + v` for every parameter that is not frozen (paper §5). Training
   * mode only.
   */
  update(options: UpdateOptions): Promise<void>;

  /** `gradients`, then `update`. */
  step(
    images: Float32Array,
    labels: ArrayLike<number>,
    options: GradientOptions & UpdateOptions,
  ): Promise<StepResult>;

  /** The Euclidean norm of all parameter gradients together, for clipping. Training mode only. */
  gradientNorm(): Promise<number>;

  /**
   * From the gradient of anything with respect to one layer's output, `[n, …]` for the n images of
   * the last `forward`, back to the input; read the results with `activationGradient`. No parameter
   * gradient is touched. Inspection and training mode. Give `layer` = the last dense layer for the
   * gradient of a logit.
   */
  backward(layer: string, gradient: Float32Array, options?: BackwardOptions): Promise<void>;

  /**
   * The output of a kept layer in the last `forward` or `gradients`, `[n, …]`. The name of the
   * input layer gives the images.
   */
  activation(layer: string): Promise<Float32Array>;

  /**
   * The gradient with respect to a kept layer's output in the last `gradients` or `backward`, `[n,
   * …]`.
   */
  activationGradient(layer: string): Promise<Float32Array>;

  /**
   * A parameter's value, gradient or velocity in its canonical layout. Gradient and velocity:
   * training mode only.
   */
  getParameter(name: string, part?: ParameterPart): Promise<Float32Array>;

  /**
   * Sets what {@link getParameter} reads. Setting values and velocities of all parameters restores
   * a run exactly (f32 master weights under bf16 too).
   */
  setParameter(name: string, values: Float32Array, part?: ParameterPart): Promise<void>;

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

export interface GradientOptions {
  /**
   * Where dropout masks are drawn from. Without it nothing is dropped: dropout layers do what they
   * do at test time.
   */
  readonly draw?: Draw;
  /** The target is 1 − s + s/classes for the label and s/classes elsewhere. Default 0. */
  readonly labelSmoothing?: number;
  /** Add to the gradients that are there instead of replacing them. Default false. */
  readonly accumulate?: boolean;
  /**
   * Gradients are of (sum of losses) / divisor. Default: the number of images given; for
   * micro-batches, that of the whole batch.
   */
  readonly divisor?: number;
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
}

/**
 * ReLU's rule on the way back, for looking inside; g is the gradient from above:
 * `plain` g·[output > 0]; `deconvnet` g·[g > 0] (Zeiler and Fergus 2013); `guided` g·[output >
 * 0]·[g > 0] (Springenberg et al. 2014).
 */
export type ReluRule = 'plain' | 'deconvnet' | 'guided';

export interface BackwardOptions {
  /** Default `plain`. */
  readonly relu?: ReluRule;
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
