import { ensure } from '../errors.ts';
import type { Session } from '../engine/engine.ts';
import type { Shape } from '../network/layer.ts';
import { inferShapes, volume } from '../network/shapes.ts';
import type { Target } from './target.ts';
import { inParts } from './work.ts';
import type { Work } from './work.ts';

export interface OcclusionOptions extends Work {
  /** Side of the square that is covered, in pixels. Default 32. */
  readonly patch?: number;
  /** Pixels from one square to the next. Default 8. */
  readonly stride?: number;
  /** What covers it: one number a channel, in the network's input. Default zeros: with the mean subtracted, the mean colour. */
  readonly fill?: readonly number[];
}

export interface Occlusion {
  /** How many squares down and across; the last ones are cut at the border. */
  readonly rows: number;
  readonly columns: number;
  /** `[rows, columns]`: the target uncovered less the target with that square covered. */
  readonly drops: Float32Array;
  /** `[height, width]` of the input: for each pixel the mean drop over the squares that cover it. */
  readonly overInput: Float32Array;
  /** The target's value on the whole image. */
  readonly uncovered: number;
}

/**
 * How much the target falls when a square of the image is covered, for squares everywhere (Zeiler and Fergus 2013,
 * arXiv 1311.2901, §4.2). The target may be a class's probability: give the softmax layer.
 * @param session any mode, keeping the target's layer; a batch of 64 or so is quicker than one of 1.
 */
export async function occlusion(session: Session, image: Float32Array, target: Target, options: OcclusionOptions = {}): Promise<Occlusion> {
  const shape = inferShapes(session.network)[0]!.output;
  const { patch = 32, stride = 8, fill = Array.from({ length: shape[0] }, () => 0), ...work } = options;
  checkSquares(shape, patch, stride, fill);
  const rows = places(shape[1], patch, stride);
  const columns = places(shape[2], patch, stride);
  const values = new Float32Array(rows * columns + 1);
  const size = volume(shape);
  await inParts(values.length, session.batch, work, async (first, count) => {
    const batch = new Float32Array(count * size);
    for (let n = 0; n < count; n++) {
      const covered = batch.subarray(n * size, (n + 1) * size);
      covered.set(image);
      const square = first + n - 1;
      if (square >= 0) cover(covered, shape, Math.floor(square / columns) * stride, (square % columns) * stride, patch, fill);
    }
    await session.forward(batch);
    const outputs = await session.activation(target.layer);
    for (let n = 0; n < count; n++) values[first + n] = outputs[(n * outputs.length) / count + target.unit]!;
  });
  const uncovered = values[0]!;
  const drops = values.subarray(1).map((value) => uncovered - value);
  return { rows, columns, drops, uncovered, overInput: meanDrops(drops, columns, shape, patch, stride) };
}

function checkSquares([channels, height, width]: Shape, patch: number, stride: number, fill: readonly number[]): void {
  const most = Math.min(height, width);
  ensure(Number.isInteger(patch) && patch > 0 && patch <= most, () => `Expected patch to be a whole number from 1 to ${most}, the input's side, but found ${patch}.`);
  ensure(Number.isInteger(stride) && stride > 0 && stride <= patch, () => `Expected stride to be a whole number from 1 to the patch of ${patch}, so that no pixel is left out, but found ${stride}.`);
  ensure(fill.length === channels, () => `Expected fill to be ${channels} numbers, one a channel, but found ${fill.length}.`);
}

/** So many squares that the last one reaches the border. */
function places(length: number, patch: number, stride: number): number {
  return Math.ceil((length - patch) / stride) + 1;
}

function cover(image: Float32Array, [channels, height, width]: Shape, top: number, left: number, patch: number, fill: readonly number[]): void {
  const right = Math.min(width, left + patch);
  for (let c = 0; c < channels; c++) {
    for (let y = top; y < Math.min(height, top + patch); y++) image.fill(fill[c]!, (c * height + y) * width + left, (c * height + y) * width + right);
  }
}

function meanDrops(drops: Float32Array, columns: number, [, height, width]: Shape, patch: number, stride: number): Float32Array {
  const sums = new Float64Array(height * width);
  const covers = new Float64Array(height * width);
  drops.forEach((drop, square) => {
    const top = Math.floor(square / columns) * stride;
    const left = (square % columns) * stride;
    for (let y = top; y < Math.min(height, top + patch); y++) {
      for (let x = left; x < Math.min(width, left + patch); x++) {
        sums[y * width + x]! += drop;
        covers[y * width + x]!++;
      }
    }
  });
  return Float32Array.from(sums, (sum, i) => sum / covers[i]!);
}
