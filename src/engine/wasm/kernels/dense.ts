/**
 * The gradient with respect to a dense layer's input: dX[n][i] = Σ_o dY[n][o] · W[o][i].
 *
 * Weights lie in panels of 8 outputs, so the sum runs along their vectors: tiles of 3 images × 3 inputs multiply whole
 * vectors, 4 outputs at a time, and add up their lanes at the end. A block of the weights, 32 panels × 3 inputs, is first
 * copied together, because its pieces lie a multiple of 4 KiB apart and would fight for the same cache lines.
 */
import { madd, sumLanes } from './simd';

const panelsAtOnce: u32 = 32;
/** Bytes of one panel's piece: 3 inputs of 8 outputs. */
const piece: u32 = 96;

export function denseBackward(
  dy: usize, dyImage: u32, weights: usize, weightsPanel: u32, panels: u32, inputs: u32,
  dx: usize, dxImage: u32, images: u32, inputBlock: u32,
  task: u32, scratch: usize,
): void {
  const end = min(inputs, (task + 1) * inputBlock);
  for (let panel: u32 = 0; panel < panels; panel += panelsAtOnce) {
    const count = min(panelsAtOnce, panels - panel);
    for (let i = task * inputBlock; i < end; i += 3) {
      gather(weights + panel * weightsPanel + i * 32, weightsPanel, count, scratch);
      for (let n: u32 = 0; n < images; n += 3) {
        tile(dy + n * dyImage + panel * 32, dyImage, min(3, images - n), scratch, count, dx + n * dxImage + i * 4, dxImage, min(3, end - i), panel > 0);
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

function tile(dy: usize, dyImage: u32, valid: u32, w: usize, panels: u32, dx: usize, dxImage: u32, width: u32, add: bool): void {
  let d0 = dy, d1 = valid > 1 ? dy + dyImage : dy, d2 = valid > 2 ? dy + 2 * dyImage : dy;
  let c00 = f32x4.splat(0);
  let c01 = c00, c02 = c00, c10 = c00, c11 = c00, c12 = c00, c20 = c00, c21 = c00, c22 = c00;
  const end = w + panels * piece;
  let half: usize = 0;
  while (w != end) {
    let b = v128.load(w);
    const a0 = v128.load(d0), a1 = v128.load(d1), a2 = v128.load(d2);
    c00 = madd(a0, b, c00); c10 = madd(a1, b, c10); c20 = madd(a2, b, c20);
    b = v128.load(w, 32);
    c01 = madd(a0, b, c01); c11 = madd(a1, b, c11); c21 = madd(a2, b, c21);
    b = v128.load(w, 64);
    c02 = madd(a0, b, c02); c12 = madd(a1, b, c12); c22 = madd(a2, b, c22);
    // Two halves of a panel, then on to the next piece.
    w += 16 + half * 4;
    half ^= 16;
    d0 += 16; d1 += 16; d2 += 16;
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
