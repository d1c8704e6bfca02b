import type { Rectangle } from './fit.ts';
import type { Picture } from './picture.ts';

/** Reused from picture to picture by one thread. */
let rows = new Float32Array(0);

/**
 * Resamples a rectangle of a picture to size×size: bilinear, the triangle widened where it shrinks, so that nothing aliases.
 * @param out `[size, size, 3]`, written with values from 0 to 255.
 */
export function resample(picture: Picture, box: Rectangle, size: number, out: Float32Array): void {
  const across = taps(box.left, box.width, picture.width, size);
  const down = taps(box.top, box.height, picture.height, size);
  const firstRow = down.first[0]!;
  const count = down.first[size - 1]! + down.count - firstRow;
  if (rows.length < count * size * 3) rows = new Float32Array(count * size * 3);
  for (let row = 0; row < count; row++) squeezeRow(picture.data, (firstRow + row) * picture.width * 3, across, size, rows, row * size * 3);
  for (let y = 0; y < size; y++) blendRows(down, y, firstRow, size * 3, out);
}

/** Which pixels along one axis make each output pixel: `count` of them from `first[i]` on, with `weights[i · count …]`. */
interface Taps {
  readonly count: number;
  readonly first: Int32Array;
  readonly weights: Float32Array;
}

function taps(from: number, length: number, limit: number, size: number): Taps {
  const scale = length / size;
  const reach = Math.max(1, scale);
  const count = Math.min(limit, Math.ceil(2 * reach));
  const first = new Int32Array(size);
  const weights = new Float32Array(size * count);
  for (let i = 0; i < size; i++) {
    const centre = from + (i + 0.5) * scale - 0.5;
    const start = Math.max(0, Math.min(limit - count, Math.floor(centre - reach) + 1));
    let sum = 0;
    for (let t = 0; t < count; t++) sum += weights[i * count + t] = Math.max(0, 1 - Math.abs(start + t - centre) / reach);
    for (let t = 0; t < count; t++) weights[i * count + t]! /= sum;
    first[i] = start;
  }
  return { count, first, weights };
}

function squeezeRow(data: Uint8Array, row: number, { count, first, weights }: Taps, size: number, out: Float32Array, at: number): void {
  for (let x = 0, w = 0, o = at; x < size; x++, o += 3) {
    let i = row + first[x]! * 3;
    let red = 0;
    let green = 0;
    let blue = 0;
    for (let t = 0; t < count; t++, i += 3, w++) {
      const weight = weights[w]!;
      red += weight * data[i]!;
      green += weight * data[i + 1]!;
      blue += weight * data[i + 2]!;
    }
    out[o] = red;
    out[o + 1] = green;
    out[o + 2] = blue;
  }
}

function blendRows({ count, first, weights }: Taps, y: number, firstRow: number, length: number, out: Float32Array): void {
  const to = y * length;
  const from = (first[y]! - firstRow) * length;
  if (count === 2) {
    const above = weights[2 * y]!;
    const below = weights[2 * y + 1]!;
    for (let i = 0; i < length; i++) out[to + i] = above * rows[from + i]! + below * rows[from + length + i]!;
    return;
  }
  out.fill(0, to, to + length);
  for (let t = 0; t < count; t++) {
    const weight = weights[y * count + t]!;
    if (weight !== 0) for (let i = 0, r = from + t * length; i < length; i++, r++) out[to + i]! += weight * rows[r]!;
  }
}
