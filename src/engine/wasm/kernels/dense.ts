/**
 * The gradient with respect to a dense layer's input: dX[n][i] = Σ_o dY[n][o] · W[o][i].
 *
 * Weights lie in panels of 8 outputs, so the sum runs along their vectors: tiles of 3 images × 3
 * inputs multiply whole vectors, 4 outputs at a time, and add up their lanes at the end. A block of
 * the weights, 128 panels × 3 inputs, is first copied together, because its pieces lie a multiple
 * of 4 KiB apart and would fight for the same cache lines.
 */
import { panelPiece, panelsAtOnce as panelsTogether } from '../constants';
import { putPanel } from './multiply';
import { madd, sumLanes } from './simd';

/**
 * Long sums, because adding up lanes costs as much as a dozen steps; the scratch of a thread holds
 * this many pieces.
 */
const panelsAtOnce: u32 = panelsTogether;
/** Bytes of one panel's piece: 3 inputs of 8 outputs. */
const piece: u32 = panelPiece;

export function denseBackward(
  dy: usize,
  dyImage: u32,
  weights: usize,
  weightsPanel: u32,
  panels: u32,
  inputs: u32,
  dx: usize,
  dxImage: u32,
  images: u32,
  inputBlock: u32,
  task: u32,
  scratch: usize,
): void {
  const end = min(inputs, (task + 1) * inputBlock);
  for (let panel: u32 = 0; panel < panels; panel += panelsAtOnce) {
    const count = min(panelsAtOnce, panels - panel);
    for (let i = task * inputBlock; i < end; i += 3) {
      gather(weights + panel * weightsPanel + i * 32, weightsPanel, count, scratch);
      for (let n: u32 = 0; n < images; n += 3) {
        tile(
          dy + n * dyImage + panel * 32,
          dyImage,
          min(3, images - n),
          scratch,
          count,
          dx + n * dxImage + i * 4,
          dxImage,
          min(3, end - i),
          panel > 0,
        );
      }
    }
  }
}

function gather(from: usize, stride: u32, count: u32, to: usize): void {
  const end = to + count * piece;
  for (; to != end; to += piece, from += stride) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    v128.store(to, v128.load(from, 32), 32);
    v128.store(to, v128.load(from, 48), 48);
    v128.store(to, v128.load(from, 64), 64);
    v128.store(to, v128.load(from, 80), 80);
  }
}

function tile(
  dy: usize,
  dyImage: u32,
  valid: u32,
  w: usize,
  panels: u32,
  dx: usize,
  dxImage: u32,
  width: u32,
  add: bool,
): void {
  let d0 = dy,
    d1 = valid > 1 ? dy + dyImage : dy,
    d2 = valid > 2 ? dy + 2 * dyImage : dy;
  let c00 = f32x4.splat(0);
  let c01 = c00,
    c02 = c00,
    c10 = c00,
    c11 = c00,
    c12 = c00,
    c20 = c00,
    c21 = c00,
    c22 = c00;
  const end = w + panels * piece;
  let half: usize = 0;
  while (w != end) {
    let b = v128.load(w);
    const a0 = v128.load(d0),
      a1 = v128.load(d1),
      a2 = v128.load(d2);
    c00 = madd(a0, b, c00);
    c10 = madd(a1, b, c10);
    c20 = madd(a2, b, c20);
    b = v128.load(w, 32);
    c01 = madd(a0, b, c01);
    c11 = madd(a1, b, c11);
    c21 = madd(a2, b, c21);
    b = v128.load(w, 64);
    c02 = madd(a0, b, c02);
    c12 = madd(a1, b, c12);
    c22 = madd(a2, b, c22);
    // Two halves of a panel, then on to the next piece.
    w += 16 + half * 4;
    half ^= 16;
    d0 += 16;
    d1 += 16;
    d2 += 16;
  }
  put(dx, c00, c01, c02, width, add);
  if (valid > 1) put(dx + dxImage, c10, c11, c12, width, add);
  if (valid > 2) put(dx + 2 * dxImage, c20, c21, c22, width, add);
}

// @ts-ignore: decorator
@inline
function put(at: usize, s0: v128, s1: v128, s2: v128, width: u32, add: bool): void {
  putOne(at, s0, add);
  if (width > 1) putOne(at + 4, s1, add);
  if (width > 2) putOne(at + 8, s2, add);
}

// @ts-ignore: decorator
@inline
function putOne(at: usize, sum: v128, add: bool): void {
  store<f32>(at, sumLanes(sum) + (add ? load<f32>(at) : 0));
}

/**
 * Dense for one image, where the time is that of reading the weights: four panels at once, each a
 * stream of its own. Sums run in the same order as those of `multiply`, so the bits are the same.
 * One task four panels.
 */
export function denseRow(
  x: usize,
  inputs: u32,
  weights: usize,
  weightsPanel: u32,
  outputs: u32,
  y: usize,
  bias: usize,
  rectify: u32,
  task: u32,
): void {
  const panel = task * 4;
  const last = (outputs + 7) / 8 - 1;
  weights += panel * weightsPanel;
  bias += panel * 32;
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
  const end = x + inputs * 4;
  while (x != end) {
    const a = v128.load32_splat(x);
    c0 = madd(a, v128.load(w0), c0);
    c1 = madd(a, v128.load(w0, 16), c1);
    c2 = madd(a, v128.load(w1), c2);
    c3 = madd(a, v128.load(w1, 16), c3);
    c4 = madd(a, v128.load(w2), c4);
    c5 = madd(a, v128.load(w2, 16), c5);
    c6 = madd(a, v128.load(w3), c6);
    c7 = madd(a, v128.load(w3, 16), c7);
    x += 4;
    w0 += 32;
    w1 += 32;
    w2 += 32;
    w3 += 32;
  }
  y += panel * 32;
  const left = outputs - panel * 8;
  putPanel(y, c0, c1, left, rectify != 0);
  if (left > 8) putPanel(y + 32, c2, c3, left - 8, rectify != 0);
  if (left > 16) putPanel(y + 64, c4, c5, left - 16, rectify != 0);
  if (left > 24) putPanel(y + 96, c6, c7, left - 24, rectify != 0);
}
