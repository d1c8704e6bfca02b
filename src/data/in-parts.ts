import type { Done, Work } from './messages.ts';
import type { PictureStore } from './picture-store.ts';
import type { DataWorkers } from './workers.ts';

const partSize = 16;

/**
 * Has work done on many samples, a few parts ahead, and gives the answers in the samples' order.
 */
export async function* inParts(
  workers: DataWorkers,
  store: PictureStore,
  indices: Uint32Array,
  work: Work,
  useKept = true,
): AsyncGenerator<Done> {
  const coming: Promise<Done>[] = [];
  try {
    for (let at = 0; at < indices.length || coming.length > 0;) {
      while (at < indices.length && coming.length < 3 * workers.threads) {
        const part = workers.run(store, indices.subarray(at, at + partSize), work, useKept);
        part.catch(() => {}); // told when its turn comes
        coming.push(part);
        at += partSize;
      }
      yield await coming.shift()!;
    }
  } finally {
    await Promise.allSettled(coming);
  }
}
