import { AlexNetError } from '../../errors.ts';
import type { Model } from '../../model/model.ts';
import { isBefore } from './entries.ts';
import type { Entry, Position } from './entries.ts';
import type { RunRecord } from './record.ts';
import type { Checkpoint, RunStore } from './run-store.ts';

/** Keeps a run in memory: it can be resumed for as long as the store is there. */
export class MemoryStore implements RunStore {
  readonly place: string;
  #record: RunRecord | undefined;
  #checkpoint: Checkpoint | undefined;
  #entries: Entry[] = [];
  #best: Model | undefined;

  /** @param place what people call it. */
  constructor(place = 'memory') {
    this.place = place;
  }

  async begin(record: RunRecord): Promise<void> {
    if (this.#record !== undefined)
      throw new AlexNetError('This store already holds a run. Resume it, or take another store.');
    this.#record = record;
  }

  async record(): Promise<RunRecord> {
    if (this.#record === undefined)
      throw new AlexNetError('There is no run to resume in this store.');
    return this.#record;
  }

  async writeCheckpoint(checkpoint: Checkpoint): Promise<void> {
    // The run goes on to change what it gave, and what it is given.
    this.#checkpoint = structuredClone(checkpoint);
  }

  async readCheckpoint(): Promise<Checkpoint | undefined> {
    return structuredClone(this.#checkpoint);
  }

  async addEntry(entry: Entry): Promise<void> {
    this.#entries.push(entry);
  }

  async rewind(to: Position): Promise<void> {
    this.#entries = this.#entries.filter((entry) => isBefore(entry, to));
  }

  async entries(): Promise<readonly Entry[]> {
    return [...this.#entries];
  }

  async keepBest(model: Model): Promise<void> {
    this.#best = structuredClone(model);
  }

  async best(): Promise<Model> {
    if (this.#best === undefined) throw new AlexNetError('No model was kept in this store yet.');
    return this.#best;
  }
}
