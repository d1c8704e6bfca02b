/**
 * Gives the event loop a turn: timers and messages that are due come first. Not by `setTimeout`,
 * which waits for milliseconds; and by a channel only in a browser, because Node's first event on
 * one loads its whole web platform, 50 ms.
 */
export function turn(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => void };
  // Twice: the first may come in the same round of the loop, before the timers'.
  if (setImmediate !== undefined)
    return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.addEventListener('message', () => {
      channel.port1.close();
      resolve();
    });
    channel.port1.start();
    channel.port2.postMessage(undefined);
  });
}

/**
 * Calls `work(first, end)` for portions of `count` things one after another, with a turn of the
 * event loop between. Portions should take a few milliseconds.
 */
export async function inTurns(
  count: number,
  portion: number,
  work: (first: number, end: number) => void,
): Promise<void> {
  for (let first = 0; first < count; first += portion) {
    if (first > 0) await turn();
    work(first, Math.min(count, first + portion));
  }
}

/**
 * Has `draw` fill `out` from number `first` on, piece by piece (each starts at an even place), with
 * turns of the event loop between. The pieces are short, because code that has not run before draws
 * ten times more slowly.
 */
export function drawInTurns(
  out: Float32Array,
  draw: (piece: Float32Array, first: number) => void,
): Promise<void> {
  return inTurns(out.length, 1 << 13, (first, end) => draw(out.subarray(first, end), first));
}
