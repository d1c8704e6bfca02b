import { ensure } from '../errors.ts';
import { normal } from '../random/draws.ts';
import { bits, purposes } from '../random/philox.ts';
import { breathe, inParts } from './work.ts';
import type { Work } from './work.ts';

export interface PrincipalComponentsOptions extends Work {
  /** Default 0. */
  readonly seed?: number;
  /**
   * Times that the rows are gone over, in both directions. Default 5: more change nothing that can
   * be seen.
   */
  readonly passes?: number;
}

export interface PrincipalComponents {
  /** `[count, components]`: every row seen along the components, strongest component first. */
  readonly scores: Float32Array;
  /**
   * `[components, dimensions]`, each of length 1; its largest number is positive, so that signs do
   * not depend on chance.
   */
  readonly directions: Float64Array;
  /** Each component's share of the whole variance. */
  readonly shares: Float64Array;
}

/**
 * Vectors beside the wanted ones: they make the iteration quick where neighbouring components are
 * of nearly one strength.
 */
const spare = 8;

/** Rows between two chances to be stopped: some milliseconds. */
const piece = 1024;

/**
 * Principal components by subspace iteration with a random start (Halko, Martinsson, Tropp 2011): a
 * few passes over the rows instead of a d×d covariance.
 * @param features `[count, dimensions]`
 */
export async function principalComponents(
  features: Float32Array,
  dimensions: number,
  components: number,
  { seed = 0, passes = 5, ...work }: PrincipalComponentsOptions = {},
): Promise<PrincipalComponents> {
  const count = features.length / dimensions;
  ensure(
    Number.isInteger(count) && count > 1,
    () =>
      `Expected at least two rows of ${dimensions} features but found ${features.length} numbers.`,
  );
  ensure(
    components >= 1 && components <= Math.min(count, dimensions),
    () =>
      `Expected 1 to ${Math.min(count, dimensions)} components, no more than there are rows ` +
      `and features, but found ${components}.`,
  );
  const { centred, variance } = centre(features, count, dimensions);
  const width = Math.min(components + spare, count, dimensions);
  let basis: Float64Array = new Float64Array(width * dimensions);
  normal(bits({ seed, purpose: purposes.insight, index: 1 }), basis);
  orthonormalise(basis, dimensions);
  const { signal } = work;
  await inParts(passes, 1, work, async () => {
    const scores = await project(centred, count, dimensions, basis, signal);
    basis = await back(centred, count, dimensions, scores, signal);
    orthonormalise(basis, dimensions);
  });
  return inOrder(centred, count, dimensions, basis, components, variance, signal);
}

function centre(
  features: Float32Array,
  count: number,
  dimensions: number,
): { centred: Float32Array; variance: number } {
  const mean = new Float64Array(dimensions);
  for (let i = 0; i < features.length; i++) mean[i % dimensions]! += features[i]! / count;
  const centred = features.map((value, i) => value - mean[i % dimensions]!);
  return { centred, variance: centred.reduce((sum, value) => sum + value * value, 0) };
}

/**
 * Rows along basis vectors, `[count, width]`. Four vectors at a time, so that each row is read from
 * memory a quarter as often.
 */
async function project(
  rows: Float32Array,
  count: number,
  dimensions: number,
  basis: Float64Array,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const width = basis.length / dimensions;
  const out = new Float64Array(count * width);
  for (let k = 0; k < width; k += 4) {
    const [b0, b1, b2, b3] = four(k, width, (i) =>
      basis.subarray(i * dimensions, (i + 1) * dimensions),
    );
    for (let n = 0; n < count; n++) {
      if (n % piece === 0) await breathe(signal);
      const row = rows.subarray(n * dimensions, (n + 1) * dimensions);
      let [s0, s1, s2, s3] = [0, 0, 0, 0];
      for (let i = 0; i < dimensions; i++) {
        const value = row[i]!;
        s0 += value * b0[i]!;
        s1 += value * b1[i]!;
        s2 += value * b2[i]!;
        s3 += value * b3[i]!;
      }
      out.set([s0, s1, s2, s3].slice(0, width - k), n * width + k);
    }
  }
  return out;
}

/** The reverse: `[width, dimensions]`, Σ over rows of score · row; four rows at a time. */
async function back(
  rows: Float32Array,
  count: number,
  dimensions: number,
  scores: Float64Array,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const width = scores.length / count;
  const out = new Float64Array(width * dimensions);
  for (let n = 0; n < count; n += 4) {
    if (n % (piece / 8) === 0) await breathe(signal);
    const [r0, r1, r2, r3] = four(n, count, (i) =>
      rows.subarray(i * dimensions, (i + 1) * dimensions),
    );
    for (let k = 0; k < width; k++) {
      const sums = out.subarray(k * dimensions, (k + 1) * dimensions);
      const [s0, s1, s2, s3] = [0, 1, 2, 3].map((i) =>
        n + i < count ? scores[(n + i) * width + k]! : 0,
      ) as [number, number, number, number];
      for (let i = 0; i < dimensions; i++)
        sums[i]! += s0 * r0[i]! + s1 * r1[i]! + s2 * r2[i]! + s3 * r3[i]!;
    }
  }
  return out;
}

/** What `at` gives for four numbers from `first` on; past the last one, the last one again. */
function four<T>(first: number, count: number, at: (i: number) => T): [T, T, T, T] {
  return [
    at(first),
    at(Math.min(first + 1, count - 1)),
    at(Math.min(first + 2, count - 1)),
    at(Math.min(first + 3, count - 1)),
  ];
}

/**
 * Gram and Schmidt, each vector cleaned twice; one that vanishes (fewer directions than vectors)
 * becomes zero.
 */
function orthonormalise(basis: Float64Array, dimensions: number): void {
  const vectors = Array.from({ length: basis.length / dimensions }, (_, k) =>
    basis.subarray(k * dimensions, (k + 1) * dimensions),
  );
  vectors.forEach((vector, k) => {
    const before = norm(vector);
    for (let round = 0; round < 2; round++) {
      for (const earlier of vectors.slice(0, k)) {
        const along = dot(vector, earlier);
        for (let i = 0; i < dimensions; i++) vector[i]! -= along * earlier[i]!;
      }
    }
    const length = norm(vector);
    for (let i = 0; i < dimensions; i++)
      vector[i] = length <= 1e-12 * before || length === 0 ? 0 : vector[i]! / length;
  });
}

/**
 * Turns the basis within its own space until its vectors are components, by Jacobi rotations of
 * their small covariance.
 */
async function inOrder(
  rows: Float32Array,
  count: number,
  dimensions: number,
  basis: Float64Array,
  components: number,
  variance: number,
  signal: AbortSignal | undefined,
): Promise<PrincipalComponents> {
  const width = basis.length / dimensions;
  const seen = await project(rows, count, dimensions, basis, signal);
  const covariance = Array.from({ length: width }, (_, a) =>
    Float64Array.from({ length: width }, (_, b) => {
      let sum = 0;
      for (let n = 0; n < count; n++) sum += seen[n * width + a]! * seen[n * width + b]!;
      return sum;
    }),
  );
  const { values, vectors } = eigen(covariance);
  const order = [...values.keys()].toSorted((a, b) => values[b]! - values[a]!).slice(0, components);
  const directions = new Float64Array(components * dimensions);
  order.forEach((from, k) => {
    const direction = directions.subarray(k * dimensions, (k + 1) * dimensions);
    for (let j = 0; j < width; j++)
      for (let i = 0; i < dimensions; i++)
        direction[i]! += vectors[j]![from]! * basis[j * dimensions + i]!;
    const largest = direction.reduce(
      (best, value) => (Math.abs(value) > Math.abs(best) ? value : best),
      0,
    );
    if (largest < 0) for (let i = 0; i < dimensions; i++) direction[i]! *= -1;
  });
  const scores = Float32Array.from(await project(rows, count, dimensions, directions, signal));
  return {
    scores,
    directions,
    shares: Float64Array.from(order, (k) =>
      variance === 0 ? 0 : Math.max(0, values[k]!) / variance,
    ),
  };
}

/** Eigenvalues and eigenvectors (columns) of a small symmetric matrix. */
function eigen(matrix: Float64Array[]): { values: Float64Array; vectors: Float64Array[] } {
  const n = matrix.length;
  const vectors = Array.from({ length: n }, (_, i) =>
    Float64Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)),
  );
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) off += matrix[p]![q]! ** 2;
    if (off <= 1e-26 * matrix.reduce((sum, row, i) => sum + row[i]! ** 2, 0)) break;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(matrix, vectors, p, q);
  }
  return { values: Float64Array.from(matrix, (row, i) => row[i]!), vectors };
}

function rotate(matrix: Float64Array[], vectors: Float64Array[], p: number, q: number): void {
  const apq = matrix[p]![q]!;
  if (apq === 0) return;
  const theta = (matrix[q]![q]! - matrix[p]![p]!) / (2 * apq);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  for (const row of matrix) turn(row, p, q, c, s);
  for (let k = 0; k < matrix.length; k++) {
    const a = matrix[p]![k]!;
    const b = matrix[q]![k]!;
    matrix[p]![k] = c * a - s * b;
    matrix[q]![k] = s * a + c * b;
  }
  for (const row of vectors) turn(row, p, q, c, s);
}

function turn(row: Float64Array, p: number, q: number, c: number, s: number): void {
  const a = row[p]!;
  const b = row[q]!;
  row[p] = c * a - s * b;
  row[q] = s * a + c * b;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function norm(a: Float64Array): number {
  return Math.sqrt(dot(a, a));
}
