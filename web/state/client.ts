import type { AnswerOf, Kind, Progress, Request, Response, WishOf } from '../compute/protocol.ts';

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
  readonly progress: (progress: Progress) => void;
}

const worker = new Worker(new URL('../compute/worker.ts', import.meta.url), { type: 'module' });
const waiting = new Map<number, Waiting>();
let last = 0;

worker.addEventListener('message', ({ data }: MessageEvent<Response>) => {
  const one = waiting.get(data.id);
  if (one === undefined) return;
  if ('progress' in data) {
    one.progress(data.progress);
    return;
  }
  waiting.delete(data.id);
  if ('error' in data) one.reject(new Error(data.error));
  else one.resolve(data.answer as never);
});

worker.addEventListener('error', (event) => {
  const error = new Error(event.message || 'The worker could not be started.');
  for (const { reject } of waiting.values()) reject(error);
  waiting.clear();
});

export interface Asking {
  readonly signal: AbortSignal;
  readonly progress: (progress: Progress) => void;
}

/** Asks the worker. When the signal is aborted, nothing is heard any more. */
export function ask<K extends Kind>(
  kind: K,
  wish: WishOf<K>,
  { signal, progress }: Asking,
): Promise<AnswerOf<K>> {
  const id = ++last;
  return new Promise<AnswerOf<K>>((resolve, reject) => {
    waiting.set(id, { resolve, reject, progress });
    worker.postMessage({ id, kind, wish });
    signal.addEventListener(
      'abort',
      () => {
        if (waiting.delete(id)) worker.postMessage({ id, kind: 'cancel' } satisfies Request);
      },
      { once: true },
    );
  });
}
