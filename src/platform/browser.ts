/** The platform in a page and in its workers. See `platform.ts`. */
import { AlexNetError } from '../errors.ts';
import { missingFile } from './missing-file.ts';
import type { Answer, Memory, OpenFile, Thread, ThreadHandlers, ThreadSource } from './platform.ts';

export function canShareMemory(): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && globalThis.crossOriginIsolated;
}

export function cores(): number {
  return navigator.hardwareConcurrency;
}

/** Where a browser keeps to itself how much there is. */
const usualMemory = 4 * 2 ** 30;

/** Browsers tell little: Chromium a rounded total, others nothing; a page may have half of it. */
export function memory(): Memory {
  const { deviceMemory } = navigator as { deviceMemory?: number };
  const total = deviceMemory === undefined ? usualMemory : deviceMemory * 2 ** 30;
  return { total, available: total / 2 };
}

export function startThread({ file, inPage }: ThreadSource, handlers: ThreadHandlers): Thread {
  const worker = inPage();
  worker.addEventListener('message', (event: MessageEvent<unknown>) =>
    handlers.message(event.data),
  );
  worker.addEventListener('error', (event) => {
    // What a worker throws has a message; a file that is not there has none.
    const told = event.message as string | undefined;
    handlers.error(told ? new Error(told) : missingFile(file, 'its thread did not start'));
  });
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    hold: () => undefined,
    end: async () => worker.terminate(),
  };
}

export function listen(receive: (data: unknown, answer: Answer) => void): void {
  const self = globalThis as unknown as {
    addEventListener: typeof addEventListener;
    postMessage: (message: unknown, transfer: Transferable[]) => void;
  };
  const answer: Answer = (message, transfer = []) => self.postMessage(message, transfer);
  self.addEventListener('message', (event) =>
    receive((event as MessageEvent<unknown>).data, answer),
  );
}

export async function readPackageFile(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url);
  if (!response.ok) throw missingFile(url.href, `${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Not by `setTimeout`, which browsers stretch to 4 ms and more. */
export function yieldToEvents(): Promise<void> {
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.addEventListener('message', () => {
      channel.port1.close();
      resolve();
    });
    channel.port1.start();
    channel.port2.postMessage(undefined);
  });
}

export async function sha256(pieces: Iterable<string | Uint8Array>): Promise<string> {
  // Typed as always there, but a page of plain http has none.
  if ((crypto.subtle as SubtleCrypto | undefined) === undefined)
    throw new AlexNetError(
      'Browsers compute SHA-256 only on secure pages, and this one is not: ' +
        'serve it over https, or from localhost.',
    );
  const blob = new Blob([...pieces] as BlobPart[]);
  const digest = await crypto.subtle.digest('SHA-256', await blob.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function writeWhole(path: string, _pieces: Iterable<Uint8Array>): Promise<void> {
  return Promise.reject(noFiles(`${path} could not be written`));
}

export function withFile<T>(path: string, _use: (file: OpenFile) => Promise<T>): Promise<T> {
  return Promise.reject(noFiles(`${path} could not be opened`));
}

export async function fileBeside(
  _path: string,
  _name: string,
): Promise<{ path: string } | 'missing' | 'outside'> {
  return 'missing';
}

function noFiles(failed: string): AlexNetError {
  return new AlexNetError(
    `${failed}: a page has no files of its own. Give and take bytes or a Blob instead.`,
  );
}

export function isUnfinished(_name: string): boolean {
  return false;
}

export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
