/** `#workers` in a page. See `../workers.ts`. */
import { canShareMemory, cores, memory, startThread } from '#platform';
import type { ThreadSource } from '../../platform/platform.ts';
import { WorkerTeam, inThisThread } from '../worker-team.ts';
import type { DataWorkers, WorkersOptions } from '../workers.ts';

const source: ThreadSource = {
  file: './data-worker.js',
  beside: import.meta.url,
  inPage: () => new Worker(new URL('./data-worker.js', import.meta.url), { type: 'module' }),
};

/**
 * Web Workers where they can share memory with the page, which must be cross-origin isolated for
 * that; else the page itself does their work between its other tasks. Nothing is kept on a disk.
 */
export async function openWorkers(options: WorkersOptions = {}): Promise<DataWorkers> {
  const shared = canShareMemory();
  return new WorkerTeam({
    threads: shared ? (options.threads ?? cores()) : 1,
    cacheBytes: options.cacheBytes ?? memory().total / 4,
    maximumPixels: options.maximumPixels,
    start: shared ? (handlers) => startThread(source, handlers) : inThisThread,
    onRemark: options.onRemark,
  });
}
