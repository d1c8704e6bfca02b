import { ensure } from '../errors.ts';
import type { Session } from '../engine/engine.ts';
import type { Shape } from '../network/layer.ts';
import { inferShapes, volume } from '../network/shapes.ts';
import { CoveredForwards } from './covered.ts';
import type { Covers, PartsOptions } from './covered.ts';
import type { Span } from './receptive.ts';
import type { Target } from './target.ts';
import { inParts } from './work.ts';
import type { Work } from './work.ts';

export interface OcclusionOptions extends Work {
  /** Side of the square that is covered, in pixels. Default 32. */
  readonly patch?: number;
  /** Pixels from one square to the next. Default 8. */
  readonly stride?: number;
  /**
   * What covers it: one number per channel, in the network's input. Default zeros: with the mean
   * subtracted, the mean colour.
   */
  readonly fill?: readonly number[];
  /**
   * What parts of the network are prepared with, so that only what a square changes is computed:
   * about twice as quick, for the dense layers' weights once more in memory. Without it every
   * covered image goes through the whole session.
   */
  readonly parts?: PartsOptions;
}

export interface Occlusion {
  /** How many squares down and across; the last ones are cut at the border. */
  readonly rows: number;
  readonly columns: number;
  /** `[rows, columns]`: the target uncovered less the target with that square covered. */
  readonly drops: Float32Array;
  /**
   * `[height, width]` of the input: for each pixel the mean drop over the squares that cover it.
   */
  readonly overInput: Float32Array;
  /** The target's value on the whole image. */
  readonly uncovered: number;
}

/**
 * How much the target falls when a square of the image is covered, for squares everywhere (Zeiler
 * and Fergus 2013, arXiv 1311.2901, §4.2). The target may be a class's probability: give the
 * softmax layer.
 * @param session any mode, keeping the target's layer; without `parts` a batch of 64 or so is
 * quicker than one of 1.
 */
export async function occlusion(
  session: Session,
  image: Float32Array,
  target: Target,
  options: OcclusionOptions = {},
): Promise<Occlusion> {
  const shape = inferShapes(session.network)[0]!.output;
  const {
    patch = 32,
    stride = 8,
    fill = Array.from({ length: shape[0] }, () => 0),
    parts,
    ...work
  } = options;
  checkSquares(shape, patch, stride, fill);
  const covers: Covers = {
    rows: places(shape[1], patch, stride),
    columns: places(shape[2], patch, stride),
    fill,
  };
  const forwards =
    parts && (await CoveredForwards.prepare(parts, session, image, covers, target.layer));
  try {
    const { uncovered, covered } = await (forwards
      ? inWindows(forwards, target, covers, work)
      : inFull(session, image, target, covers, work));
    const drops = covered.map((value) => uncovered - value);
    return {
      rows: covers.rows.length,
      columns: covers.columns.length,
      drops,
      uncovered,
      overInput: meanDrops(drops, covers, shape),
    };
  } finally {
    await forwards?.dispose();
  }
}

/** The target's values. */
interface Values {
  readonly uncovered: number;
  readonly covered: Float32Array;
}

async function inWindows(
  forwards: CoveredForwards,
  { layer, unit }: Target,
  { rows, columns }: Covers,
  work: Work,
): Promise<Values> {
  const covered = new Float32Array(rows.length * columns.length);
  await inParts(covered.length, forwards.batch, work, async (first, count) => {
    const outputs = await forwards.covered(layer, first, count);
    for (let n = 0; n < count; n++)
      covered[first + n] = outputs[(n * outputs.length) / count + unit]!;
  });
  return { uncovered: (await forwards.uncovered(layer))[unit]!, covered };
}

/** Every covered image through the whole network. */
async function inFull(
  session: Session,
  image: Float32Array,
  { layer, unit }: Target,
  covers: Covers,
  work: Work,
): Promise<Values> {
  const shape = inferShapes(session.network)[0]!.output;
  const columns = covers.columns.length;
  const values = new Float32Array(covers.rows.length * columns + 1);
  const size = volume(shape);
  await inParts(values.length, session.batch, work, async (first, count) => {
    const batch = new Float32Array(count * size);
    for (let n = 0; n < count; n++) {
      const one = batch.subarray(n * size, (n + 1) * size);
      one.set(image);
      const square = first + n - 1;
      if (square >= 0)
        cover(
          one,
          shape,
          covers.rows[Math.floor(square / columns)]!,
          covers.columns[square % columns]!,
          covers.fill,
        );
    }
    await session.forward(batch);
    const outputs = await session.activation(layer);
    for (let n = 0; n < count; n++)
      values[first + n] = outputs[(n * outputs.length) / count + unit]!;
  });
  return { uncovered: values[0]!, covered: values.subarray(1) };
}

function checkSquares(
  [channels, height, width]: Shape,
  patch: number,
  stride: number,
  fill: readonly number[],
): void {
  const side = Math.min(height, width);
  ensure(
    Number.isInteger(patch) && patch > 0 && patch <= side,
    () =>
      `Expected patch to be a whole number from 1 to ${side}, the input's side, but found ` +
      `${patch}.`,
  );
  ensure(
    Number.isInteger(stride) && stride > 0 && stride <= patch,
    () =>
      `Expected stride to be a whole number from 1 to the patch of ${patch}, so that no pixel ` +
      `is left out, but found ${stride}.`,
  );
  ensure(
    fill.length === channels,
    () => `Expected fill to be ${channels} numbers, one a channel, but found ${fill.length}.`,
  );
}

/** So many squares that the last one reaches the border; it may be cut there. */
function places(length: number, patch: number, stride: number): Span[] {
  return Array.from({ length: Math.ceil((length - patch) / stride) + 1 }, (_, i) => ({
    start: i * stride,
    end: Math.min(length, i * stride + patch),
  }));
}

function cover(
  image: Float32Array,
  [channels, height, width]: Shape,
  rows: Span,
  columns: Span,
  fill: readonly number[],
): void {
  for (let c = 0; c < channels; c++) {
    for (let y = rows.start; y < rows.end; y++)
      image.fill(
        fill[c]!,
        (c * height + y) * width + columns.start,
        (c * height + y) * width + columns.end,
      );
  }
}

function meanDrops(
  drops: Float32Array,
  { rows, columns }: Covers,
  [, height, width]: Shape,
): Float32Array {
  const sums = new Float64Array(height * width);
  const covers = new Float64Array(height * width);
  drops.forEach((drop, square) => {
    const [down, across] = [
      rows[Math.floor(square / columns.length)]!,
      columns[square % columns.length]!,
    ];
    for (let y = down.start; y < down.end; y++) {
      for (let x = across.start; x < across.end; x++) {
        sums[y * width + x]! += drop;
        covers[y * width + x]!++;
      }
    }
  });
  return Float32Array.from(sums, (sum, i) => sum / covers[i]!);
}
