import { yieldToEvents } from '#platform';
import { AlexNetError } from '../errors.ts';
import { decodeLimits } from '../images/decode-limits.ts';
import { sameReading } from '../images/preprocessing.ts';
import type { Reading } from '../images/preprocessing.ts';
import { makeBuffer } from '../platform/buffer.ts';
import type { Thread, ThreadHandlers } from '../platform/platform.ts';
import type { Dataset } from './dataset.ts';
import type { Done, Plan, Task, ToWorker, Work, WorkerStart } from './messages.ts';
import { PictureStore } from './picture-store.ts';
import { PictureWorker } from './picture-worker.ts';
import type { DataWorkers } from './workers.ts';

const chunkBytes = 16 * 2 ** 20;

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

/** How the workers of a team are started, and what they are given. */
export interface TeamOptions {
  readonly threads: number;
  /** Bytes of memory for decoded pictures. */
  readonly cacheBytes: number;
  /** Files for those that memory does not hold. */
  readonly files?:
    { readonly descriptors: readonly number[]; readonly bytesEach: number } | undefined;
  readonly maximumPixels?: number | undefined;
  /** Starts one worker. */
  start(handlers: ThreadHandlers): Thread;
  readonly onRemark?: ((remark: string) => void) | undefined;
  /** Called once all have ended. */
  readonly onClosed?: () => void;
}

/** Threads that decode, and the pictures that they keep. */
export class WorkerTeam implements DataWorkers {
  readonly threads: number;
  readonly #options: TeamOptions;
  readonly #workers: Thread[];
  readonly #queue: Running[] = [];
  readonly #running: Map<number, Running>[];
  readonly #stores: PictureStore[] = [];
  #count = 0;
  #plans = 0;
  #closed = false;
  /** Why no more work can be done. */
  #broken: string | undefined;

  constructor(options: TeamOptions) {
    const { threads, cacheBytes, files } = options;
    this.threads = threads;
    this.#options = options;
    this.#running = Array.from({ length: threads }, () => new Map());
    const chunksLeft = makeBuffer(4);
    new Int32Array(chunksLeft)[0] = Math.floor(cacheBytes / chunkBytes);
    const start = {
      threads,
      chunkBytes,
      chunksLeft,
      files: files?.descriptors ?? [],
      fileBytes: files?.bytesEach ?? 0,
      limits: decodeLimits(options.maximumPixels),
    };
    this.#workers = Array.from({ length: threads }, (_, number) =>
      this.#open({ ...start, number }),
    );
  }

  store(dataset: Dataset, { resize, colourProfile, orientation, enlarge }: Reading): PictureStore {
    const reading = {
      resize,
      ...(colourProfile && { colourProfile }),
      ...(orientation && { orientation }),
      ...(enlarge === false && { enlarge }),
    };
    const known = this.#stores.find(
      (store) => store.dataset === dataset && sameReading(store.reading, reading),
    );
    if (known) return known;
    const store = new PictureStore(dataset, reading);
    this.#stores.push(store);
    return store;
  }

  addPlan(plan: Plan): number {
    this.#tell({ plan: this.#plans, is: plan });
    return this.#plans++;
  }

  removePlan(plan: number): void {
    if (!this.#closed) this.#tell({ plan, is: undefined });
  }

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
      reading: store.reading,
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
    await Promise.all(this.#workers.map((worker) => worker.end()));
    this.#fail('The data workers were closed.');
    this.#options.onClosed?.();
  }

  #open(start: WorkerStart): Thread {
    const worker = this.#options.start({
      message: (done) => this.#finish(start.number, done as Done),
      error: (error) => this.#fail(`A data worker stopped: ${error.stack ?? error.message}`),
    });
    worker.post({ start } satisfies ToWorker);
    return worker;
  }

  #finish(number: number, done: Done): void {
    const { chunks, remark } = done;
    for (const { chunk, memory } of chunks)
      this.#workers.forEach((worker, i) => {
        if (i !== number) worker.post({ chunk, memory } satisfies ToWorker);
      });
    if (remark !== undefined) this.#options.onRemark?.(remark);
    const running = this.#running[number]!.get(done.task);
    this.#running[number]!.delete(done.task);
    if (this.#running[number]!.size === 0) this.#workers[number]!.hold(false);
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
      this.#workers[number]!.hold(true);
      this.#workers[number]!.post(next.task satisfies ToWorker);
    }
  }

  #tell(message: ToWorker): void {
    for (const worker of this.#workers) worker.post(message);
  }

  #fail(reason: string): void {
    this.#broken ??= reason;
    const all = [...this.#running.flatMap((running) => [...running.values()]), ...this.#queue];
    for (const running of this.#running) running.clear();
    this.#queue.length = 0;
    for (const { reject } of all) reject(new AlexNetError(reason));
  }
}

/**
 * A worker that is no thread: its work is done here, picture by picture, and other tasks come in
 * between.
 */
export function inThisThread(handlers: ThreadHandlers): Thread {
  let ended = false;
  const worker = new PictureWorker((done) => {
    if (!ended) handlers.message(done);
  });
  return {
    post: (message) => {
      void yieldToEvents().then(() => {
        if (!ended) worker.receive(message as ToWorker);
      });
    },
    hold: () => undefined,
    end: async () => {
      ended = true;
    },
  };
}
