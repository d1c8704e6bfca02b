/**
 * The matrix product under every convolution and dense layer: rows are pixels, columns are output
 * channels.
 *
 * The left operand is never copied: a row is a pixel's place in a channels-last map (from a table),
 * and its numbers are runs of contiguous floats at the same distances ("taps") from that place:
 * `kernel rows` runs of `kernel width × channels`, or one run per kernel cell where channels are
 * split in groups. The right operand lies in panels of 8 output channels, `[panel][tap][run][8]`,
 * which is how weights are stored throughout.
 *
 * Register tile: `tileRows` pixels × 8 channels.
 */
import { madd, tileRows } from './simd';

export function multiply(
  pixelsIn: usize,
  pixelsOut: usize,
  pixels: u32,
  pixelBlock: u32,
  input: usize,
  inputGroup: u32,
  taps: usize,
  tapCount: u32,
  tapsPerChunk: u32,
  run: u32,
  lastRun: u32,
  weights: usize,
  weightsPanel: u32,
  outputs: u32,
  panelBlock: u32,
  output: usize,
  outputGroup: u32,
  bias: usize,
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
  input += group * inputGroup;
  output += group * outputGroup;
  weights += group * panels * weightsPanel;
  if (bias) bias += group * panels * 32;
  let tap: u32 = 0;
  do {
    const endTap = min(tapCount, tap + tapsPerChunk);
    const last = endTap == tapCount;
    for (let panel = firstPanel; panel < endPanel; panel++) {
      const b = weights + panel * weightsPanel + tap * run * 32;
      const width = min(8, outputs - panel * 8);
      for (let pixel = firstPixel; pixel < endPixel; pixel += tileRows) {
        tile(
          pixelsIn + pixel * 4,
          pixelsOut + pixel * 4,
          min(tileRows, endPixel - pixel),
          input,
          taps + tap * 4,
          taps + endTap * 4,
          run,
          last ? lastRun : run,
          b,
          output + panel * 32,
          width,
          bias ? bias + panel * 32 : 0,
          tap == 0,
          rectify && last,
        );
      }
    }
    tap = endTap;
  } while (tap < tapCount);
}

// @ts-ignore: decorator
@inline
function place(table: usize, i: u32, base: usize): usize {
  return base + <usize>load<u32>(table + i * 4);
}

function tile(
  pixelsIn: usize,
  pixelsOut: usize,
  valid: u32,
  input: usize,
  tap: usize,
  endTap: usize,
  run: u32,
  lastRun: u32,
  b: usize,
  output: usize,
  width: u32,
  bias: usize,
  first: bool,
  rectify: bool,
): void {
  const p0 = place(pixelsIn, 0, input);
  const p1 = place(pixelsIn, 1, input);
  const p2 = place(pixelsIn, 2, input);
  const p3 = place(pixelsIn, 3, input);
  const p4 = place(pixelsIn, 4, input);
  const p5 = place(pixelsIn, 5, input);
  let c00 = f32x4.splat(0),
    c01 = f32x4.splat(0);
  if (first && bias) {
    c00 = v128.load(bias);
    c01 = v128.load(bias, 16);
  }
  let c10 = c00,
    c11 = c01,
    c20 = c00,
    c21 = c01,
    c30 = c00,
    c31 = c01,
    c40 = c00,
    c41 = c01,
    c50 = c00,
    c51 = c01;
  if (!first) {
    let o = place(pixelsOut, 0, output);
    c00 = v128.load(o);
    c01 = v128.load(o, 16);
    if (valid > 1) {
      o = place(pixelsOut, 1, output);
      c10 = v128.load(o);
      c11 = v128.load(o, 16);
    }
    if (valid > 2) {
      o = place(pixelsOut, 2, output);
      c20 = v128.load(o);
      c21 = v128.load(o, 16);
    }
    if (valid > 3) {
      o = place(pixelsOut, 3, output);
      c30 = v128.load(o);
      c31 = v128.load(o, 16);
    }
    if (valid > 4) {
      o = place(pixelsOut, 4, output);
      c40 = v128.load(o);
      c41 = v128.load(o, 16);
    }
    if (valid > 5) {
      o = place(pixelsOut, 5, output);
      c50 = v128.load(o);
      c51 = v128.load(o, 16);
    }
  }
  while (tap < endTap) {
    const at = <usize>load<u32>(tap);
    tap += 4;
    const length = tap == endTap ? lastRun : run;
    let a0 = p0 + at,
      a1 = p1 + at,
      a2 = p2 + at,
      a3 = p3 + at,
      a4 = p4 + at,
      a5 = p5 + at;
    const end = a0 + (length << 2);
    // Not unrolled: within one basic block V8 puts all steps of one accumulator in a row, and each
    // would wait for the last.
    while (a0 != end) {
      const b0 = v128.load(b),
        b1 = v128.load(b, 16);
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
      if (tileRows > 4) {
        x = v128.load32_splat(a4);
        c40 = madd(x, b0, c40);
        c41 = madd(x, b1, c41);
        x = v128.load32_splat(a5);
        c50 = madd(x, b0, c50);
        c51 = madd(x, b1, c51);
      }
      a0 += 4;
      a1 += 4;
      a2 += 4;
      a3 += 4;
      if (tileRows > 4) {
        a4 += 4;
        a5 += 4;
      }
      b += 32;
    }
  }
  putPanel(place(pixelsOut, 0, output), c00, c01, width, rectify);
  if (valid > 1) putPanel(place(pixelsOut, 1, output), c10, c11, width, rectify);
  if (valid > 2) putPanel(place(pixelsOut, 2, output), c20, c21, width, rectify);
  if (valid > 3) putPanel(place(pixelsOut, 3, output), c30, c31, width, rectify);
  if (valid > 4) putPanel(place(pixelsOut, 4, output), c40, c41, width, rectify);
  if (valid > 5) putPanel(place(pixelsOut, 5, output), c50, c51, width, rectify);
}

/** Stores one panel's 8 channels of a pixel, or the `width` there are. */
// @ts-ignore: decorator
@inline
export function putPanel(at: usize, low: v128, high: v128, width: u32, rectify: bool): void {
  if (rectify) {
    low = f32x4.max(low, f32x4.splat(0));
    high = f32x4.max(high, f32x4.splat(0));
  }
  if (width >= 8) {
    v128.store(at, low);
    v128.store(at, high, 16);
  } else putPart(at, low, high, width);
}

function putPart(at: usize, low: v128, high: v128, width: u32): void {
  if (width >= 4) {
    v128.store(at, low);
    at += 16;
    width -= 4;
    low = high;
  }
  if (width > 0) store<f32>(at, f32x4.extract_lane(low, 0));
  if (width > 1) store<f32>(at, f32x4.extract_lane(low, 1), 4);
  if (width > 2) store<f32>(at, f32x4.extract_lane(low, 2), 8);
}
