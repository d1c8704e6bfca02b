import type { Reading } from '../images/preprocessing.ts';
import type { Dataset } from './dataset.ts';
import type { Done, Plan, Work } from './messages.ts';
import type { PictureStore } from './picture-store.ts';

export interface WorkersOptions {
  /** Default: the machine's cores. Results do not depend on it. */
  readonly threads?: number;
  /** Bytes of memory for decoded pictures. Default: a quarter of the machine's memory. */
  readonly cacheBytes?: number;
  /**
   * Only on Node: what does not fit is kept in this folder, in files without a name that are gone
   * with the process however it ends, up to half of the free disk. Default `null`: it is decoded
   * again in every epoch. Training takes the run folder; a folder for temporary files is memory on
   * many systems.
   */
  readonly cacheDirectory?: string | null;
  /** Of one picture: more are refused before decoding. Default 100 million. */
  readonly maximumPixels?: number;
  /** Told once each: the disk is full, and the like. */
  readonly onRemark?: (remark: string) => void;
}

/**
 * Who reads, decodes and changes pictures, and keeps what was decoded: threads on Node, Web Workers
 * in a page, or the page itself. `#workers` gives the function that opens them.
 */
export interface DataWorkers {
  readonly threads: number;
  /** The kept pictures of a dataset, read one way: shared by everything that reads them so. */
  store(dataset: Dataset, reading: Reading): PictureStore;
  /** Tells every worker how pictures become input. @returns the plan's number. */
  addPlan(plan: Plan): number;
  removePlan(plan: number): void;
  /** Has work done on samples of a store. Tasks begin in the order they are given. */
  run(
    store: PictureStore,
    indices: ArrayLike<number>,
    work: Work,
    useKept?: boolean,
  ): Promise<Done>;
  close(): Promise<void>;
}
