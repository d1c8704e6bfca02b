import { startThread } from '#platform';
import { AlexNetError } from '../../errors.ts';
import type { ThreadSource } from '../../platform/platform.ts';
import type { UmapOptions } from '../umap.ts';
import { untilStopped } from '../work.ts';

/** To the thread. */
export interface ToUmap {
  readonly features: Float32Array;
  readonly dimensions: number;
  readonly options: Omit<UmapOptions, 'progress' | 'signal'>;
}

/** And back. */
export type FromUmap =
  | { readonly done: number; readonly total: number }
  | { readonly layout: Float32Array }
  | { readonly failed: string };

const source: ThreadSource = {
  file: './umap-worker.js',
  beside: import.meta.url,
  inPage: () => {
    throw new Error('This worker runs on Node.');
  },
};

/**
 * {@link umap} in a thread of its own, with the same numbers: before its first step umap-js
 * computes for seconds without a pause, in which no signal is heard. A thread can be ended.
 */
export async function umapInThread(
  features: Float32Array,
  dimensions: number,
  { progress, signal, ...options }: UmapOptions = {},
): Promise<Float32Array> {
  signal?.throwIfAborted();
  let end = async (): Promise<void> => undefined;
  const layout = new Promise<Float32Array>((resolve, reject) => {
    const thread = startThread(source, {
      message: (data) => {
        const said = data as FromUmap;
        if ('layout' in said) resolve(said.layout);
        else if ('failed' in said) reject(new AlexNetError(said.failed));
        else progress?.(said.done, said.total);
      },
      error: reject,
    });
    end = () => thread.end();
    thread.hold(true);
    thread.post({ features, dimensions, options } satisfies ToUmap);
  });
  try {
    return await untilStopped(layout, signal);
  } finally {
    await end();
  }
}
