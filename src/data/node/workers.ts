/** `#workers` on Node. See `../workers.ts`. */
import { closeSync, openSync, rmSync, unlinkSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { cores, memory, startThread } from '#platform';
import { AlexNetError, ensure } from '../../errors.ts';
import { loadSharp } from '../../images/node/sharp.ts';
import { maximumThreads } from '../../platform/thread-limit.ts';
import type { ThreadSource } from '../../platform/platform.ts';
import { WorkerTeam } from '../worker-team.ts';
import type { DataWorkers, WorkersOptions } from '../workers.ts';

const source: ThreadSource = {
  file: './worker.js',
  beside: import.meta.url,
  inPage: () => {
    throw new Error('This worker runs on Node.');
  },
};

/**
 * Starts threads that read and decode, and keep what they decoded. Close them when done; they do
 * not keep the process alive.
 */
export async function openWorkers(options: WorkersOptions = {}): Promise<DataWorkers> {
  const threads = options.threads ?? cores();
  const most = maximumThreads();
  ensure(
    Number.isInteger(threads) && threads >= 1 && threads <= most,
    () =>
      `Expected from 1 to ${most} threads for pictures, 4 per core at most, but found ${threads}.`,
  );
  const directory = options.cacheDirectory ?? null;
  // Here too: a native module that only worker threads load is taken away with the first of them.
  await loadSharp();
  const files = directory === null ? undefined : await openFiles(directory, threads);
  return new WorkerTeam({
    threads,
    cacheBytes: options.cacheBytes ?? memory().total / 4,
    maximumPixels: options.maximumPixels,
    files,
    start: (handlers) => startThread(source, handlers),
    onRemark: options.onRemark,
    onClosed: () => {
      for (const descriptor of files?.descriptors ?? []) closeSync(descriptor);
      for (const path of files?.paths ?? []) rmSync(path, { force: true });
    },
  });
}

/**
 * One cache file a thread, at once without a name where the system allows it; at most half of the
 * free disk.
 */
async function openFiles(
  directory: string,
  threads: number,
): Promise<{ descriptors: number[]; paths: string[]; bytesEach: number }> {
  const paths = Array.from({ length: threads }, (_, i) =>
    join(directory, `alexnet-pictures-${process.pid}-${Date.now().toString(36)}-${i}`),
  );
  try {
    const descriptors = paths.map((path) => openSync(path, 'wx+', 0o600));
    const left = paths.filter((path) => !unlinked(path));
    const { bavail, bsize } = await statfs(directory);
    return { descriptors, paths: left, bytesEach: Math.floor((bavail * bsize) / 2 / threads) };
  } catch (error) {
    throw new AlexNetError(
      `Decoded pictures cannot be kept in ${directory} ` +
        `(${error instanceof Error ? error.message : String(error)}). Name another folder for the ` +
        'cache, or none.',
    );
  }
}

function unlinked(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}
