import type { Preprocessing } from '../images/preprocessing.ts';
import type { Augmentation } from './augmentation.ts';
import type { Dataset, Split } from './dataset.ts';

/** A batch that is ready for the engine. Its arrays are valid until the next one is asked for. */
export interface Batch {
  /** Its place in the epoch, from 0. */
  readonly number: number;
  /** `[size · crops, 3, crop, crop]`, over shared memory. */
  readonly images: Float32Array;
  /** `[size]`. */
  readonly labels: Int32Array;
  /** `[size]`: which of `dataset.samples`. */
  readonly indices: Int32Array;
  /** How many pictures: the batch's length, fewer at the end of an epoch and where pictures could not be read. Never 0. */
  readonly size: number;
  /** Milliseconds from asking for this batch to having it: what the pipeline cost the run. */
  readonly waited: number;
}

export interface BatchesOptions {
  readonly split: Split;
  /** Pictures in a batch. */
  readonly batch: number;
  readonly preprocessing: Preprocessing;
  /** `[3, resize.size, resize.size]` where `preprocessing.mean` names a tensor. */
  readonly meanImage?: Float32Array;
  /** Training: pictures in an order drawn per epoch, and changed by chance. Without it: in the dataset's order, centre or ten crops. */
  readonly augmentation?: Augmentation;
  /** Needed by `augmentation.pca` and `.erase`. */
  readonly statistics?: ColourStatistics;
  /** Without augmentation: 10 gives each picture's ten crops, one after another. Default 1. */
  readonly crops?: 1 | 10;
  /** Default 0. */
  readonly seed?: number;
  /** Whether a last batch that is not full is given. Default: yes without augmentation, no with. */
  readonly partial?: boolean;
  /** Batches made ahead. Default 2. */
  readonly prefetch?: number;
  /** Shared by several `Batches`; default: its own, closed with it. */
  readonly workers?: DataWorkers;
}

/** Of one split, 8-bit values in RGB order. */
export interface ColourStatistics {
  readonly pictures: number;
  readonly mean: readonly [number, number, number];
  readonly deviation: readonly [number, number, number];
  /** Eigenvalues (descending) and eigenvectors (rows) of the pixels' 3×3 covariance. */
  readonly eigenvalues: readonly [number, number, number];
  readonly eigenvectors: readonly (readonly [number, number, number])[];
}

export interface Failure {
  /** Which of `dataset.samples`. */
  readonly index: number;
  readonly name: string;
  readonly kind: string;
  readonly detail: string;
}

export interface Batches {
  /** How many batches an epoch has. */
  readonly length: number;
  /** Samples in the split. */
  readonly samples: number;
  /** Pictures that could not be read so far, each once. */
  readonly failures: readonly Failure[];
  /**
   * The batches `from` (default 0) and up of an epoch, each the same bits whatever the number of workers and wherever it starts.
   * One epoch at a time.
   * @throws {AlexNetError} when more than 5 % of the samples cannot be read.
   */
  epoch(epoch: number, from?: number): AsyncIterableIterator<Batch>;
  close(): Promise<void>;
}

export interface WorkersOptions {
  /** Default: the machine's cores. */
  readonly threads?: number;
  /** Bytes of memory for decoded pictures. Default: a quarter of the machine's memory. */
  readonly cacheBytes?: number;
  /** What does not fit is kept in a nameless file here; default: the system's folder for temporary files. `null`: decoded again every epoch. */
  readonly cacheDirectory?: string | null;
}

/** Threads that decode, and the pictures that they keep. */
export interface DataWorkers {
  readonly threads: number;
  close(): Promise<void>;
}

export interface DataFunctions {
  openWorkers(options?: WorkersOptions): Promise<DataWorkers>;
  openBatches(dataset: Dataset, options: BatchesOptions): Promise<Batches>;
}
