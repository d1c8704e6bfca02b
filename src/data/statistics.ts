/** Colours of one split's central squares, as fractions (0 black, 1 full), in RGB order. */
export interface ColourStatistics {
  readonly pictures: number;
  readonly mean: readonly [number, number, number];
  readonly deviation: readonly [number, number, number];
  /** Of the pixels' 3×3 covariance, the largest first. */
  readonly eigenvalues: readonly [number, number, number];
  /** The direction of each eigenvalue, of length 1. */
  readonly eigenvectors: readonly (readonly [number, number, number])[];
}

/**
 * Sums over pixels of 8-bit values: whole numbers, exact in doubles, so that their order does not
 * matter.
 */
export interface ColourSums {
  pictures: number;
  pixels: number;
  /** `[3]`. */
  readonly sum: Float64Array;
  /** `[3, 3]`, the upper triangle: Σ p[i]·p[j]. */
  readonly products: Float64Array;
  /** `[3, size, size]` in RGB order, where a mean image is asked for. */
  readonly image: Float64Array | undefined;
}

export function emptySums(imageSize?: number): ColourSums {
  return {
    pictures: 0,
    pixels: 0,
    sum: new Float64Array(3),
    products: new Float64Array(9),
    image: imageSize === undefined ? undefined : new Float64Array(3 * imageSize ** 2),
  };
}

/** Adds the central size×size square of a picture. */
export function addPicture(
  sums: ColourSums,
  { width, height, data }: { width: number; height: number; data: Uint8Array },
  size: number,
): void {
  const left = (width - size) >> 1;
  const top = (height - size) >> 1;
  let red = 0,
    green = 0,
    blue = 0,
    rr = 0,
    rg = 0,
    rb = 0,
    gg = 0,
    gb = 0,
    bb = 0;
  for (let y = 0; y < size; y++) {
    for (let x = 0, i = ((top + y) * width + left) * 3; x < size; x++, i += 3) {
      const r = data[i]!;
      const g = data[i + 1]!;
      const b = data[i + 2]!;
      red += r;
      green += g;
      blue += b;
      rr += r * r;
      rg += r * g;
      rb += r * b;
      gg += g * g;
      gb += g * b;
      bb += b * b;
      if (sums.image) {
        const at = y * size + x;
        sums.image[at]! += r;
        sums.image[size * size + at]! += g;
        sums.image[2 * size * size + at]! += b;
      }
    }
  }
  sums.pictures++;
  sums.pixels += size * size;
  addAll(sums.sum, [red, green, blue]);
  addAll(sums.products, [rr, rg, rb, 0, gg, gb, 0, 0, bb]);
}

/** Adds `more` into `sums`. */
export function addSums(sums: ColourSums, more: ColourSums): void {
  sums.pictures += more.pictures;
  sums.pixels += more.pixels;
  addAll(sums.sum, more.sum);
  addAll(sums.products, more.products);
  if (sums.image && more.image) addAll(sums.image, more.image);
}

function addAll(to: Float64Array, from: ArrayLike<number>): void {
  for (let i = 0; i < to.length; i++) to[i]! += from[i]!;
}

export function colourStatistics({
  pictures,
  pixels,
  sum,
  products,
}: ColourSums): ColourStatistics {
  const mean = [0, 1, 2].map((c) => sum[c]! / pixels);
  const covariance = [0, 1, 2].map((i) =>
    [0, 1, 2].map(
      (j) =>
        (products[3 * Math.min(i, j) + Math.max(i, j)]! / pixels - mean[i]! * mean[j]!) / 255 ** 2,
    ),
  );
  const { values, vectors } = eigen(covariance);
  return {
    pictures,
    mean: triple((c) => mean[c]! / 255),
    deviation: triple((c) => Math.sqrt(Math.max(0, covariance[c]![c]!))),
    eigenvalues: triple((k) => values[k]!),
    eigenvectors: [0, 1, 2].map((k) => triple((c) => vectors[k]![c]!)),
  };
}

function triple(value: (i: number) => number): [number, number, number] {
  return [value(0), value(1), value(2)];
}

/**
 * Eigenvalues (largest first) and eigenvectors (rows, largest component positive) of a symmetric
 * matrix: Jacobi's rotations.
 */
export function eigen(symmetric: readonly (readonly number[])[]): {
  values: number[];
  vectors: number[][];
} {
  const n = symmetric.length;
  const a = symmetric.map((row) => [...row]);
  const v = a.map((_, i) => a.map((_, j) => (i === j ? 1 : 0)));
  for (let sweep = 0; sweep < 30; sweep++)
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, v, p, q);
  return a
    .map((row, i) => ({ value: row[i]!, vector: upright(v.map((line) => line[i]!)) }))
    .toSorted((x, y) => y.value - x.value)
    .reduce<{ values: number[]; vectors: number[][] }>(
      (all, { value, vector }) => ({
        values: [...all.values, value],
        vectors: [...all.vectors, vector],
      }),
      { values: [], vectors: [] },
    );
}

function rotate(a: number[][], v: number[][], p: number, q: number): void {
  if (a[p]![q] === 0) return;
  const theta = (a[q]![q]! - a[p]![p]!) / (2 * a[p]![q]!);
  const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const cos = 1 / Math.sqrt(t * t + 1);
  const sin = t * cos;
  for (const row of [...a, ...v])
    [row[p], row[q]] = [cos * row[p]! - sin * row[q]!, sin * row[p]! + cos * row[q]!];
  for (let k = 0; k < a.length; k++)
    [a[p]![k], a[q]![k]] = [cos * a[p]![k]! - sin * a[q]![k]!, sin * a[p]![k]! + cos * a[q]![k]!];
}

function upright(vector: number[]): number[] {
  const largest = vector.reduce(
    (best, value) => (Math.abs(value) > Math.abs(best) ? value : best),
    0,
  );
  return largest < 0 ? vector.map((value) => -value) : vector;
}
