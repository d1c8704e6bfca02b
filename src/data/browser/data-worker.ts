/** A data worker as a Web Worker. */
import { listen } from '#platform';
import type { ToWorker } from '../messages.ts';
import { PictureWorker } from '../picture-worker.ts';

let worker: PictureWorker | undefined;

listen((message, answer) => {
  worker ??= new PictureWorker(answer);
  worker.receive(message as ToWorker);
});
