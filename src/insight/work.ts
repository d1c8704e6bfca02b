import { yieldToEvents } from '#platform';

/** How long work is watched and stopped. */
export interface Work {
  /** Called after every part that is done. */
  readonly progress?: (done: number, total: number) => void;
  /**
   * Stops at once: the promise is rejected with the signal's reason. A session finishes the part
   * that it was given, unheard, and stays usable.
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
    await untilStopped(run(first, count), signal);
    progress?.(first + count, total);
  }
}

/**
 * What `work` gives, or the signal's reason as soon as it is stopped; what comes after is
 * unheard.
 */
export async function untilStopped<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return work;
  if (signal.aborted) {
    work.catch(() => undefined);
    throw signal.reason;
  }
  let stop = (): void => undefined;
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
  });
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/**
 * For work of this thread alone, between two pieces of some milliseconds: lets the signal come
 * first, and stops where it has.
 */
export async function breathe(signal: AbortSignal | undefined): Promise<void> {
  await yieldToEvents();
  signal?.throwIfAborted();
}
