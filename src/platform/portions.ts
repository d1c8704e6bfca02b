import { yieldToEvents } from '#platform';

/**
 * Calls `work(first, end)` for portions of `count` things one after another, and yields to the
 * event loop between. Portions should take a few milliseconds.
 */
export async function inPortions(
  count: number,
  portion: number,
  work: (first: number, end: number) => void,
): Promise<void> {
  for (let first = 0; first < count; first += portion) {
    if (first > 0) await yieldToEvents();
    work(first, Math.min(count, first + portion));
  }
}

/**
 * Has `fill` fill `out` from number `first` on, piece by piece (each starts at an even place), and
 * yields between. The pieces are short, because code that has not run before draws random numbers
 * ten times more slowly.
 */
export function fillInPortions(
  out: Float32Array,
  fill: (piece: Float32Array, first: number) => void,
): Promise<void> {
  return inPortions(out.length, 1 << 13, (first, end) => fill(out.subarray(first, end), first));
}
