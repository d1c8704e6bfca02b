import { ensure } from '../errors.ts';
import { opencvTaps, pillowTaps } from './fixed-taps.ts';
import type { FixedTaps, TwoTaps } from './fixed-taps.ts';
import type { Picture, Rectangle } from './picture.ts';
import { cleared } from './workbench.ts';
import type { Workbench } from './workbench.ts';

/**
 * Whose arithmetic, to the last bit. `pillow`: bilinear, antialiased where it shrinks (torchvision
 * on PIL images, `Image.resize(size, BILINEAR)`). `opencv`: bilinear of the two nearest pixels,
 * without antialiasing (Caffe, `cv::resize(…, INTER_LINEAR)`).
 */
export type ResampleKernel = 'pillow' | 'opencv';

/** Source rows are brought into the kernels' memory in portions of about this many bytes. */
const portion = 2 ** 18;

/**
 * A picture made larger or smaller, width×height, or of that a window alone: the same bytes, at
 * the cost of the window.
 */
export function resample(
  picture: Picture,
  width: number,
  height: number,
  kernel: ResampleKernel,
  window: Rectangle = { left: 0, top: 0, width, height },
): Picture {
  ensure(
    window.left >= 0 &&
      window.top >= 0 &&
      window.width >= 1 &&
      window.height >= 1 &&
      window.left + window.width <= width &&
      window.top + window.height <= height,
    () =>
      `Expected a window inside of ${width}×${height} but found ` +
      `${window.width}×${window.height} at ${window.left}, ${window.top}.`,
  );
  if (width === picture.width && height === picture.height) return cut(picture, window);
  const bench = cleared();
  const size = window.width * window.height * 3;
  const place =
    kernel === 'pillow'
      ? likePillow(bench, picture, width, height, window)
      : likeOpencv(bench, picture, width, height, window);
  return {
    width: window.width,
    height: window.height,
    data: bench.bytes(place, size).slice(),
  };
}

/** A rectangle of a picture; the picture itself where it is all of it. */
export function cut(picture: Picture, { left, top, width, height }: Rectangle): Picture {
  if (width === picture.width && height === picture.height) return picture;
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * picture.width + left) * 3;
    data.set(picture.data.subarray(from, from + width * 3), y * width * 3);
  }
  return { width, height, data };
}

function likePillow(
  bench: Workbench,
  picture: Picture,
  width: number,
  height: number,
  window: Rectangle,
): number {
  const across = pillowTaps(picture.width, width, window.left, window.left + window.width);
  const down = pillowTaps(picture.height, height, window.top, window.top + window.height);
  const top = down.first[0]!;
  const bottom = Math.min(picture.height, down.first.at(-1)! + down.count);
  const pairs = Math.ceil(down.count / 2);
  const stride = window.width * 3;
  const first = bench.put(across.first.map((x) => x * 3));
  const weights = bench.put(split(across));
  // Taps of weight 0 are read too, and may lie past the last row.
  const rows = bench.room((bottom - top + 2 * pairs) * stride);
  const numbers = Array.from({ length: bottom - top }, (_, y) => top + y);
  eachPortion(bench, picture, numbers, (source, count, done) =>
    bench.kernels.pillowRows(
      source,
      picture.width * 3,
      count,
      first,
      weights,
      Math.ceil(across.count / 2),
      window.width,
      rows + done * stride,
    ),
  );
  const out = bench.room(stride * window.height);
  bench.kernels.pillowColumns(
    rows,
    stride,
    bench.put(down.first.map((y) => y - top)),
    bench.put(split(down)),
    pairs,
    window.height,
    out,
  );
  return out;
}

/** Weights as the kernels read them: per pair both high parts, then both low parts of 11 bits. */
function split({ count, first, weights }: FixedTaps): Int16Array {
  const pairs = Math.ceil(count / 2);
  const out = new Int16Array(first.length * pairs * 4);
  for (let i = 0; i < first.length; i++)
    for (let t = 0; t < count; t++) {
      const weight = weights[i * count + t]!;
      const at = (i * pairs + (t >> 1)) * 4 + (t & 1);
      out[at] = weight >> 11;
      out[at + 2] = weight & 2047;
    }
  return out;
}

function likeOpencv(
  bench: Workbench,
  picture: Picture,
  width: number,
  height: number,
  window: Rectangle,
): number {
  const across = opencvTaps(picture.width, width, window.left, window.left + window.width);
  const down = opencvTaps(picture.height, height, window.top, window.top + window.height);
  const first = bench.put(across.lower.map((x) => x * 3));
  const weights = bench.put(acrossWeights(across));
  const numbers = [...new Set([...down.lower, ...down.upper])].toSorted((a, b) => a - b);
  const rows = bench.room(numbers.length * window.width * 16);
  eachPortion(bench, picture, numbers, (source, count, done) =>
    bench.kernels.opencvRows(
      source,
      picture.width * 3,
      count,
      first,
      weights,
      window.width,
      rows + done * window.width * 16,
    ),
  );
  const position = new Map(numbers.map((row, i) => [row, i]));
  const out = bench.room(window.width * window.height * 3);
  bench.kernels.opencvColumns(
    rows,
    bench.put(down.lower.map((row) => position.get(row)!)),
    bench.put(down.upper.map((row) => position.get(row)!)),
    bench.put(down.lowerWeight),
    bench.put(down.upperWeight),
    window.width,
    window.height,
    out,
  );
  return out;
}

/**
 * Both weights per pixel, as the kernel reads them. Across, unlike down, OpenCV gives the border's
 * pixel all weight in one, which rounds otherwise than two halves.
 */
function acrossWeights({ lower, upper, lowerWeight, upperWeight }: TwoTaps): Int16Array {
  const out = new Int16Array(lower.length * 2);
  for (let x = 0; x < lower.length; x++) {
    const border = lower[x] === upper[x];
    out[2 * x] = border ? 2048 : lowerWeight[x]!;
    out[2 * x + 1] = border ? 0 : upperWeight[x]!;
  }
  return out;
}

/** Brings the rows with these numbers, ascending, into the kernels' memory, some at a time. */
function eachPortion(
  bench: Workbench,
  { width, data }: Picture,
  numbers: readonly number[],
  use: (source: number, count: number, done: number) => void,
): void {
  const stride = width * 3;
  const most = Math.min(numbers.length, Math.max(1, Math.floor(portion / stride)));
  const source = bench.room(most * stride);
  for (let done = 0; done < numbers.length; done += most) {
    const rows = numbers.slice(done, done + most);
    rows.forEach((row, i) =>
      bench.bytes(source + i * stride, stride).set(data.subarray(row * stride, (row + 1) * stride)),
    );
    use(source, rows.length, done);
  }
}
