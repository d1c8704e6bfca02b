import { Worker, parentPort } from 'node:worker_threads';
import type { Transferable as NodeTransferable } from 'node:worker_threads';
import type { Answer, Thread, ThreadHandlers, ThreadSource } from '../platform.ts';

export function startThread({ file, beside }: ThreadSource, handlers: ThreadHandlers): Thread {
  // Flags of the process itself, such as --input-type, would make the worker fail. It prints
  // nothing, so this thread need not set up its own output for it.
  const worker = new Worker(new URL(file, beside), { execArgv: [], stdout: true, stderr: true });
  let ending = false;
  worker.unref();
  worker.on('message', (data) => handlers.message(data));
  worker.on('error', (error) =>
    handlers.error(error instanceof Error ? error : new Error(String(error))),
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

export function listen(receive: (data: unknown, answer: Answer) => void): void {
  const port = parentPort;
  if (port === null) throw new Error('Only a thread listens.');
  const answer: Answer = (message, transfer = []) =>
    port.postMessage(message, transfer as NodeTransferable[]);
  port.on('message', (data) => receive(data, answer));
}
