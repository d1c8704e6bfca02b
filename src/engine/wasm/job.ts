import type { Transfer } from './transfer.ts';

/**
 * One call of a kernel: `kernel(...arguments, task, scratch)` for every task from 0. Made by `call`
 * in `signatures.ts`, which names the arguments. Tasks of a job
 * run on any thread in any order; jobs run one after another.
 */
export interface Job {
  /** Its place in `kernelNames`. */
  readonly kernel: number;
  readonly arguments: readonly number[];
  readonly tasks: number;
}

/** What a worker is told first. */
export interface Start {
  readonly kind: 'start';
  readonly module: WebAssembly.Module;
  /** Shared by all, or its pages for a worker to make its own. */
  readonly memory: WebAssembly.Memory | number;
  readonly index: number;
  readonly threads: number;
  /** Address of the words that threads meet at. */
  readonly control: number;
  /** Address of this thread's own scratch. */
  readonly scratch: number;
}

/** Moves data in, for the next run. */
export interface Write {
  readonly kind: 'write';
  readonly transfer: Transfer;
  readonly data: ArrayBufferView<ArrayBuffer>;
}

/** Runs a list of jobs with all threads; the first thread answers with what `reads` ask for. */
export interface Run {
  readonly kind: 'run';
  readonly id: number;
  readonly jobs: readonly Job[];
  readonly reads: readonly Transfer[];
  /** After how many jobs the first thread says how far it is. */
  readonly tell: readonly number[];
}

export type Message = Start | Write | Run;

export type Answer =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'done';
      readonly id: number;
      readonly data: readonly Float32Array<ArrayBuffer>[];
    }
  /** So many jobs of a run are done, by all threads. */
  | { readonly kind: 'passed'; readonly id: number; readonly jobs: number }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string };

/** The maximum number of jobs of one run: the size of the table of task counters. */
export const maximumJobs = 1024;
/**
 * Words before the counters: threads that have arrived, the round they meet in, whether one has
 * failed.
 */
export const meeting = { arrived: 0, round: 1, failed: 2, counters: 16 } as const;
