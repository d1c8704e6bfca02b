import { readFile } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { missingFile } from '../missing-file.ts';
import type { Memory } from '../platform.ts';
import { reason } from './files.ts';

/** Always, unless this process was told to behave like a page that is not isolated. */
export function canShareMemory(): boolean {
  return (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated ?? true;
}

export function cores(): number {
  return availableParallelism();
}

export function memory(): Memory {
  return {
    total: Math.min(totalmem(), process.constrainedMemory() || Infinity),
    available: process.availableMemory(),
  };
}

export async function readPackageFile(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(url));
  } catch (error) {
    throw missingFile(fileURLToPath(url), reason(error));
  }
}

/**
 * Not by `setTimeout`, which waits for milliseconds; nor by a channel, whose first event loads
 * Node's whole web platform, 50 ms.
 */
export function yieldToEvents(): Promise<void> {
  // Twice: the first may come in the same round of the loop, before the timers'.
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

export async function sha256(pieces: Iterable<string | Uint8Array>): Promise<string> {
  // Loaded where it is used, as in `files.ts`.
  const { createHash } = await import('node:crypto');
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}
