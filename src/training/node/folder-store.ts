import { join } from 'node:path';
import { reason } from '#platform';
import { AlexNetError } from '../../errors.ts';
import type { Model } from '../../model/model.ts';
import { readModel, writeModel } from '../../model/node/model-file.ts';
import type { Entry, Position } from '../core/entries.ts';
import type { RunRecord } from '../core/record.ts';
import type { Checkpoint, RunStore } from '../core/run-store.ts';
import { CheckpointFiles } from './checkpoint-files.ts';
import { readRecord, writeRecord } from './folder.ts';
import { Journal, readEntries } from './journal.ts';

/** Keeps a run in its folder. */
export class FolderStore implements RunStore {
  readonly place: string;
  /** The file of the best model. */
  readonly bestFile: string;
  readonly #checkpoint: CheckpointFiles;
  readonly #journal: Journal;

  /** @param warn told once, when the journal cannot be written. */
  constructor(folder: string, warn: (text: string) => void) {
    this.place = folder;
    this.bestFile = join(folder, 'model.safetensors');
    this.#checkpoint = new CheckpointFiles(folder);
    this.#journal = new Journal(folder, (error) =>
      warn(`The log could not be written: ${reason(error)}. Training goes on.`),
    );
  }

  begin(record: RunRecord): Promise<void> {
    return writeRecord(this.place, record);
  }

  record(): Promise<RunRecord> {
    return readRecord(this.place);
  }

  async writeCheckpoint(checkpoint: Checkpoint): Promise<void> {
    try {
      await this.#checkpoint.write(checkpoint);
      const { model, state } = checkpoint;
      if (state.batch === 0 && state.epoch > 0) await this.#journal.look(model, state.step);
    } catch (error) {
      // Of renaming and removing; what `writeWhole` throws says already what was not written.
      if (error instanceof AlexNetError || !(error instanceof Error && 'syscall' in error))
        throw error;
      throw new AlexNetError(`${this.place}: ${reason(error)}.`, { cause: error });
    }
  }

  readCheckpoint(): Promise<Checkpoint | undefined> {
    return this.#checkpoint.read();
  }

  /** The file with the model as it was last written, if any was. */
  lastFile(): Promise<string | undefined> {
    return this.#checkpoint.modelFile();
  }

  addEntry(entry: Entry): Promise<void> {
    return this.#journal.add(entry);
  }

  rewind(to: Position): Promise<void> {
    return this.#journal.rewind(to);
  }

  entries(): Promise<readonly Entry[]> {
    return readEntries(this.place);
  }

  keepBest(model: Model): Promise<void> {
    return writeModel(this.bestFile, model);
  }

  best(): Promise<Model> {
    return readModel(this.bestFile);
  }
}
