/**
 * The gradient of weights: dW[k][o] = Σ over images and output places of X[place under tap, k] ·
 * dY[place, o].
 *
 * Register tile: `tileRows` inputs × 8 outputs. One call of `sumPlaces` runs over the places of one
 * image; images are added in memory, in order. A tile is always summed by one thread alone, so
 * results do not depend on the number of threads.
 */
import { madd, tileRows } from './simd';

export function weightGradient(
  x: usize,
  xGroup: u32,
  xImage: u32,
  xRow: u32,
  xCell: u32,
  xPanel: u32,
  taps: usize,
  tapCount: u32,
  run: u32,
  lastRun: u32,
  dy: usize,
  dyGroup: u32,
  dyImage: u32,
  dyRow: u32,
  dyCell: u32,
  dyPanel: u32,
  images: u32,
  rows: u32,
  columns: u32,
  gradient: usize,
  gradientPanel: u32,
  outputs: u32,
  accumulate: u32,
  tapBlock: u32,
  task: u32,
): void {
  const panels = (outputs + 7) / 8;
  const tapBlocks = (tapCount + tapBlock - 1) / tapBlock;
  const group = task / (panels * tapBlocks);
  task -= group * panels * tapBlocks;
  const panel = task / tapBlocks;
  const firstTap = (task % tapBlocks) * tapBlock;
  const endTap = min(tapCount, firstTap + tapBlock);
  const width = min(8, outputs - panel * 8);
  x += group * xGroup;
  dy += group * dyGroup + panel * dyPanel;
  gradient += (group * panels + panel) * gradientPanel;
  for (let image: u32 = 0; image < images; image++) {
    const add = image > 0 || accumulate != 0;
    for (let tap = firstTap; tap < endTap; tap++) {
      const length = tap + 1 == tapCount ? lastRun : run;
      let from = x + image * xImage + <usize>load<u32>(taps + tap * 4);
      const g = gradient + tap * run * 32;
      for (let k: u32 = 0; k < length; k += tileRows) {
        sumPlaces(
          from,
          xRow,
          xCell,
          dy + image * dyImage,
          dyRow,
          dyCell,
          rows,
          columns,
          g + k * 32,
          min(tileRows, length - k),
          width,
          add,
        );
        from += xPanel;
      }
    }
  }
}

function sumPlaces(
  x: usize,
  xRow: u32,
  xCell: u32,
  dy: usize,
  dyRow: u32,
  dyCell: u32,
  rows: u32,
  columns: u32,
  gradient: usize,
  valid: u32,
  width: u32,
  add: bool,
): void {
  let c00 = f32x4.splat(0);
  let c01 = c00,
    c10 = c00,
    c11 = c00,
    c20 = c00,
    c21 = c00,
    c30 = c00,
    c31 = c00,
    c40 = c00,
    c41 = c00,
    c50 = c00,
    c51 = c00;
  for (let row: u32 = 0; row < rows; row++) {
    let a = x,
      d = dy;
    const end = d + columns * dyCell;
    while (d != end) {
      const b0 = v128.load(d),
        b1 = v128.load(d, 16);
      let s = v128.load32_splat(a);
      c00 = madd(s, b0, c00);
      c01 = madd(s, b1, c01);
      s = v128.load32_splat(a, 4);
      c10 = madd(s, b0, c10);
      c11 = madd(s, b1, c11);
      s = v128.load32_splat(a, 8);
      c20 = madd(s, b0, c20);
      c21 = madd(s, b1, c21);
      s = v128.load32_splat(a, 12);
      c30 = madd(s, b0, c30);
      c31 = madd(s, b1, c31);
      if (tileRows > 4) {
        s = v128.load32_splat(a, 16);
        c40 = madd(s, b0, c40);
        c41 = madd(s, b1, c41);
        s = v128.load32_splat(a, 20);
        c50 = madd(s, b0, c50);
        c51 = madd(s, b1, c51);
      }
      a += xCell;
      d += dyCell;
    }
    x += xRow;
    dy += dyRow;
  }
  if (width < 8) {
    const low = keepLanes(width),
      high = keepLanes(width > 4 ? width - 4 : 0);
    c00 = v128.and(c00, low);
    c01 = v128.and(c01, high);
    c10 = v128.and(c10, low);
    c11 = v128.and(c11, high);
    c20 = v128.and(c20, low);
    c21 = v128.and(c21, high);
    c30 = v128.and(c30, low);
    c31 = v128.and(c31, high);
    c40 = v128.and(c40, low);
    c41 = v128.and(c41, high);
    c50 = v128.and(c50, low);
    c51 = v128.and(c51, high);
  }
  put(gradient, c00, c01, add);
  if (valid > 1) put(gradient + 32, c10, c11, add);
  if (valid > 2) put(gradient + 64, c20, c21, add);
  if (valid > 3) put(gradient + 96, c30, c31, add);
  if (valid > 4) put(gradient + 128, c40, c41, add);
  if (valid > 5) put(gradient + 160, c50, c51, add);
}

/**
 * All bits set in the first `count` lanes: what lies past the last output channel never enters a
 * gradient.
 */
function keepLanes(count: u32): v128 {
  return i32x4.gt_s(i32x4.splat(count), i32x4(0, 1, 2, 3));
}

// @ts-ignore: decorator
@inline
function put(at: usize, low: v128, high: v128, add: bool): void {
  if (add) {
    low = f32x4.add(v128.load(at), low);
    high = f32x4.add(v128.load(at, 16), high);
  }
  v128.store(at, low);
  v128.store(at, high, 16);
}

/** The gradient of biases: Σ of dY over places, image by image. One task per panel of 8 outputs. */
export function biasGradient(
  dy: usize,
  dyGroup: u32,
  dyImage: u32,
  dyRow: u32,
  dyCell: u32,
  dyPanel: u32,
  images: u32,
  rows: u32,
  columns: u32,
  gradient: usize,
  outputs: u32,
  accumulate: u32,
  task: u32,
): void {
  const panels = (outputs + 7) / 8;
  const group = task / panels;
  const panel = task % panels;
  const width = min(8, outputs - panel * 8);
  dy += group * dyGroup + panel * dyPanel;
  gradient += task * 32;
  let total0 = f32x4.splat(0),
    total1 = total0;
  for (let image: u32 = 0; image < images; image++) {
    let sum0 = f32x4.splat(0),
      sum1 = sum0;
    for (let row: u32 = 0; row < rows; row++) {
      let d = dy + image * dyImage + row * dyRow;
      const end = d + columns * dyCell;
      for (; d != end; d += dyCell) {
        sum0 = f32x4.add(sum0, v128.load(d));
        sum1 = f32x4.add(sum1, v128.load(d, 16));
      }
    }
    total0 = f32x4.add(total0, sum0);
    total1 = f32x4.add(total1, sum1);
  }
  if (width < 8) {
    total0 = v128.and(total0, keepLanes(width));
    total1 = v128.and(total1, keepLanes(width > 4 ? width - 4 : 0));
  }
  put(gradient, total0, total1, accumulate != 0);
}
