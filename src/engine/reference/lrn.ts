import type { LrnLayer, Shape } from '../../network/layer.ts';

/**
 * Local response normalisation, paper §3.3:
 *
 *     b = a · D^−β      D = k + α Σ a²
 *
 * summed over the window around each number (see {@link LrnLayer}: neighbouring channels, or
 * neighbours in the map). α is the paper's: not divided by the number of summands.
 * @param input a, (N, C, H, W)
 * @param out b, (N, C, H, W), written
 */
export function lrn(
  layer: LrnLayer,
  shape: Shape,
  input: Float64Array,
  count: number,
  out: Float64Array,
): void {
  eachNumber(shape, count, (n, c, y, x, at) => {
    out[at] = input[at]! * denominator(layer, shape, input, n, c, y, x) ** -layer.beta;
  });
}

/**
 * With g = dOut, the number at j gets its own term and one from every window it stands in,
 *
 *     dIn[j] = g[j] · D[j]^−β − 2αβ · a[j] · Σ_{i: j in window(i)} g[i] · a[i] · D[i]^(−β−1)
 *
 * and since windows are symmetric, "j in window(i)" is "i in window(j)".
 */
export function lrnBackward(
  layer: LrnLayer,
  shape: Shape,
  input: Float64Array,
  dOut: Float64Array,
  count: number,
  dInput: Float64Array,
): void {
  const size = shape[0] * shape[1] * shape[2];
  const D = new Float64Array(count * size);
  eachNumber(shape, count, (n, c, y, x, at) => {
    D[at] = denominator(layer, shape, input, n, c, y, x);
  });
  eachNumber(shape, count, (n, c, y, x, at) => {
    let sum = 0;
    eachNeighbour(layer, shape, n, c, y, x, (i) => {
      sum += dOut[i]! * input[i]! * D[i]! ** (-layer.beta - 1);
    });
    dInput[at] =
      dOut[at]! * D[at]! ** -layer.beta - 2 * layer.alpha * layer.beta * input[at]! * sum;
  });
}

function denominator(
  layer: LrnLayer,
  shape: Shape,
  input: Float64Array,
  n: number,
  c: number,
  y: number,
  x: number,
): number {
  let sum = 0;
  eachNeighbour(layer, shape, n, c, y, x, (i) => {
    sum += input[i]! * input[i]!;
  });
  return layer.k + layer.alpha * sum;
}

function eachNumber(
  [C, H, W]: Shape,
  count: number,
  use: (n: number, c: number, y: number, x: number, at: number) => void,
): void {
  let at = 0;
  for (let n = 0; n < count; n++) {
    for (let c = 0; c < C; c++) {
      for (let y = 0; y < H; y++) {
        for (let x = 0; x < W; x++) use(n, c, y, x, at++);
      }
    }
  }
}

/** The window around (c, y, x), itself included, cut at the borders of the tower or of the map. */
function eachNeighbour(
  { across, size, groups }: LrnLayer,
  [C, H, W]: Shape,
  n: number,
  c: number,
  y: number,
  x: number,
  use: (index: number) => void,
): void {
  const half = (size - 1) / 2;
  if (across === 'channels') {
    const perTower = C / groups;
    const tower = Math.floor(c / perTower) * perTower;
    const end = Math.min(tower + perTower - 1, c + half);
    for (let d = Math.max(tower, c - half); d <= end; d++) use(((n * C + d) * H + y) * W + x);
    return;
  }
  for (let v = Math.max(0, y - half); v <= Math.min(H - 1, y + half); v++) {
    for (let u = Math.max(0, x - half); u <= Math.min(W - 1, x + half); u++)
      use(((n * C + c) * H + v) * W + u);
  }
}
