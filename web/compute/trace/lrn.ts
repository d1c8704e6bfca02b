import type { LrnLayer } from 'alexnet/browser';
import type { Reckoned, Traced } from './index.ts';

/** A number over its neighbours' squares: those of the other channels, or of the same map. */
export function lrnTrace(
  { shape, input, unit, y, x }: Traced,
  { across, size, alpha, beta, k, groups }: LrnLayer,
): Reckoned {
  const [channels, rows, columns] = shape.input;
  const half = (size - 1) / 2;
  const at = (c: number, row: number, column: number): number =>
    input[(c * rows + row) * columns + column]!;
  const neighbours: { name: string; value: number }[] = [];
  if (across === 'channels') {
    const tower = channels / groups;
    const first = Math.floor(unit / tower) * tower;
    const end = Math.min(first + tower, unit + Math.floor(half) + 1);
    for (let c = Math.max(first, unit - Math.floor(half)); c < end; c++)
      neighbours.push({ name: String(c), value: at(c, y, x) });
  } else {
    for (let row = Math.max(0, y - half); row <= Math.min(rows - 1, y + half); row++) {
      for (let column = Math.max(0, x - half); column <= Math.min(columns - 1, x + half); column++)
        neighbours.push({ name: `${row}, ${column}`, value: at(unit, row, column) });
    }
  }
  const squares = neighbours.reduce((sum, { value }) => sum + value * value, 0);
  const from = at(unit, y, x);
  return {
    trace: { kind: 'lrn', from, neighbours, squares, alpha, beta, k },
    reckoned: from / (k + alpha * squares) ** beta,
  };
}
