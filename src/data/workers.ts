import { closeSync, openSync, rmSync, unlinkSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { AlexNetError } from '../errors.ts';
import type { Resize } from '../images/fit.ts';
import { loadSharp } from '../images/sharp.ts';
import type { Dataset } from './dataset.ts';
import type { Done, Plan, Task, ToWorker, Work, WorkerStart } from './messages.ts';
import { PictureStore } from './store.ts';

export interface WorkersOptions {
  /** Default: the machine's cores. Results do not depend on it. */
  readonly threads?: number;
  /** Bytes of memory for decoded pictures. Default: a quarter of the machine's memory. */
  readonly cacheBytes?: number;
  /**
   * What does not fit is kept in this folder, in files without a name that are gone with the
   * process however it ends, up to half of the free disk. Default `null`: it is decoded again in
   * every epoch. Training takes the run folder; a folder for temporary files is memory on many
   * systems.
   */
  readonly cacheDirectory?: string | null;
  /** Told once each: the disk is full, and the like. */
  readonly onRemark?: (remark: string) => void;
}

const chunkBytes = 16 * 2 ** 20;

/**
 * Starts threads that read and decode, and keep what they decoded. Close them when done; they do
 * not keep the process alive.
 */
export async function openWorkers(options: WorkersOptions = {}): Promise<DataWorkers> {
  const threads = options.threads ?? availableParallelism();
  const memory =
    options.cacheBytes ?? Math.min(totalmem(), process.constrainedMemory() || Infinity) / 4;
  const directory = options.cacheDirectory ?? null;
  await loadSharp(); // here too: a native module that only worker threads load is taken away with the first of them
  const files = directory === null ? undefined : await openFiles(directory, threads);
  const chunksLeft = new SharedArrayBuffer(4);
  new Int32Array(chunksLeft)[0] = Math.floor(memory / chunkBytes);
  const start = {
    threads,
    chunkBytes,
    chunksLeft,
    files: files?.descriptors ?? [],
    fileBytes: files?.bytesEach ?? 0,
  };
  return new DataWorkers(start, files?.paths ?? [], options.onRemark);
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
      `Decoded pictures cannot be kept in ${directory} (${error instanceof Error ? error.message : String(error)}). Name another folder for the cache, or none.`,
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

interface Running {
  readonly task: Task;
  readonly resolve: (done: Done) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Two tasks lie with each worker, so that it decodes one picture while it computes another and
 * never waits for the next order.
 */
const tasksAtOnce = 2;

/** Threads that decode, and the pictures that they keep. */
export class DataWorkers {
  readonly threads: number;
  readonly #workers: Worker[];
  readonly #files: { readonly descriptors: readonly number[]; readonly paths: readonly string[] };
  readonly #onRemark: (remark: string) => void;
  readonly #queue: Running[] = [];
  readonly #running: Map<number, Running>[];
  readonly #stores: PictureStore[] = [];
  #count = 0;
  #plans = 0;
  #closed = false;
  /** Why no more work can be done. */
  #broken: string | undefined;

  constructor(
    start: Omit<WorkerStart, 'number'>,
    paths: readonly string[],
    onRemark: (remark: string) => void = () => {},
  ) {
    this.threads = start.threads;
    this.#files = { descriptors: start.files, paths };
    this.#onRemark = onRemark;
    this.#running = Array.from({ length: start.threads }, () => new Map());
    this.#workers = Array.from({ length: start.threads }, (_, number) =>
      this.#open({ ...start, number }),
    );
  }

  /** The kept pictures of a dataset at one size: shared by everything that reads it. */
  store(dataset: Dataset, resize: Resize): PictureStore {
    const known = this.#stores.find(
      (store) =>
        store.dataset === dataset &&
        store.resize.how === resize.how &&
        store.resize.size === resize.size,
    );
    if (known) return known;
    const store = new PictureStore(dataset, resize);
    this.#stores.push(store);
    return store;
  }

  /** Tells every worker how pictures become input. @returns the plan's number. */
  addPlan(plan: Plan): number {
    this.#tell({ plan: this.#plans, is: plan });
    return this.#plans++;
  }

  removePlan(plan: number): void {
    if (!this.#closed) this.#tell({ plan, is: undefined });
  }

  /** Has work done on samples of a store. Tasks begin in the order they are given. */
  async run(
    store: PictureStore,
    indices: ArrayLike<number>,
    work: Work,
    useKept = true,
  ): Promise<Done> {
    if (this.#closed)
      throw new AlexNetError(
        'The data workers are closed: no more pictures can be read through them.',
      );
    if (this.#broken !== undefined) throw new AlexNetError(this.#broken);
    const task: Task = {
      task: this.#count++,
      resize: store.resize,
      items: Array.from(indices, (index) => store.item(index, useKept)),
      work,
    };
    const done = await new Promise<Done>((resolve, reject) => {
      this.#queue.push({ task, resolve, reject });
      this.#dispatch();
    });
    if (done.bug !== undefined) throw new Error(done.bug);
    store.learn(done);
    return done;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
    this.#fail('The data workers were closed.');
    for (const descriptor of this.#files.descriptors) closeSync(descriptor);
    for (const path of this.#files.paths) rmSync(path, { force: true });
  }

  #open(start: WorkerStart): Worker {
    // Flags of the process itself, such as --input-type, would make the worker fail.
    const worker = new Worker(
      new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url),
      { workerData: start, execArgv: [] },
    );
    worker.on('message', (done: Done) => this.#finish(start.number, done));
    worker.on('error', (error) =>
      this.#fail(`A data worker stopped: ${error.stack ?? error.message}`),
    );
    worker.on(
      'exit',
      (code) => this.#closed || this.#fail(`A data worker stopped with exit code ${code}.`),
    );
    worker.unref();
    return worker;
  }

  #finish(number: number, done: Done): void {
    const { chunks, remark } = done;
    for (const { chunk, memory } of chunks)
      this.#workers.forEach(
        (worker, i) => i !== number && worker.postMessage({ chunk, memory } satisfies ToWorker),
      );
    if (remark !== undefined) this.#onRemark(remark);
    const running = this.#running[number]!.get(done.task);
    this.#running[number]!.delete(done.task);
    if (this.#running[number]!.size === 0) this.#workers[number]!.unref();
    running?.resolve(done);
    this.#dispatch();
  }

  /** To the worker with the least to do. */
  #dispatch(): void {
    while (this.#queue.length > 0) {
      const number = this.#running.reduce(
        (best, running, i) => (running.size < this.#running[best]!.size ? i : best),
        0,
      );
      if (this.#running[number]!.size >= tasksAtOnce) return;
      const next = this.#queue.shift()!;
      this.#running[number]!.set(next.task.task, next);
      this.#workers[number]!.ref();
      this.#workers[number]!.postMessage(next.task satisfies ToWorker);
    }
  }

  #tell(message: ToWorker): void {
    for (const worker of this.#workers) worker.postMessage(message);
  }

  #fail(reason: string): void {
    this.#broken ??= reason;
    const all = [...this.#running.flatMap((running) => [...running.values()]), ...this.#queue];
    for (const running of this.#running) running.clear();
    this.#queue.length = 0;
    for (const { reject } of all) reject(new AlexNetError(reason));
  }
}
