import type { Model } from '../../model/model.ts';
import type { Entry, Position } from './entries.ts';
import type { RunRecord } from './record.ts';
import type { State } from './state.ts';

/** Numbers by the names of the parameters that they belong to. */
export type ParameterValues = ReadonlyMap<string, Float32Array>;

/** The model of a run without its weights. */
export type ModelFrame = Omit<Model, 'weights'>;

/** A moment of a run, whole: from here it goes on to the same bits as if it had never stopped. */
export interface Checkpoint {
  readonly model: Model;
  /** Of the parameters that are trained. */
  readonly velocities: ParameterValues;
  /** The moving average of the weights, where the settings ask for one. */
  readonly average: ParameterValues | undefined;
  readonly state: Readonly<State>;
}

/**
 * Where a run is kept: its record, its last checkpoint, its journal and its best model. One for a
 * folder stands in `training/node/`, one for memory beside this file.
 *
 * Each write takes effect whole or not at all. One that cannot be done (a full disk) throws an
 * {@link AlexNetError}; what was there before is still there, and the run goes on.
 */
export interface RunStore {
  /** What people call the place: the path of a folder. */
  readonly place: string;
  /** Begins a run. */
  begin(record: RunRecord): Promise<void>;
  /** What the run was started with. @throws {AlexNetError} where none was started here. */
  record(): Promise<RunRecord>;
  writeCheckpoint(checkpoint: Checkpoint): Promise<void>;
  /** What was last written; undefined before. */
  readCheckpoint(): Promise<Checkpoint | undefined>;
  /** Adds to the journal. Never throws: a line that is lost costs the line. */
  addEntry(entry: Entry): Promise<void>;
  /** Takes out of the journal what comes after a position, and so is written again. */
  rewind(to: Position): Promise<void>;
  /** The journal, oldest first. */
  entries(): Promise<readonly Entry[]>;
  keepBest(model: Model): Promise<void>;
  /** The best model. @throws {AlexNetError} where none was kept. */
  best(): Promise<Model>;
}
