import { readSync, writeSync } from 'node:fs';
import type { CacheFiles } from '../picture-cache.ts';

/** Decoded pictures on a disk. */
export const cacheFiles: CacheFiles = {
  read(descriptor, into, offset) {
    for (let done = 0; done < into.length;) {
      const bytes = readSync(descriptor, into, done, into.length - done, offset + done);
      if (bytes === 0) throw new Error('The cache file of decoded pictures was cut short.');
      done += bytes;
    }
  },
  write(descriptor, data, offset) {
    for (let done = 0; done < data.length;)
      done += writeSync(descriptor, data, done, data.length - done, offset + done);
  },
};
