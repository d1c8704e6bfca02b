import type { Engine, Session } from '../engine/engine.ts';
import type { Network, Shape, Size } from '../network/layer.ts';
import { inferShapes, volume } from '../network/shapes.ts';
import type { Span } from './receptive.ts';
import { partNetwork, windowNetwork, windowStages } from './windows.ts';
import type { Stage } from './windows.ts';

/**
 * Rectangles of one image that are covered with a colour, one at a time: each of `rows` with each
 * of `columns`, row by row.
 */
export interface Covers {
  readonly rows: readonly Span[];
  readonly columns: readonly Span[];
  /** One number per channel. */
  readonly fill: readonly number[];
}

/** What parts of a session's network are prepared with. */
export interface PartsOptions {
  readonly engine: Pick<Engine, 'prepare'>;
  /** The session's weights, where they are at hand; else they are read from it. */
  readonly weights?: ReadonlyMap<string, Float32Array>;
}

/**
 * Numbers `[channels, height, width]` that lie somewhere in a map, their first at row and column
 * `at`.
 */
interface Laid {
  readonly values: Float32Array;
  readonly size: Size;
  readonly at: readonly [row: number, column: number];
}

/**
 * How many covered images go through at once: enough that the dense layers read their weights
 * seldom.
 */
const batch = 64;

/**
 * Forward passes of one image with something covered, computing only what the cover changes: the
 * first layers, whose maps are large and look at little, in windows; the layers from where
 * everything changes on as they are. The same sums as a whole pass makes, so the same numbers but
 * for rounding.
 */
export class CoveredForwards {
  readonly batch = batch;
  readonly #covers: Covers;
  readonly #stages: readonly Stage[];
  /**
   * What goes into each stage, and at last into the rest of the network, when nothing is covered.
   */
  readonly #uncovered: readonly Float32Array[];
  readonly #windows: readonly Session[];
  readonly #rest: Session;
  /** What is read for a batch, by stage; kept, because fresh memory costs more than filling it. */
  readonly #read: Float32Array[] = [];

  private constructor(
    covers: Covers,
    stages: readonly Stage[],
    uncovered: readonly Float32Array[],
    windows: readonly Session[],
    rest: Session,
  ) {
    this.#covers = covers;
    this.#stages = stages;
    this.#uncovered = uncovered;
    this.#windows = windows;
    this.#rest = rest;
  }

  /**
   * Prepares the parts with the weights that `session` has now; `weights` are the same, where they
   * are at hand, so that they need not be read back. The dense layers are then there twice.
   * @returns undefined where nothing is gained, or `layer` lies too low.
   */
  static async prepare(
    { engine, weights }: PartsOptions,
    session: Session,
    image: Float32Array,
    covers: Covers,
    layer: string,
  ): Promise<CoveredForwards | undefined> {
    const { network } = session;
    const stages = windowStages(network, covers.rows, covers.columns);
    const end = network.findIndex(({ name }) => name === stages.at(-1)?.layers.at(-1)!.layer.name);
    if (network.findIndex(({ name }) => name === layer) <= end || end < 0) return undefined;
    const opened: Session[] = [];
    const open = async (part: Network, size: number, keep: readonly string[]): Promise<Session> => {
      const { precision, threads } = session;
      const one = await engine.prepare(part, {
        batch: size,
        mode: 'inference',
        precision,
        threads,
        keep,
      });
      opened.push(one);
      for (const { name } of one.parameters)
        await one.setParameter(name, weights?.get(name) ?? (await session.getParameter(name)));
      return one;
    };
    try {
      const uncovered = [
        image,
        ...(await throughWhole(
          await open(
            partNetwork(inputOf(network), network.slice(1, end + 1)),
            1,
            stages.map(lastName),
          ),
          image,
          stages,
        )),
      ];
      await opened.pop()!.dispose();
      const windows: Session[] = [];
      for (const stage of stages)
        windows.push(await open(windowNetwork(stage), batch, [lastName(stage)]));
      const rest = await open(
        partNetwork(outputOf(stages.at(-1)!), network.slice(end + 1)),
        batch,
        [layer],
      );
      return new CoveredForwards(covers, stages, uncovered, windows, rest);
    } catch (error) {
      await Promise.all(opened.map((one) => one.dispose()));
      throw error;
    }
  }

  /** A layer's output with nothing covered. */
  async uncovered(layer: string): Promise<Float32Array> {
    await this.#rest.forward(this.#uncovered.at(-1)!);
    return this.#rest.activation(layer);
  }

  /** A layer's outputs `[count, …]` with cover number `first`, `first` + 1, … */
  async covered(layer: string, first: number, count: number): Promise<Float32Array> {
    const { rows, columns, fill } = this.#covers;
    const numbers = Array.from({ length: count }, (_, n) => ({
      row: Math.floor((first + n) / columns.length),
      column: (first + n) % columns.length,
    }));
    let changed = numbers.map(({ row, column }) => rectangle(rows[row]!, columns[column]!, fill));
    for (const [k, stage] of this.#stages.entries()) {
      const at = numbers.map(
        ({ row, column }) => [stage.rows[row]!, stage.columns[column]!] as const,
      );
      const read = this.#cut(
        k,
        stage.layers[0]!.input,
        changed,
        stage.read,
        at.map(([y, x]) => [y.from, x.from]),
      );
      await this.#windows[k]!.forward(read);
      const made = await this.#windows[k]!.activation(lastName(stage));
      const size = made.length / count;
      changed = at.map(([y, x], n) => ({
        values: made.subarray(n * size, (n + 1) * size),
        size: stage.made,
        at: [y.to, x.to],
      }));
    }
    const shape = outputOf(this.#stages.at(-1)!);
    await this.#rest.forward(
      this.#cut(
        this.#stages.length,
        shape,
        changed,
        [shape[1], shape[2]],
        numbers.map(() => [0, 0]),
      ),
    );
    return this.#rest.activation(layer);
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.#windows, this.#rest].map((session) => session.dispose()));
  }

  /** Windows of map number k, each with its change in it; zeros past the map's border. */
  #cut(
    k: number,
    [channels, height, width]: Shape,
    changed: readonly Laid[],
    size: Size,
    at: readonly (readonly [number, number])[],
  ): Float32Array {
    const map: Laid = { values: this.#uncovered[k]!, size: [height, width], at: [0, 0] };
    const volumeOfOne = channels * size[0] * size[1];
    this.#read[k] ??= new Float32Array(batch * volumeOfOne);
    const out = this.#read[k].subarray(0, changed.length * volumeOfOne).fill(0);
    changed.forEach((change, n) => {
      const window: Laid = {
        values: out.subarray(n * volumeOfOne, (n + 1) * volumeOfOne),
        size,
        at: at[n]!,
      };
      lay(map, window, channels);
      lay(change, window, channels);
    });
    return out;
  }
}

/** The maps that leave each stage. */
async function throughWhole(
  session: Session,
  image: Float32Array,
  stages: readonly Stage[],
): Promise<Float32Array[]> {
  await session.forward(image);
  const maps: Float32Array[] = [];
  for (const stage of stages) maps.push(await session.activation(lastName(stage)));
  return maps;
}

function inputOf(network: Network): Shape {
  return inferShapes(network)[0]!.output;
}

function outputOf({ layers }: Stage): Shape {
  return layers.at(-1)!.output;
}

function lastName({ layers }: Stage): string {
  return layers.at(-1)!.layer.name;
}

function rectangle(rows: Span, columns: Span, fill: readonly number[]): Laid {
  const size: Size = [rows.end - rows.start, columns.end - columns.start];
  const values = new Float32Array(volume([fill.length, ...size]));
  fill.forEach((value, c) =>
    values.fill(value, c * size[0] * size[1], (c + 1) * size[0] * size[1]),
  );
  return { values, size, at: [rows.start, columns.start] };
}

/** Copies what of `from` lies where `to` lies. */
function lay(
  { values: source, size: [sourceHeight, sourceWidth], at: [sourceTop, sourceLeft] }: Laid,
  { values: target, size: [height, width], at: [targetTop, targetLeft] }: Laid,
  channels: number,
): void {
  const top = Math.max(sourceTop, targetTop);
  const left = Math.max(sourceLeft, targetLeft);
  const bottom = Math.min(sourceTop + sourceHeight, targetTop + height);
  const right = Math.min(sourceLeft + sourceWidth, targetLeft + width);
  if (source.length === target.length && right - left === width && bottom - top === height) {
    target.set(source);
    return;
  }
  for (let c = 0; c < channels; c++) {
    for (let y = top; y < bottom; y++) {
      const from = (c * sourceHeight + y - sourceTop) * sourceWidth - sourceLeft;
      const to = (c * height + y - targetTop) * width - targetLeft;
      for (let x = left; x < right; x++) target[to + x] = source[from + x]!;
    }
  }
}
