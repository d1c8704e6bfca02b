import { breathe } from './work.ts';

/** Places in (0, 1) and their weights, which sum to 1. */
export interface Quadrature {
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

/**
 * Gauss and Legendre's rule: exact for polynomials up to degree 2n − 1. The nodes are the roots of
 * Pₙ, found by Newton's method from Tricomi's guess cos(π(i + ¾)/(n + ½)), moved from (−1, 1) to
 * (0, 1). It takes n² steps, so it lets other events come between and can be stopped.
 */
export async function gaussLegendre(n: number, signal?: AbortSignal): Promise<Quadrature> {
  const nodes = new Float64Array(n);
  const weights = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    // Newton's steps of a node take 4·n additions or so.
    if (i % Math.ceil(1e6 / n) === 0) await breathe(signal);
    let x = -Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 1;
    for (let step = 0; step < 20; step++) {
      const { value, derivative } = legendre(n, x);
      slope = derivative;
      x -= value / derivative;
      if (Math.abs(value / derivative) < 1e-15) break;
    }
    nodes[i] = (1 + x) / 2;
    weights[i] = 1 / ((1 - x * x) * slope * slope);
  }
  return { nodes, weights };
}

/** Pₙ(x) and its derivative by Bonnet's recursion. */
function legendre(n: number, x: number): { value: number; derivative: number } {
  let before = 1;
  let value = x;
  for (let k = 2; k <= n; k++)
    [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k];
  return { value, derivative: (n * (x * value - before)) / (x * x - 1) };
}
