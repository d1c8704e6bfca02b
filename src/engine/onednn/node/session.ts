import { availableParallelism } from 'node:os';
import { AlexNetError, ensure } from '../../../errors.ts';
import type { Network } from '../../../network/layer.ts';
import { volume } from '../../../network/shapes.ts';
import type { Draw, ParameterPart, PrepareOptions, Session, StepResult } from '../../engine.ts';
import { BaseSession, makePlan, refuseIntegers } from '../../session.ts';
import type {
  Plan,
  ResolvedBackwardOptions,
  ResolvedGradientOptions,
  ResolvedUpdate,
} from '../../session.ts';
import { describe } from '../description.ts';
import { requireAddon } from './native.ts';
import type { NativeSession } from './native.ts';

/**
 * @throws {AlexNetError} where the addon is missing, the CPU has no bf16, or memory does not
 * suffice.
 */
export async function prepareSession(network: Network, options: PrepareOptions): Promise<Session> {
  const plan = makePlan(network, options);
  const addon = requireAddon();
  refuseIntegers(plan, 'onednn', ' yet');
  ensure(
    plan.precision === 'f32' || addon.cpu().bf16,
    () =>
      `This CPU (${addon.cpu().features}) has no bf16 arithmetic that oneDNN ` +
      `${addon.version()} could use. Use precision 'f32'.`,
  );
  const threads = options.threads ?? availableParallelism();
  const native = new addon.Session();
  const memoryBytes = await ours(native.prepare(describe(plan, threads, freeMemory())));
  return new OnednnSession(plan, threads, memoryBytes, native);
}

/** Bytes, or 0 where Node cannot tell (before 20.13). */
function freeMemory(): number {
  return process.availableMemory?.() ?? 0;
}

/** What the addon says in its errors is written for whoever called. */
async function ours<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    throw new AlexNetError(error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}

class OnednnSession extends BaseSession {
  readonly engine = 'onednn';
  readonly threads: number;
  readonly memoryBytes: number;
  readonly #native: NativeSession;

  constructor(plan: Plan, threads: number, memoryBytes: number, native: NativeSession) {
    super(plan);
    this.threads = threads;
    this.memoryBytes = memoryBytes;
    this.#native = native;
  }

  protected override runForward(
    images: Float32Array,
    count: number,
    draw: Required<Draw> | undefined,
  ): Promise<Float32Array> {
    return ours(this.#native.forward(images, count, this.plan.outputSize, draw));
  }

  protected override async runGradients(
    images: Float32Array,
    labels: Int32Array,
    count: number,
    options: ResolvedGradientOptions,
  ): Promise<StepResult> {
    const { lossSum, correct, correct5 } = await ours(
      this.#native.gradients(images, labels, count, options, options.onFinal),
    );
    return { loss: lossSum / count, images: count, correct, correct5 };
  }

  protected override runUpdate(update: ResolvedUpdate): Promise<void> {
    return ours(this.#native.update(update));
  }

  protected override runGradientNorm(): Promise<number> {
    return ours(this.#native.gradientNorm());
  }

  protected override runBackward(
    layer: number,
    gradient: Float32Array,
    _count: number,
    options: ResolvedBackwardOptions,
  ): Promise<void> {
    return ours(this.#native.backward(layer, gradient, options, options.onFinal));
  }

  protected override viewGradient(index: number): Promise<Float32Array> {
    return ours(this.#native.viewGradient(index));
  }

  protected override readActivation(layer: number, count: number): Promise<Float32Array> {
    return ours(this.#native.readActivation(layer, this.#length(layer, count)));
  }

  protected override readActivationGradient(layer: number, count: number): Promise<Float32Array> {
    return ours(this.#native.readActivationGradient(layer, this.#length(layer, count)));
  }

  protected override readParameter(index: number, part: ParameterPart): Promise<Float32Array> {
    return ours(this.#native.readParameter(index, part, this.plan.parameters[index]!.size));
  }

  protected override writeParameter(
    index: number,
    part: ParameterPart,
    values: Float32Array,
  ): Promise<void> {
    return ours(this.#native.writeParameter(index, part, values));
  }

  protected override release(): Promise<void> {
    return ours(this.#native.dispose());
  }

  #length(layer: number, count: number): number {
    return count * volume(this.plan.shapes[layer]!.output);
  }
}
