/**
 * Engines that compute at the same time, each with all threads, wait for each other at every layer.
 * So models take turns, a batch each, in the order in which they asked.
 */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
