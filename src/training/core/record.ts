import { AlexNetError } from '../../errors.ts';
import type { Settings } from './settings.ts';
import type { Transfer } from './transfer.ts';

/**
 * All that a run was started with, so that it can be understood, repeated and resumed. Written
 * before the first step.
 */
export interface RunRecord extends Host {
  readonly started: string;
  readonly engine: string;
  /**
   * A resumed run takes as many again, since with some engines their number shows in the last bits.
   */
  readonly threads: number;
  /** Seconds that the run may take; null: as long as it needs. */
  readonly budget: number | null;
  readonly data: DataRecord;
  readonly settings: Settings;
  /** What was taken over from the model in `settings.from`. */
  readonly transfer: Transfer | null;
}

/** What trains, and where; what the place does not tell is left out. */
export interface Host {
  /** This package's version. */
  readonly alexnet?: string;
  readonly node?: string;
  readonly machine?: { readonly cores: number; readonly system: string };
}

/** Where pictures come from. */
export interface DataOrigin {
  /** As people named it. */
  readonly root: string;
  readonly kind: string;
  /** The same for the same pictures, labels and split. */
  readonly digest: string;
}

export interface DataRecord extends DataOrigin {
  readonly classes: number;
  readonly train: number;
  readonly validation: number;
}

/** @throws {AlexNetError} where a run that is to go on was started on other pictures. */
export function checkSameData({ data }: RunRecord, now: DataOrigin, classes: number): void {
  if (data.digest === now.digest) return;
  throw new AlexNetError(
    `The run was started on other data: ${data.root} with ${data.classes} classes, ` +
      `${data.train} training and ${data.validation} validation pictures. ` +
      `Now ${now.root} has ${classes} classes, and its files or their split differ. ` +
      'Resume with the data as it was, or start a new run from the weights with --from.',
  );
}
