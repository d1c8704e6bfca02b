/** How long work is watched and stopped. */
export interface Work {
  /** Called after every part that is done. */
  readonly progress?: (done: number, total: number) => void;
  /**
   * Stops between two parts: the promise is rejected with the signal's reason, and the session
   * stays usable.
   */
  readonly signal?: AbortSignal;
}

/**
 * `total` things in parts of at most `size`: `run(first, count)` for each, watched and stoppable.
 */
export async function inParts(
  total: number,
  size: number,
  { progress, signal }: Work,
  run: (first: number, count: number) => Promise<void>,
): Promise<void> {
  for (let first = 0; first < total; first += size) {
    signal?.throwIfAborted();
    const count = Math.min(size, total - first);
    await run(first, count);
    progress?.(first + count, total);
  }
}
