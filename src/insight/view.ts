import { normal } from '../random/draws.ts';
import type { Words } from '../random/philox.ts';

/**
 * Rotates, scales and shifts an image about its middle: output (x, y) is input at `m·(x, y) +
 * shift`.
 */
export interface View {
  readonly m: readonly [number, number, number, number];
  readonly shift: readonly [number, number];
}

/**
 * A view by chance: `jitter` pixels of shift, `scale` (a share) and `rotation` (degrees) as
 * standard deviations.
 */
export function randomView(
  words: Words,
  height: number,
  width: number,
  {
    jitter,
    scale,
    rotation,
  }: { readonly jitter: number; readonly scale: number; readonly rotation: number },
): View {
  const [dx, dy, ds, dr] = normalFour(words);
  const factor = Math.exp(scale * ds!);
  const angle = (rotation * dr! * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle) * factor, Math.sin(angle) * factor];
  const [cx, cy] = [(width - 1) / 2, (height - 1) / 2];
  return {
    m: [cos, -sin, sin, cos],
    shift: [cx - cos * cx + sin * cy + jitter * dx!, cy - sin * cx - cos * cy + jitter * dy!],
  };
}

function normalFour(words: Words): Float64Array {
  const drawn = new Float64Array(4);
  normal(words, drawn);
  return drawn;
}

/**
 * Calls `use(out, in, weight)` for every pair of pixels that a view joins, bilinear; what lies
 * outside takes the border's pixel.
 */
function eachPair(
  { m, shift }: View,
  height: number,
  width: number,
  use: (out: number, from: number, weight: number) => void,
): void {
  const inside = (value: number, length: number): number =>
    Math.min(length - 1, Math.max(0, value));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const u = inside(m[0] * x + m[1] * y + shift[0], width);
      const v = inside(m[2] * x + m[3] * y + shift[1], height);
      const [left, top] = [Math.min(Math.floor(u), width - 2), Math.min(Math.floor(v), height - 2)];
      const [a, b] = [u - left, v - top];
      const out = y * width + x;
      const from = top * width + left;
      use(out, from, (1 - a) * (1 - b));
      use(out, from + 1, a * (1 - b));
      use(out, from + width, (1 - a) * b);
      use(out, from + width + 1, a * b);
    }
  }
}

/** Each of `planes` seen through a view. @param picture `[planes, height, width]` */
export function seen(
  picture: Float32Array,
  view: View,
  height: number,
  width: number,
): Float32Array {
  const size = height * width;
  const out = new Float32Array(picture.length);
  eachPair(view, height, width, (to, from, weight) => {
    for (let plane = 0; plane < picture.length; plane += size)
      out[plane + to]! += weight * picture[plane + from]!;
  });
  return out;
}

/**
 * The backward of {@link seen}, its exact transpose: from the gradient of what is seen to that of
 * the picture.
 */
export function seenBackward(
  gradient: Float32Array,
  view: View,
  height: number,
  width: number,
): Float32Array {
  const size = height * width;
  const out = new Float32Array(gradient.length);
  eachPair(view, height, width, (to, from, weight) => {
    for (let plane = 0; plane < gradient.length; plane += size)
      out[plane + from]! += weight * gradient[plane + to]!;
  });
  return out;
}

/** Gaussian blur in place, both directions, borders repeated. @param deviation in pixels */
export function blur(
  picture: Float32Array,
  deviation: number,
  height: number,
  width: number,
): void {
  if (deviation <= 0) return;
  const radius = Math.ceil(3 * deviation);
  const kernel = Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * deviation ** 2)),
  );
  const total = kernel.reduce((sum, value) => sum + value, 0);
  const along = (start: number, step: number, length: number): void => {
    const line = Float64Array.from({ length }, (_, i) => picture[start + i * step]!);
    for (let i = 0; i < length; i++) {
      const at = (k: number): number => Math.min(length - 1, Math.max(0, i + k - radius));
      const sum = kernel.reduce((so, weight, k) => so + weight * line[at(k)]!, 0);
      picture[start + i * step] = sum / total;
    }
  };
  for (let plane = 0; plane < picture.length; plane += height * width) {
    for (let y = 0; y < height; y++) along(plane + y * width, 1, width);
    for (let x = 0; x < width; x++) along(plane + x, width, height);
  }
}
