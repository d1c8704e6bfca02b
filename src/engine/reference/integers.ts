import type { Edge, Grid } from '../../network/quantisation.ts';
import { halfEven } from '../../network/quantisation.ts';

/**
 * Integers of an edge are held as `q − zeroPoint`, so that zero is zero: the padding of a
 * convolution, what a ReLU gives. Rules: `network/quantisation.ts`.
 */

/** `q − zeroPoint` of numbers, in place. */
export function quantise(values: Float64Array, length: number, grid: Grid): void {
  const scale = Math.fround(grid.scale);
  for (let i = 0; i < length; i++)
    values[i] = onGrid(Math.fround(Math.fround(values[i]!) / scale), grid);
}

/** The numbers that `q − zeroPoint` stand for. */
export function dequantise(
  integers: Float64Array,
  length: number,
  grid: Grid,
  out: Float64Array,
): void {
  const scale = Math.fround(grid.scale);
  for (let i = 0; i < length; i++) out[i] = Math.fround(integers[i]! * scale);
}

/**
 * From exact sums to what an edge holds, in place.
 * @param sums (N, O, places)
 * @param multipliers (O)
 */
export function fromSums(
  sums: Float64Array,
  count: number,
  places: number,
  multipliers: Float32Array,
  edge: Edge,
): void {
  const O = multipliers.length;
  for (let i = 0; i < count * O * places; i++) {
    const product = Math.fround(Math.fround(sums[i]!) * multipliers[Math.floor(i / places) % O]!);
    sums[i] = edge === 'f32' ? product : onGrid(product, edge);
  }
}

/** The nearest place of a grid, less its zero point. */
function onGrid(units: number, { zeroPoint }: Grid): number {
  if (Number.isNaN(units)) return 0;
  return Math.max(-zeroPoint, Math.min(255 - zeroPoint, halfEven(units)));
}
