import { startThread } from '#platform';
import { AlexNetError } from '../../errors.ts';
import type { Answer, Job, Run, Start, Write } from './job.ts';
import type { Thread, ThreadSource } from '../../platform/platform.ts';
import type { Transfer } from './transfer.ts';

const workers: ThreadSource = {
  file: './wasm-worker.js',
  beside: import.meta.url,
  inPage: () => new Worker(new URL('./wasm-worker.js', import.meta.url), { type: 'module' }),
};

export interface TeamOptions {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory | number;
  readonly control: number;
  /** Address of the first thread's scratch, and bytes of each. */
  readonly scratch: number;
  readonly scratchBytes: number;
}

/** Who wants to know how far a run is. */
export interface Telling {
  /** After so many jobs, … */
  readonly after: readonly number[];
  /** … this is called with their number, while the threads go on. */
  readonly done: (jobs: number) => void;
}

interface Waiting {
  readonly done?: Telling['done'] | undefined;
  resolve(data: readonly Float32Array<ArrayBuffer>[]): void;
  reject(error: Error): void;
}

/**
 * The threads of one session. The caller only posts and awaits; everything happens in the workers.
 */
export class Team {
  readonly #threads: readonly Thread[];
  readonly #waiting = new Map<number, Waiting>();
  #runs = 0;
  #broken: Error | undefined;
  #next = 0;
  #shared: ArrayBufferLike | undefined;
  #ready = 0;
  #allReady: (() => void) | undefined;

  /**
   * Starts the threads, which takes longer than anything else: what {@link begin} wants can be made
   * meanwhile.
   */
  constructor(threads: number) {
    this.#threads = Array.from({ length: threads }, () =>
      startThread(workers, {
        message: (data) => this.#receive(data as Answer),
        error: (error) => this.#break(error),
      }),
    );
    this.#hold(true);
  }

  /**
   * Gives the threads their kernels and memory. @throws when they, or their memory, cannot be had.
   */
  async begin({ module, memory, control, scratch, scratchBytes }: TeamOptions): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken;
    const ready = new Promise<void>((resolve, reject) => {
      this.#allReady = resolve;
      this.#waiting.set(-1, { resolve: () => undefined, reject });
    });
    if (typeof memory !== 'number') this.#shared = memory.buffer;
    const threads = this.#threads.length;
    for (const [index, thread] of this.#threads.entries()) {
      thread.post({
        kind: 'start',
        module,
        memory,
        index,
        threads,
        control,
        scratch: scratch + index * scratchBytes,
      } satisfies Start);
    }
    await ready;
    this.#waiting.delete(-1);
    this.#hold(false);
  }

  /**
   * Moves data in, before the next run. Threads take turns, because copying into place takes longer
   * than posting.
   */
  write(transfer: Transfer, data: ArrayBufferView<ArrayBuffer>): void {
    const thread = this.#threads[this.#next++ % this.#threads.length]!;
    thread.post({ kind: 'write', transfer, data } satisfies Write, [data.buffer]);
  }

  /**
   * Copies numbers in as they are, before the next run: at once where memory is shared. Nothing may
   * be running.
   */
  copy(at: number, data: Float32Array): void {
    if (this.#shared === undefined)
      this.write({ kind: 'raw', at, bytes: data.byteLength }, data.slice());
    else new Float32Array(this.#shared, at, data.length).set(data);
  }

  /** Numbers where they lie; undefined where memory is not shared. */
  view(at: number, length: number): Float32Array | undefined {
    return this.#shared && new Float32Array(this.#shared, at, length);
  }

  /** Runs the jobs on all threads, then reads. */
  async run(
    jobs: readonly Job[],
    reads: readonly Transfer[] = [],
    telling?: Telling,
  ): Promise<readonly Float32Array<ArrayBuffer>[]> {
    if (this.#broken !== undefined) throw this.#broken;
    const id = this.#runs++;
    this.#hold(true);
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject, done: telling?.done });
        const run: Run = { kind: 'run', id, jobs, reads, tell: telling?.after ?? [] };
        for (const thread of this.#threads) thread.post(run);
      });
    } finally {
      this.#hold(false);
    }
  }

  async end(): Promise<void> {
    this.#broken ??= new AlexNetError('This session is disposed.');
    this.#shared = undefined;
    await Promise.all(this.#threads.map((thread) => thread.end()));
  }

  #hold(busy: boolean): void {
    for (const thread of this.#threads) thread.hold(busy);
  }

  #receive(answer: Answer): void {
    if (answer.kind === 'ready') {
      if (++this.#ready === this.#threads.length) this.#allReady?.();
    } else if (answer.kind === 'passed') this.#waiting.get(answer.id)?.done?.(answer.jobs);
    else if (answer.kind === 'failed')
      this.#break(new Error(`The wasm engine's worker failed: ${answer.message}`));
    else {
      this.#waiting.get(answer.id)?.resolve(answer.data);
      this.#waiting.delete(answer.id);
    }
  }

  #break(error: Error): void {
    this.#broken ??= error;
    for (const waiting of this.#waiting.values()) waiting.reject(this.#broken);
    this.#waiting.clear();
  }
}
