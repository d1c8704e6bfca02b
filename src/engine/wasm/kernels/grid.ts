/**
 * What passes integers on, and what turns numbers into integers and back: maps of 16 bits, each `q −
 * zero point` of its edge's grid (`network/quantisation.ts`). `low` and `high` are where the grid
 * ends. One task one row of a map.
 */
import { onGrid, putHalves } from './integers';
import { lrnTower } from './lrn';

// @ts-ignore: decorator
@inline
function at(base: usize, image: u32, row: u32, rows: u32, task: u32): usize {
  return base + (task / rows) * image + (task % rows) * row;
}

/** `length` numbers on their grid; up to 7 floats past the end are read. */
// @ts-ignore: decorator
@inline
function quantise(from: usize, to: usize, length: u32, scale: f32, low: i32, high: i32): void {
  const by = f32x4.splat(scale);
  for (let i: u32 = 0; i < length; i += 8) {
    const q0 = onGrid(f32x4.div(v128.load(from + i * 4), by), low, high),
      q1 = onGrid(f32x4.div(v128.load(from + i * 4, 16), by), low, high);
    putHalves(to + i * 2, i16x8.narrow_i32x4_s(q0, q1), length - i);
  }
}

/** The numbers of `length` integers; up to 7 floats past the end are written. */
// @ts-ignore: decorator
@inline
function dequantise(from: usize, to: usize, length: u32, scale: f32): void {
  const by = f32x4.splat(scale);
  for (let i: u32 = 0; i < length; i += 8) {
    const q = v128.load(from + i * 2);
    const x0 = f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(q)), by),
      x1 = f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(q)), by);
    v128.store(to + i * 4, x0);
    v128.store(to + i * 4, x1, 16);
  }
}

export function toGrid(
  x: usize,
  xImage: u32,
  xRow: u32,
  y: usize,
  yImage: u32,
  yRow: u32,
  rows: u32,
  length: u32,
  scale: f32,
  low: i32,
  high: i32,
  task: u32,
): void {
  const from = at(x, xImage, xRow, rows, task),
    to = at(y, yImage, yRow, rows, task);
  quantise(from, to, length, scale, low, high);
}

/** Writes no float past the row, which may have a border. */
export function fromGrid(
  x: usize,
  xImage: u32,
  xRow: u32,
  y: usize,
  yImage: u32,
  yRow: u32,
  rows: u32,
  length: u32,
  scale: f32,
  task: u32,
): void {
  let from = at(x, xImage, xRow, rows, task),
    to = at(y, yImage, yRow, rows, task);
  const whole = length & ~7;
  dequantise(from, to, whole, scale);
  from += whole * 2;
  to += whole * 4;
  for (let i: u32 = whole; i < length; i++, from += 2, to += 4)
    store<f32>(to, <f32>load<i16>(from) * scale);
}

/** The images that were given, planes of floats, as a channels-last map on its grid. */
export function interleaveGrid(
  from: usize,
  channels: u32,
  rows: u32,
  columns: u32,
  to: usize,
  toImage: u32,
  toRow: u32,
  scale: f32,
  low: i32,
  high: i32,
  task: u32,
): void {
  const image = task / rows,
    row = task % rows;
  const plane = rows * columns * 4,
    cell = channels * 2;
  from += image * channels * plane + row * columns * 4;
  to += image * toImage + row * toRow;
  const by = f32x4.splat(scale);
  for (let channel: u32 = 0; channel < channels; channel++, from += plane, to += 2) {
    let out = to;
    for (let column: u32 = 0; column < columns; column += 4, out += 4 * cell) {
      const q = onGrid(f32x4.div(v128.load(from + column * 4), by), low, high);
      store<i16>(out, <i16>i32x4.extract_lane(q, 0));
      if (column + 1 < columns) store<i16>(out + cell, <i16>i32x4.extract_lane(q, 1));
      if (column + 2 < columns) store<i16>(out + 2 * cell, <i16>i32x4.extract_lane(q, 2));
      if (column + 3 < columns) store<i16>(out + 3 * cell, <i16>i32x4.extract_lane(q, 3));
    }
  }
}

/** LRN across channels from grid to grid: what is computed in floats never leaves the cache. */
export function lrnGrid(
  x: usize,
  xImage: u32,
  xRow: u32,
  y: usize,
  yImage: u32,
  yRow: u32,
  rows: u32,
  columns: u32,
  channels: u32,
  groups: u32,
  size: u32,
  alpha: f32,
  beta: f32,
  k: f32,
  xScale: f32,
  scale: f32,
  low: i32,
  high: i32,
  task: u32,
  scratch: usize,
): void {
  let from = at(x, xImage, xRow, rows, task),
    to = at(y, yImage, yRow, rows, task);
  const all = channels * groups;
  const numbers = scratch + (channels + size + 8) * 4;
  const normalised = numbers + (all + 8) * 4;
  for (let column: u32 = 0; column < columns; column++, from += all * 2, to += all * 2) {
    dequantise(from, numbers, all, xScale);
    for (let tower: u32 = 0; tower < all; tower += channels)
      lrnTower(numbers + tower * 4, normalised + tower * 4, channels, size, alpha, beta, k, scratch);
    quantise(normalised, to, all, scale, low, high);
  }
}

/** max(q, 0): zero is where the zero point is. */
export function reluGrid(
  x: usize,
  xImage: u32,
  xRow: u32,
  y: usize,
  yImage: u32,
  yRow: u32,
  rows: u32,
  length: u32,
  task: u32,
): void {
  const from = at(x, xImage, xRow, rows, task),
    to = at(y, yImage, yRow, rows, task);
  for (let i: u32 = 0; i < length; i += 8)
    putHalves(to + i * 2, i16x8.max_s(v128.load(from + i * 2), i16x8.splat(0)), length - i);
}

export function copyGrid(
  x: usize,
  xImage: u32,
  xRow: u32,
  y: usize,
  yImage: u32,
  yRow: u32,
  rows: u32,
  length: u32,
  task: u32,
): void {
  memory.copy(at(y, yImage, yRow, rows, task), at(x, xImage, xRow, rows, task), length * 2);
}

/** The largest of each window, as `maxPool` of floats. */
export function maxPoolGrid(
  x: usize,
  xImage: u32,
  xRow: u32,
  y: usize,
  yImage: u32,
  yRow: u32,
  rowWindows: usize,
  columnWindows: usize,
  rows: u32,
  columns: u32,
  channels: u32,
  task: u32,
): void {
  x += (task / rows) * xImage;
  y = at(y, yImage, yRow, rows, task);
  const top = load<u32>(rowWindows + (task % rows) * 8),
    bottom = load<u32>(rowWindows + (task % rows) * 8, 4);
  const cell = channels * 2;
  for (let column: u32 = 0; column < columns; column++, y += cell) {
    const left = load<u32>(columnWindows + column * 8),
      right = load<u32>(columnWindows + column * 8, 4);
    for (let channel: u32 = 0; channel < channels; channel += 8) {
      let most = i16x8.splat(-32768);
      for (let row = top; row < bottom; row++) {
        let from = x + row * xRow + left * cell + channel * 2;
        for (let c = left; c < right; c++, from += cell) most = i16x8.max_s(most, v128.load(from));
      }
      putHalves(y + channel * 2, most, channels - channel);
    }
  }
}
