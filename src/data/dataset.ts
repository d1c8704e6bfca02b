import type { Picture } from '../images/picture.ts';

/** Which part of a dataset a sample belongs to. */
export type Split = 'train' | 'val' | 'test';

/**
 * Where a picture's bytes lie: a whole file, or a stretch of one (a member of a tar archive, a
 * record of a CIFAR file), so that any sample of any dataset can be read at any time by any worker.
 */
export interface Source {
  /** A file; of what lies in memory, its name. */
  readonly path: string;
  /** What lies in memory: a page's File, a picture file's bytes, or raw pixels. */
  readonly content?: Blob | Uint8Array | Picture;
  /** First byte of a stretch, default 0. */
  readonly offset?: number;
  /** Bytes of a stretch; default: the whole file. */
  readonly bytes?: number;
  /**
   * `picture` (the default): an image file, told by content. `planes32`: 32×32 pixels, all red,
   * then green, then blue bytes (CIFAR).
   */
  readonly as?: 'picture' | 'planes32';
}

export interface Sample {
  readonly source: Source;
  /** What people call it: the path inside the dataset, with `/` on every system. Unique. */
  readonly name: string;
  /** Index into the dataset's classes. */
  readonly label: number;
  readonly split: Split;
}

/**
 * Labelled pictures that are not yet read. Plain data: it survives `structuredClone`, and where no
 * content lies in memory `JSON.stringify`.
 */
export interface Dataset {
  /** The names of the labels, by index. */
  readonly classes: readonly string[];
  /** In a fixed order that does not depend on the file system. */
  readonly samples: readonly Sample[];
  readonly provenance: Provenance;
  /**
   * What a person should know: files left out, empty classes, how the validation split was made.
   */
  readonly remarks: readonly string[];
}

export interface Provenance {
  readonly kind: 'folder' | 'csv' | 'ilsvrc2012' | 'cifar10' | 'cifar100' | 'shards' | 'memory';
  /** As the user named it. */
  readonly root: string;
  /**
   * SHA-256 over classes and samples' names, labels and splits: the same for the same dataset,
   * wherever it lies.
   */
  readonly digest: string;
  /** How a validation split was held out of the training samples, if it was. */
  readonly heldOut?: { readonly fraction: number; readonly seed: number };
}

export interface DatasetOptions {
  /**
   * Where the folder has no `val`: the fraction of each class's training samples that is held out
   * as `val`, chosen by `seed`. Default 0: nothing. At least one sample of each class stays in
   * `train`.
   */
  readonly holdOut?: number;
  /** Default 0. */
  readonly seed?: number;
  /**
   * Of class folders that hold folders: how far down the classes are. Default 1, and a remark says
   * what else there is.
   */
  readonly depth?: number;
  /**
   * Put every sample into this split, whatever folder it lies in (evaluation of a folder of
   * classes: `test`).
   */
  readonly as?: Split;
}

/** The samples of one split, as indices into `dataset.samples`, in order. */
export function samplesOf(dataset: Dataset, split: Split): Uint32Array {
  const indices: number[] = [];
  dataset.samples.forEach((sample, i) => {
    if (sample.split === split) indices.push(i);
  });
  return Uint32Array.from(indices);
}
