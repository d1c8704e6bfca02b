import type { DecodeLimits } from '../images/decode-limits.ts';
import type { Preprocessing, Reading } from '../images/preprocessing.ts';
import type { Augmentation } from './augmentation.ts';
import type { Source } from './dataset.ts';
import type { ColourStatistics, ColourSums } from './statistics.ts';

/** What a worker is told when it starts. */
export interface WorkerStart {
  readonly number: number;
  readonly threads: number;
  /** Bytes of one stretch of shared memory for decoded pictures. */
  readonly chunkBytes: number;
  /** `Int32[1]`: how many more of them all workers together may take. */
  readonly chunksLeft: ArrayBufferLike;
  /**
   * Where pictures are kept on a disk too: descriptors of the workers' files, each written by its
   * own worker and read by all.
   */
  readonly files: readonly number[];
  /** Bytes this worker may write there. */
  readonly fileBytes: number;
  /** What all workers together may take for decoding. */
  readonly limits: DecodeLimits;
}

/**
 * Where a decoded picture is kept: at `offset` of a stretch of memory (`chunk` ≥ 0) or of a
 * worker's file (`−1 − worker`).
 */
export interface Place {
  readonly chunk: number;
  readonly offset: number;
  readonly width: number;
  readonly height: number;
}

/** One picture to be had: from where it is kept, or else from its source. */
export interface Item {
  /** Which of `dataset.samples`. */
  readonly index: number;
  readonly from: { readonly place: Place } | { readonly source: Source };
}

/** How pictures become input; told once. */
export interface Plan {
  readonly preprocessing: Preprocessing;
  /** What the mean takes off, as `meanPlanes` gives it. */
  readonly mean: Float32Array | undefined;
  readonly augmentation: Augmentation | undefined;
  readonly statistics: ColourStatistics | undefined;
  readonly crops: 1 | 10;
  readonly seed: number;
  /** The batches that are filled in turn. */
  readonly slots: readonly ArrayBufferLike[];
}

/** Something to do, with the pictures it is done to. */
export type Work =
  | {
      readonly do: 'fill';
      readonly plan: number;
      readonly slot: number;
      readonly epoch: number;
      readonly position: number;
      /** For each picture of the task, whose crop and mirror image it shares. */
      readonly leaders?: readonly number[];
    }
  | { readonly do: 'measure'; readonly imageSize: number | undefined }
  | { readonly do: 'inspect' }
  | { readonly do: 'pack'; readonly size: number };

export interface Task {
  readonly task: number;
  readonly reading: Reading;
  readonly items: readonly Item[];
  readonly work: Work;
}

export type ToWorker =
  | { readonly start: WorkerStart }
  | { readonly plan: number; readonly is: Plan | undefined }
  | { readonly chunk: number; readonly memory: ArrayBufferLike }
  | Task;

export interface TaskFailure {
  readonly index: number;
  readonly kind: string;
  readonly detail: string;
}

export interface Done {
  readonly task: number;
  readonly kept: readonly { readonly index: number; readonly place: Place }[];
  readonly chunks: readonly { readonly chunk: number; readonly memory: ArrayBufferLike }[];
  readonly failures: readonly TaskFailure[];
  readonly sums: ColourSums | undefined;
  readonly inspections: readonly Inspection[];
  readonly packed: readonly Packed[];
  /** What stopped the worker's file from growing, told once. */
  readonly remark: string | undefined;
  /** A mistake of ours, with its stack. */
  readonly bug: string | undefined;
}

/** What `data check` wants to know of a picture. */
export interface Inspection {
  readonly index: number;
  readonly width: number;
  readonly height: number;
  readonly grey: boolean;
  /** SHA-256 of the bytes, hex. */
  readonly bytes: string;
  /** 256 bits that say how the picture looks, hex. */
  readonly look: string;
  /** Set where the picture decodes, but with a warning. */
  readonly damage: string | undefined;
}

/** A picture as it goes into a shard. */
export interface Packed {
  readonly index: number;
  readonly ending: 'jpg' | 'png';
  readonly bytes: Uint8Array;
}
