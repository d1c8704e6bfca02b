import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker, parentPort } from 'node:worker_threads';
import type { Transferable as NodeTransferable } from 'node:worker_threads';
import { missingFile } from '../missing-file.ts';
import type { Answer, Thread, ThreadHandlers, ThreadSource } from '../platform.ts';

export function startThread({ file, beside }: ThreadSource, handlers: ThreadHandlers): Thread {
  // Flags of the process itself, such as --input-type, would make the worker fail. It prints
  // nothing, so this thread need not set up its own output for it.
  const place = new URL(file, beside);
  const worker = new Worker(place, { execArgv: [], stdout: true, stderr: true });
  let ending = false;
  worker.unref();
  worker.on('message', (data) => handlers.message(data));
  worker.on('error', (error) =>
    handlers.error(existsSync(place) ? asError(error) : missing(place)),
  );
  worker.on('exit', (code) => {
    if (!ending) handlers.error(new Error(`It stopped with exit code ${code}.`));
  });
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer as NodeTransferable[]),
    hold: (busy) => (busy ? worker.ref() : worker.unref()),
    end: async () => {
      ending = true;
      await worker.terminate();
    },
  };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function missing(place: URL): Error {
  return missingFile(fileURLToPath(place), 'there is no such file or folder');
}

export function listen(receive: (data: unknown, answer: Answer) => void): void {
  const port = parentPort;
  if (port === null) throw new Error('Only a thread listens.');
  const answer: Answer = (message, transfer = []) =>
    port.postMessage(message, transfer as NodeTransferable[]);
  port.on('message', (data) => receive(data, answer));
}
