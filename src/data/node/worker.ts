/** A data worker as a thread of Node. */
import { listen } from '#platform';
import sharp from 'sharp';
import type { ToWorker } from '../messages.ts';
import { PictureWorker } from '../picture-worker.ts';
import { cacheFiles } from './cache-files.ts';
import { inspect } from './inspect.ts';
import { shrink } from './shrink.ts';

// One thread a picture: there are as many workers as cores. And no cache of operations: we keep
// what is worth keeping.
sharp.concurrency(1);
sharp.cache(false);

let worker: PictureWorker | undefined;

listen((message, answer) => {
  worker ??= new PictureWorker(answer, { cacheFiles, inspect, shrink });
  worker.receive(message as ToWorker);
});
