/**
 * The few things Node and browsers name differently. Nothing of Node is imported: its modules are
 * asked for at run time, so that a bundler for the browser finds only standard web code here.
 */
import type * as workerThreads from 'node:worker_threads';
import type * as fs from 'node:fs/promises';
import type * as os from 'node:os';

/** A worker as the team needs it. */
export interface Thread {
  post(message: unknown, transfer?: Transferable[]): void;
  /** Keeps the process alive while there is work, and lets it exit when there is none. */
  hold(busy: boolean): void;
  end(): Promise<void>;
}

export interface Handlers {
  message(data: unknown): void;
  error(error: Error): void;
}

interface NodeModules {
  'node:worker_threads': typeof workerThreads;
  'node:fs/promises': typeof fs;
  'node:os': typeof os;
}

function nodeModule<Name extends keyof NodeModules>(name: Name): NodeModules[Name] | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (name: string) => unknown; versions?: { node?: string } };
  };
  return process?.versions?.node === undefined
    ? undefined
    : (process.getBuiltinModule?.(name) as NodeModules[Name] | undefined);
}

/**
 * Whether threads can share one memory: always in Node; in a browser only on a cross-origin
 * isolated page.
 */
export function canShareMemory(): boolean {
  if (typeof SharedArrayBuffer === 'undefined') return false;
  return (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated ?? true;
}

export function cores(): number {
  return (
    nodeModule('node:os')?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1
  );
}

/** The bytes of a file that lies beside this one. */
export async function readBytes(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  const files = nodeModule('node:fs/promises');
  if (files !== undefined && url.protocol === 'file:')
    return new Uint8Array(await files.readFile(url));
  const response = await fetch(url);
  if (!response.ok)
    throw new Error(`${url.href} could not be fetched: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

export function startThread(handlers: Handlers): Thread {
  const threads = nodeModule('node:worker_threads');
  return threads === undefined ? startWebWorker(handlers) : startNodeWorker(threads, handlers);
}

/**
 * In a constant, so that bundlers for the browser, which look for `new Worker(new URL('…'))`, leave
 * Node's branch alone.
 */
const workerFile = './worker.js';

function startNodeWorker({ Worker: NodeWorker }: typeof workerThreads, handlers: Handlers): Thread {
  // Flags of the process itself, such as --input-type, would make the worker fail. It prints
  // nothing, so this thread need not set up its own output for it.
  const worker = new NodeWorker(new URL(workerFile, import.meta.url), {
    execArgv: [],
    stdout: true,
    stderr: true,
  });
  worker.unref();
  worker.on('message', (data) => handlers.message(data));
  worker.on('error', (error) =>
    handlers.error(error instanceof Error ? error : new Error(String(error))),
  );
  return {
    post: (message, transfer = []) =>
      worker.postMessage(message, transfer as workerThreads.Transferable[]),
    hold: (busy) => (busy ? worker.ref() : worker.unref()),
    end: async () => {
      await worker.terminate();
    },
  };
}

function startWebWorker(handlers: Handlers): Thread {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  worker.addEventListener('message', (event: MessageEvent<unknown>) =>
    handlers.message(event.data),
  );
  worker.addEventListener('error', (event) =>
    handlers.error(new Error(event.message || 'The worker could not be started.')),
  );
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    hold: () => undefined,
    end: async () => worker.terminate(),
  };
}

/** Inside a worker: what to do with messages, and how to answer. */
export function listen(
  receive: (data: unknown, answer: (message: unknown, transfer?: Transferable[]) => void) => void,
): void {
  const port = nodeModule('node:worker_threads')?.parentPort;
  if (port) {
    port.on('message', (data) =>
      receive(data, (message, transfer = []) =>
        port.postMessage(message, transfer as workerThreads.Transferable[]),
      ),
    );
    return;
  }
  const self = globalThis as unknown as {
    addEventListener: typeof addEventListener;
    postMessage(message: unknown, transfer: Transferable[]): void;
  };
  self.addEventListener('message', (event) =>
    receive((event as MessageEvent<unknown>).data, (message, transfer = []) =>
      self.postMessage(message, transfer),
    ),
  );
}
