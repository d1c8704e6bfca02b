/**
 * The matrix product of layers in int8 (rules: `network/quantisation.ts`), laid out as that of
 * `multiply`: rows are pixels, columns are output channels.
 *
 * Activations are 16 bits, `q − zero point`, so that borders are zeros; weights 8 bits in panels of
 * 8 output channels, `[panel][tap][pair of inputs][8 outputs][2 inputs]`, a run of odd length with
 * a weight of zero at its end. One instruction multiplies a pair of inputs with those of four
 * outputs and adds the two up in 32 bits. Nothing is rounded before the sum is whole.
 *
 * Register tile: 4 pixels × 8 channels, in every build: the product needs a register of its own.
 */
import { putPanel } from './multiply';

const tileRows: u32 = 4;

export function multiplyIntegers(
  pixelsIn: usize,
  pixelsOut: usize,
  pixels: u32,
  pixelBlock: u32,
  input: usize,
  inputGroup: u32,
  taps: usize,
  tapCount: u32,
  pairs: u32,
  weights: usize,
  outputs: u32,
  panelBlock: u32,
  output: usize,
  outputGroup: u32,
  bias: usize,
  multipliers: usize,
  low: i32,
  high: i32,
  floats: u32,
  rectify: u32,
  task: u32,
): void {
  const panels = (outputs + 7) / 8;
  const panelBlocks = (panels + panelBlock - 1) / panelBlock;
  const pixelBlocks = (pixels + pixelBlock - 1) / pixelBlock;
  const group = task / (panelBlocks * pixelBlocks);
  task -= group * panelBlocks * pixelBlocks;
  const firstPanel = (task % panelBlocks) * panelBlock;
  const firstPixel = (task / panelBlocks) * pixelBlock;
  const endPanel = min(panels, firstPanel + panelBlock);
  const endPixel = min(pixels, firstPixel + pixelBlock);
  const weightsPanel = tapCount * pairs * 16;
  input += group * inputGroup;
  output += group * outputGroup;
  weights += group * panels * weightsPanel;
  bias += group * panels * 32;
  multipliers += group * panels * 32;
  for (let panel = firstPanel; panel < endPanel; panel++) {
    for (let pixel = firstPixel; pixel < endPixel; pixel += tileRows) {
      tile(
        pixelsIn + pixel * 4,
        pixelsOut + pixel * 4,
        min(tileRows, endPixel - pixel),
        input,
        taps,
        taps + tapCount * 4,
        pairs * 4,
        weights + panel * weightsPanel,
        output + panel * (floats ? 32 : 16),
        min(8, outputs - panel * 8),
        bias + panel * 32,
        multipliers + panel * 32,
        low,
        high,
        floats,
        rectify,
      );
    }
  }
}

// @ts-ignore: decorator
@inline
function place(table: usize, i: u32, base: usize): usize {
  return base + <usize>load<u32>(table + i * 4);
}

// @ts-ignore: decorator
@inline
function madd(pair: v128, weights: v128, sum: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(pair, weights));
}

function tile(
  pixelsIn: usize,
  pixelsOut: usize,
  valid: u32,
  input: usize,
  tap: usize,
  endTap: usize,
  runBytes: u32,
  b: usize,
  output: usize,
  width: u32,
  bias: usize,
  multipliers: usize,
  low: i32,
  high: i32,
  floats: u32,
  rectify: u32,
): void {
  const p0 = place(pixelsIn, 0, input);
  const p1 = place(pixelsIn, 1, input);
  const p2 = place(pixelsIn, 2, input);
  const p3 = place(pixelsIn, 3, input);
  let c00 = v128.load(bias),
    c01 = v128.load(bias, 16);
  let c10 = c00,
    c11 = c01,
    c20 = c00,
    c21 = c01,
    c30 = c00,
    c31 = c01;
  for (; tap < endTap; tap += 4) {
    const at = <usize>load<u32>(tap);
    let a0 = p0 + at,
      a1 = p1 + at,
      a2 = p2 + at,
      a3 = p3 + at;
    const end = a0 + runBytes;
    while (a0 != end) {
      const b0 = v128.load8x8_s(b),
        b1 = v128.load8x8_s(b, 8);
      let x = v128.load32_splat(a0);
      c00 = madd(x, b0, c00);
      c01 = madd(x, b1, c01);
      x = v128.load32_splat(a1);
      c10 = madd(x, b0, c10);
      c11 = madd(x, b1, c11);
      x = v128.load32_splat(a2);
      c20 = madd(x, b0, c20);
      c21 = madd(x, b1, c21);
      x = v128.load32_splat(a3);
      c30 = madd(x, b0, c30);
      c31 = madd(x, b1, c31);
      a0 += 4;
      a1 += 4;
      a2 += 4;
      a3 += 4;
      b += 16;
    }
  }
  const m0 = v128.load(multipliers),
    m1 = v128.load(multipliers, 16);
  put(place(pixelsOut, 0, output), c00, c01, m0, m1, width, low, high, floats, rectify);
  if (valid > 1)
    put(place(pixelsOut, 1, output), c10, c11, m0, m1, width, low, high, floats, rectify);
  if (valid > 2)
    put(place(pixelsOut, 2, output), c20, c21, m0, m1, width, low, high, floats, rectify);
  if (valid > 3)
    put(place(pixelsOut, 3, output), c30, c31, m0, m1, width, low, high, floats, rectify);
}

/** Sums of 8 channels on their way to the edge: on its grid, or as floats. */
function put(
  at: usize,
  sum0: v128,
  sum1: v128,
  m0: v128,
  m1: v128,
  width: u32,
  low: i32,
  high: i32,
  floats: u32,
  rectify: u32,
): void {
  const f0 = f32x4.mul(f32x4.convert_i32x4_s(sum0), m0),
    f1 = f32x4.mul(f32x4.convert_i32x4_s(sum1), m1);
  if (floats) putPanel(at, f0, f1, width, rectify != 0);
  else putHalves(at, i16x8.narrow_i32x4_s(onGrid(f0, low, high), onGrid(f1, low, high)), width);
}

/** The nearest integers, halves to even, cut to the grid; NaN becomes 0. */
// @ts-ignore: decorator
@inline
export function onGrid(v: v128, low: i32, high: i32): v128 {
  const q = i32x4.trunc_sat_f32x4_s(f32x4.nearest(v));
  return i32x4.min_s(i32x4.max_s(q, i32x4.splat(low)), i32x4.splat(high));
}

/** Stores 8 numbers of 16 bits, or the `count` there are. */
// @ts-ignore: decorator
@inline
export function putHalves(at: usize, v: v128, count: u32): void {
  if (count >= 8) v128.store(at, v);
  else putSome(at, v, count);
}

function putSome(at: usize, v: v128, count: u32): void {
  if (count & 4) {
    v128.store64_lane(at, v, 0);
    at += 8;
    v = i64x2.shuffle(v, v, 1, 1);
  }
  if (count & 2) {
    v128.store32_lane(at, v, 0);
    at += 4;
    v = i64x2.shr_u(v, 32);
  }
  if (count & 1) v128.store16_lane(at, v, 0);
}

/**
 * Dense for one image, where the time is that of reading the weights: four panels at once, each a
 * stream of its own. One task four panels.
 */
export function denseRowIntegers(
  x: usize,
  pairs: u32,
  weights: usize,
  outputs: u32,
  y: usize,
  bias: usize,
  multipliers: usize,
  low: i32,
  high: i32,
  floats: u32,
  rectify: u32,
  task: u32,
): void {
  const panel = task * 4;
  const last = (outputs + 7) / 8 - 1;
  const weightsPanel = pairs * 16;
  weights += panel * weightsPanel;
  bias += panel * 32;
  multipliers += panel * 32;
  // Past the last panel its stream is read again and thrown away.
  let w0 = weights;
  let w1 = weights + min(1, last - panel) * weightsPanel;
  let w2 = weights + min(2, last - panel) * weightsPanel;
  let w3 = weights + min(3, last - panel) * weightsPanel;
  let c0 = v128.load(bias),
    c1 = v128.load(bias, 16);
  let c2 = v128.load(bias, 32),
    c3 = v128.load(bias, 48);
  let c4 = v128.load(bias, 64),
    c5 = v128.load(bias, 80);
  let c6 = v128.load(bias, 96),
    c7 = v128.load(bias, 112);
  const end = x + pairs * 4;
  while (x != end) {
    const a = v128.load32_splat(x);
    c0 = madd(a, v128.load8x8_s(w0), c0);
    c1 = madd(a, v128.load8x8_s(w0, 8), c1);
    c2 = madd(a, v128.load8x8_s(w1), c2);
    c3 = madd(a, v128.load8x8_s(w1, 8), c3);
    c4 = madd(a, v128.load8x8_s(w2), c4);
    c5 = madd(a, v128.load8x8_s(w2, 8), c5);
    c6 = madd(a, v128.load8x8_s(w3), c6);
    c7 = madd(a, v128.load8x8_s(w3, 8), c7);
    x += 4;
    w0 += 16;
    w1 += 16;
    w2 += 16;
    w3 += 16;
  }
  const step: usize = floats ? 32 : 16;
  y += panel * <u32>step;
  const left = outputs - panel * 8;
  putRow(y, c0, c1, multipliers, left, low, high, floats, rectify);
  if (left > 8) putRow(y + step, c2, c3, multipliers + 32, left - 8, low, high, floats, rectify);
  if (left > 16)
    putRow(y + 2 * step, c4, c5, multipliers + 64, left - 16, low, high, floats, rectify);
  if (left > 24)
    putRow(y + 3 * step, c6, c7, multipliers + 96, left - 24, low, high, floats, rectify);
}

function putRow(
  at: usize,
  sum0: v128,
  sum1: v128,
  multipliers: usize,
  width: u32,
  low: i32,
  high: i32,
  floats: u32,
  rectify: u32,
): void {
  const m0 = v128.load(multipliers),
    m1 = v128.load(multipliers, 16);
  put(at, sum0, sum1, m0, m1, width, low, high, floats, rectify);
}
