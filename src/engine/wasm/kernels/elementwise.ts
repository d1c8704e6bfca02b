/**
 * What works number by number. Maps are walked row by row, because source and destination may have
 * different borders: task = image · rows + row, `length` floats a row.
 */

import { gradientCounts, outputCounts } from '../constants';
import { madd } from './simd';

// @ts-ignore: decorator
@inline
function place(base: usize, image: u32, row: u32, rows: u32, task: u32): usize {
  return base + (task / rows) * image + (task % rows) * row;
}

/** y = max(x, 0). */
export function relu(
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
  let from = place(x, xImage, xRow, rows, task),
    to = place(y, yImage, yRow, rows, task);
  const end = from + length * 4,
    end4 = from + (length & ~3) * 4;
  for (; from != end4; from += 16, to += 16)
    v128.store(to, f32x4.max(v128.load(from), f32x4.splat(0)));
  for (; from != end; from += 4, to += 4) store<f32>(to, max<f32>(load<f32>(from), 0));
}

/**
 * dx = dy where the rule lets it through, else 0: `rule` may ask for output > 0 and for dy > 0.
 */
export function reluBackward(
  y: usize,
  yImage: u32,
  yRow: u32,
  dy: usize,
  dyImage: u32,
  dyRow: u32,
  dx: usize,
  dxImage: u32,
  dxRow: u32,
  rows: u32,
  length: u32,
  rule: u32,
  task: u32,
): void {
  let out = place(y, yImage, yRow, rows, task),
    from = place(dy, dyImage, dyRow, rows, task),
    to = place(dx, dxImage, dxRow, rows, task);
  const end = from + length * 4,
    end4 = from + (length & ~3) * 4;
  const zero = f32x4.splat(0);
  const anyOutput = i32x4.splat(rule & outputCounts ? 0 : -1),
    anyGradient = i32x4.splat(rule & gradientCounts ? 0 : -1);
  for (; from != end4; from += 16, to += 16, out += 16) {
    const g = v128.load(from);
    const through = v128.and(
      v128.or(f32x4.gt(v128.load(out), zero), anyOutput),
      v128.or(f32x4.gt(g, zero), anyGradient),
    );
    v128.store(to, v128.and(g, through));
  }
  for (; from != end; from += 4, to += 4, out += 4) {
    const g = load<f32>(from);
    store<f32>(
      to,
      (!(rule & outputCounts) || load<f32>(out) > 0) && (!(rule & gradientCounts) || g > 0) ? g : 0,
    );
  }
}

/**
 * tanh of four numbers by the quotient of two polynomials of Eigen (`generic_fast_tanh_float`): at
 * most 5 units in the last place away. Beyond the bound the quotient is 1 in f32. What is not a
 * number stays so, because min and max let it through.
 */
// @ts-ignore: decorator
@inline
function tanh4(v: v128): v128 {
  const bound: f32 = 7.90531110763549805;
  const x = f32x4.max(f32x4.min(v, f32x4.splat(bound)), f32x4.splat(-bound));
  const x2 = f32x4.mul(x, x);
  let p = madd(x2, f32x4.splat(-2.76076847742355e-16), f32x4.splat(2.00018790482477e-13));
  p = madd(x2, p, f32x4.splat(-8.60467152213735e-11));
  p = madd(x2, p, f32x4.splat(5.12229709037114e-8));
  p = madd(x2, p, f32x4.splat(1.48572235717979e-5));
  p = madd(x2, p, f32x4.splat(6.37261928875436e-4));
  p = madd(x2, p, f32x4.splat(4.89352455891786e-3));
  let q = madd(x2, f32x4.splat(1.19825839466702e-6), f32x4.splat(1.18534705686654e-4));
  q = madd(x2, q, f32x4.splat(2.268434632439e-3));
  q = madd(x2, q, f32x4.splat(4.89352518554385e-3));
  return f32x4.div(f32x4.mul(x, p), q);
}

/** y = tanh(x). */
export function tanh(
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
  let from = place(x, xImage, xRow, rows, task);
  let to = place(y, yImage, yRow, rows, task);
  const end = from + length * 4;
  const end4 = from + (length & ~3) * 4;
  for (; from != end4; from += 16, to += 16) v128.store(to, tanh4(v128.load(from)));
  for (; from != end; from += 4, to += 4) {
    store<f32>(to, f32x4.extract_lane(tanh4(f32x4.splat(load<f32>(from))), 0));
  }
}

/** dx = dy · (1 − y²). */
export function tanhBackward(
  y: usize,
  yImage: u32,
  yRow: u32,
  dy: usize,
  dyImage: u32,
  dyRow: u32,
  dx: usize,
  dxImage: u32,
  dxRow: u32,
  rows: u32,
  length: u32,
  task: u32,
): void {
  let out = place(y, yImage, yRow, rows, task);
  let from = place(dy, dyImage, dyRow, rows, task);
  let to = place(dx, dxImage, dxRow, rows, task);
  const end = from + length * 4;
  const end4 = from + (length & ~3) * 4;
  const one = f32x4.splat(1);
  for (; from != end4; from += 16, to += 16, out += 16) {
    const t = v128.load(out);
    v128.store(to, f32x4.mul(v128.load(from), f32x4.sub(one, f32x4.mul(t, t))));
  }
  for (; from != end; from += 4, to += 4, out += 4) {
    const t = load<f32>(out);
    store<f32>(to, load<f32>(from) * (1 - t * t));
  }
}

/** y = factor · x. */
export function scale(
  x: usize,
  xImage: u32,
  xRow: u32,
  y: usize,
  yImage: u32,
  yRow: u32,
  rows: u32,
  length: u32,
  factor: f32,
  task: u32,
): void {
  let from = place(x, xImage, xRow, rows, task),
    to = place(y, yImage, yRow, rows, task);
  const end = from + length * 4,
    end4 = from + (length & ~3) * 4;
  for (; from != end4; from += 16, to += 16)
    v128.store(to, f32x4.mul(v128.load(from), f32x4.splat(factor)));
  for (; from != end; from += 4, to += 4) store<f32>(to, load<f32>(from) * factor);
}

/** y = x · mask; the mask has no border: row `task` of it starts at `task · length`. */
export function multiplyMask(
  x: usize,
  xImage: u32,
  xRow: u32,
  y: usize,
  yImage: u32,
  yRow: u32,
  mask: usize,
  rows: u32,
  length: u32,
  task: u32,
): void {
  let from = place(x, xImage, xRow, rows, task),
    to = place(y, yImage, yRow, rows, task);
  mask += task * length * 4;
  const end = from + length * 4,
    end4 = from + (length & ~3) * 4;
  for (; from != end4; from += 16, to += 16, mask += 16)
    v128.store(to, f32x4.mul(v128.load(from), v128.load(mask)));
  for (; from != end; from += 4, to += 4, mask += 4)
    store<f32>(to, load<f32>(from) * load<f32>(mask));
}

/** y = x, between different borders. */
export function copy(
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
  memory.copy(place(y, yImage, yRow, rows, task), place(x, xImage, xRow, rows, task), length * 4);
}

/**
 * Zeroes the cells round a map of one image: `top` and `bottom` rows of `rowBytes`, `left` and
 * `right` bytes of every row between.
 */
export function clearBorder(
  map: usize,
  image: u32,
  rowBytes: u32,
  top: u32,
  rows: u32,
  bottom: u32,
  left: u32,
  right: u32,
  task: u32,
): void {
  map += task * image;
  memory.fill(map, 0, top * rowBytes);
  map += top * rowBytes;
  for (let row: u32 = 0; row < rows; row++, map += rowBytes) {
    memory.fill(map, 0, left);
    memory.fill(map + rowBytes - right, 0, right);
  }
  memory.fill(map, 0, bottom * rowBytes);
}
