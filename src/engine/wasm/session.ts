import { yieldToEvents } from '#platform';
import { AlexNetError } from '../../errors.ts';
import { inPortions } from '../../platform/portions.ts';
import { multipliers } from '../../network/quantisation.ts';
import type { Integers } from '../../network/quantisation.ts';
import type { Draw, ParameterPart, StepResult } from '../engine.ts';
import { BaseSession } from '../session.ts';
import type {
  BackwardPass,
  Plan,
  ResolvedBackwardOptions,
  ResolvedGradientOptions,
  ResolvedUpdate,
} from '../session.ts';
import { always } from '../plan/arena.ts';
import { chunk } from './constants.ts';
import { inPanels } from './integers.ts';
import type { Job } from './job.ts';
import type { Model } from './model.ts';
import { call } from './signatures.ts';
import type { Team, Telling } from './team.ts';
import type { Tensor } from './tensor.ts';
import { unitSize } from './transfer.ts';
import type { MapTransfer, ParameterTransfer } from './transfer.ts';

/**
 * Numbers moved at once between caller and workers: one or two milliseconds, so that the event loop
 * stays free.
 */
const portion = 1 << 18;

/** By the number of jobs done: positions of the parameters whose gradients are final then. */
type Finals = ReadonlyMap<number, readonly number[]>;

/** A network on the team's threads. This thread makes lists of jobs, posts them and awaits. */
export class WasmSession extends BaseSession {
  readonly engine = 'wasm';
  readonly threads: number;
  readonly memoryBytes: number;
  readonly #model: Model;
  readonly #team: Team;

  constructor(plan: Plan, model: Model, team: Team, threads: number) {
    super(plan);
    this.#model = model;
    this.#team = team;
    this.threads = threads;
    this.memoryBytes = model.bytes;
  }

  /** Fills tables and borders that stay. Called once, before anything else. */
  async setUp(): Promise<void> {
    const { layers, values, gradients } = this.#model;
    const borders = [...new Set([...values, ...gradients])]
      .filter(stays)
      .flatMap((tensor) => tensor.clearBorder(this.plan.batch));
    await this.#team.run([...layers.flatMap((layer) => layer.setup?.() ?? []), ...borders]);
  }

  protected override async runForward(
    images: Float32Array,
    count: number,
    draw: Required<Draw> | undefined,
  ): Promise<Float32Array> {
    await this.#giveImages(images);
    const output = this.#whole(this.#model.values.length - 1, count);
    const jobs = this.#forwardJobs(count, draw);
    if (count * this.plan.outputSize <= portion) return (await this.#team.run(jobs, [output]))[0]!;
    await this.#team.run(jobs);
    return this.#read(output);
  }

  protected override async runGradients(
    images: Float32Array,
    labels: Int32Array,
    count: number,
    options: ResolvedGradientOptions,
  ): Promise<StepResult> {
    const { values, gradients, labels: place, results } = this.#model;
    const { top } = this.plan;
    await this.#giveImages(images);
    this.#team.write({ kind: 'raw', at: place.at, bytes: labels.byteLength }, labels.slice());
    const [logits, dLogits] = [values[top]!, gradients[top]!];
    const loss = call.crossEntropy(count, {
      logits: logits.origin,
      logitsImage: logits.strides.image,
      labels: place.at,
      gradient: dLogits.origin,
      gradientImage: dLogits.strides.image,
      results: results.at,
      classes: this.plan.classes,
      labelSmoothing: options.labelSmoothing,
      divisor: options.divisor,
    });
    const jobs = [...this.#forwardJobs(count, options.draw), ...this.#fresh(dLogits, count), loss];
    const finals = this.#addBackward(jobs, top, count, {
      ...options,
      relu: 'plain',
      parameters: true,
    });
    const [found] = await this.#team.run(
      jobs,
      [{ kind: 'raw', at: results.at, bytes: count * 24 }],
      this.#telling(finals, options.onFinal),
    );
    return sumResults(new Float64Array(found!.buffer), count);
  }

  protected override async runBackward(
    layer: number,
    gradient: Float32Array,
    count: number,
    options: ResolvedBackwardOptions,
  ): Promise<void> {
    const tensor = this.#model.gradients[layer]!;
    await this.#writeMap(tensor, gradient, count);
    const jobs = this.#fresh(tensor, count);
    const finals = this.#addBackward(jobs, layer, count, options);
    await this.#team.run(jobs, [], this.#telling(finals, options.onFinal));
  }

  protected override viewGradient(index: number): Promise<Float32Array> {
    const { gradient, length } = this.#model.parameters[index]!;
    const view = this.#team.view(gradient!.at, length);
    if (view === undefined)
      return Promise.reject(
        new AlexNetError(
          'The wasm engine can show its gradients only where threads share memory, which needs a ' +
            'cross-origin isolated page.',
        ),
      );
    return Promise.resolve(view);
  }

  protected override async runUpdate({
    momentum,
    gradientScale,
    parameters,
  }: ResolvedUpdate): Promise<void> {
    await this.#team.run(
      parameters.map(({ index, rate, decay }) => {
        const { value, velocity, gradient, length } = this.#model.parameters[index]!;
        return call.update(Math.ceil(length / chunk), {
          value: value.at,
          velocity: velocity!.at,
          gradient: gradient!.at,
          length,
          momentum,
          decay: rate * decay,
          rate: rate * gradientScale,
        });
      }),
    );
  }

  protected override async runGradientNorm(): Promise<number> {
    const { parameters, squares } = this.#model;
    let chunks = 0;
    const jobs = parameters.flatMap(({ gradient, length }): Job[] => {
      if (gradient === undefined) return [];
      const at = squares.at + chunks * 8;
      const tasks = Math.ceil(length / chunk);
      chunks += tasks;
      return [call.sumSquares(tasks, { values: gradient.at, length, sums: at })];
    });
    const [sums] = await this.#team.run(jobs, [{ kind: 'raw', at: squares.at, bytes: chunks * 8 }]);
    return Math.sqrt(new Float64Array(sums!.buffer).reduce((sum, square) => sum + square, 0));
  }

  protected override readActivation(layer: number, count: number): Promise<Float32Array> {
    return this.#read(this.#whole(layer, count));
  }

  protected override readActivationGradient(layer: number, count: number): Promise<Float32Array> {
    return this.#read(whole(this.#model.gradients[layer]!, count));
  }

  protected override readParameter(index: number, part: ParameterPart): Promise<Float32Array> {
    return this.#read(this.#parameter(index, part));
  }

  protected override async writeParameter(
    index: number,
    part: ParameterPart,
    values: Float32Array,
  ): Promise<void> {
    await this.#write(this.#parameter(index, part), values);
    await this.#team.run([]);
  }

  protected override async writeIntegers(
    layer: number,
    { weight, scales, bias }: Integers,
  ): Promise<void> {
    const stored = this.#model.integers.get(layer)!;
    const { int8, edges } = this.plan;
    const factors = multipliers(int8.get(layer)!.input, scales, edges[layer]!);
    const size = weight.length / bias.length;
    const { layout, weights } = stored;
    for (const { first, count } of portions(bias.length, size)) {
      if (first > 0) await yieldToEvents();
      this.#team.write(
        { kind: 'integers', at: weights.at, ...layout, first, count },
        weight.slice(first * size, (first + count) * size),
      );
    }
    const sums = inPanels(bias, stored, (length) => new Int32Array(length));
    const scaled = inPanels(factors, stored, (length) => new Float32Array(length));
    for (const [{ at }, data] of [
      [stored.bias, sums],
      [stored.multipliers, scaled],
    ] as const)
      this.#team.write({ kind: 'raw', at, bytes: data.byteLength }, data);
    await this.#team.run([]);
  }

  protected override release(): Promise<void> {
    return this.#team.end();
  }

  #forwardJobs(count: number, draw: Required<Draw> | undefined): Job[] {
    const { layers, values } = this.#model;
    return layers.flatMap((layer, index) => {
      const own = values[index]!;
      return [
        ...(own === values[index - 1] ? [] : this.#fresh(own, count)),
        ...layer.forward(count, draw),
      ];
    });
  }

  /**
   * Adds the jobs from the gradient of layer `top`'s output down to that of layer `lowest`'s.
   * @returns after how many jobs which parameters' gradients are final.
   */
  #addBackward(
    jobs: Job[],
    top: number,
    count: number,
    { relu, parameters, accumulate, lowest, draw }: ResolvedBackwardOptions,
  ): Finals {
    const { layers, gradients } = this.#model;
    const finals = new Map<number, readonly number[]>();
    for (let index = top; index >= Math.max(1, lowest); index--) {
      const layer = layers[index]!;
      const own = parameters ? this.#trainedIn(index) : [];
      if (own.length > 0) {
        jobs.push(...(layer.gradients?.(count, accumulate) ?? []));
        finals.set(jobs.length, own);
      }
      if (index === lowest) break;
      const below = gradients[index - 1]!;
      if (below !== gradients[index]) jobs.push(...this.#fresh(below, count));
      jobs.push(...(layer.backward?.(count, relu, draw) ?? []));
    }
    return finals;
  }

  /** Positions of a layer's parameters, none where it is frozen. */
  #trainedIn(index: number): number[] {
    const { trained, parameters, shapes } = this.plan;
    return trained.filter((position) => parameters[position]!.layer === shapes[index]!.layer);
  }

  #telling(finals: Finals, onFinal: BackwardPass['onFinal']): Telling | undefined {
    if (onFinal === undefined) return undefined;
    return {
      after: [...finals.keys()],
      done: (jobs) => {
        for (const parameter of finals.get(jobs)!) onFinal(parameter);
      },
    };
  }

  /** A tensor whose memory others use too needs its border cleared each time. */
  #fresh(tensor: Tensor, count: number): Job[] {
    return stays(tensor) ? [] : tensor.clearBorder(count);
  }

  /** A layer's output as it is read: of integers, the numbers they stand for. */
  #whole(layer: number, count: number): MapTransfer {
    const edge = this.plan.edges[layer]!;
    return {
      ...whole(this.#model.values[layer]!, count),
      ...(edge !== 'f32' && { scale: Math.fround(edge.scale) }),
    };
  }

  #parameter(index: number, part: ParameterPart): ParameterTransfer {
    const { layout, [part]: region } = this.#model.parameters[index]!;
    return {
      kind: 'parameter',
      at: region!.at,
      ...layout,
      first: 0,
      count: layout.groups * layout.outputs,
    };
  }

  /** Copies images to where the first job finds them. */
  async #giveImages(images: Float32Array): Promise<void> {
    await inPortions(images.length, portion, (first, end) =>
      this.#team.copy(this.#model.given.at + first * 4, images.subarray(first, end)),
    );
  }

  #writeMap(tensor: Tensor, values: Float32Array, count: number): Promise<void> {
    return this.#write(whole(tensor, count), values);
  }

  /**
   * Posts a copy of `values`, portion by portion, for the workers to lay into place before the next
   * run.
   */
  async #write(transfer: MapTransfer | ParameterTransfer, values: Float32Array): Promise<void> {
    const size = unitSize(transfer);
    for (const [index, { first, count }] of portions(transfer.count, size).entries()) {
      if (index > 0) await yieldToEvents();
      this.#team.write(
        { ...transfer, first, count },
        values.slice(first * size, (first + count) * size),
      );
    }
  }

  async #read(transfer: MapTransfer | ParameterTransfer): Promise<Float32Array> {
    const size = unitSize(transfer);
    const out = new Float32Array(transfer.count * size);
    for (const { first, count } of portions(transfer.count, size)) {
      const [part] = await this.#team.run([], [{ ...transfer, first, count }]);
      out.set(part!, first * size);
    }
    return out;
  }
}

function stays({ region }: Tensor): boolean {
  return region.life === always;
}

function whole(tensor: Tensor, count: number): MapTransfer {
  const [channels, rows, columns] = tensor.shape;
  const { image, row } = tensor.strides;
  return {
    kind: 'map',
    origin: tensor.origin,
    image,
    row,
    channels,
    rows,
    columns,
    first: 0,
    count,
  };
}

/** Splits `units` of `size` numbers each into portions, one unit at least. */
function portions(units: number, size: number): { first: number; count: number }[] {
  const step = Math.max(1, Math.floor(portion / size));
  return Array.from({ length: Math.ceil(units / step) }, (_, i) => ({
    first: i * step,
    count: Math.min(step, units - i * step),
  }));
}

function sumResults(results: Float64Array, images: number): StepResult {
  const total = [0, 0, 0];
  for (let i = 0; i < 3 * images; i++) total[i % 3]! += results[i]!;
  return { loss: total[0]! / images, images, correct: total[1]!, correct5: total[2]! };
}
