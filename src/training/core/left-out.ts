import type { Batches } from '../../data/batches.ts';
import type { Split } from '../../data/dataset.ts';
import { counted } from '../../text.ts';
import type { Entry, LeftOut } from './entries.ts';
import type { TrainEvent } from './events.ts';
import type { RunStore } from './run-store.ts';

const shownAtMost = 5;

type Pictures = Pick<Batches, 'samples'> & Partial<Pick<Batches, 'failures'>>;

/** The pictures of a run that could not be read: each is told and written down once. */
export class LeftOutPictures {
  readonly #store: RunStore;
  readonly #tell: (event: TrainEvent) => void;
  readonly #known = new Map<string, LeftOut>();

  constructor(store: RunStore, tell: (event: TrainEvent) => void) {
    this.#store = store;
    this.#tell = tell;
  }

  /** Takes over what a run that goes on has written down. */
  know(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.kind !== 'leftOut') continue;
      const { split, file, why } = entry;
      this.#known.set(keyOf(split, file), { split, file, why });
    }
  }

  /** Asks pictures what could not be read of them. @param step where the run stands. */
  async look(split: Split, pictures: Pictures | undefined, step: number): Promise<void> {
    const found = (pictures?.failures ?? [])
      .filter(({ name }) => !this.#known.has(keyOf(split, name)))
      .map(({ name, detail }): LeftOut => ({ split, file: name, why: detail }));
    if (found.length === 0) return;
    for (const one of found) {
      this.#known.set(keyOf(split, one.file), one);
      await this.#store.addEntry({ kind: 'leftOut', step, ...one });
    }
    this.#tell({ kind: 'remark', text: leftOutText(split, found) });
  }

  get all(): readonly LeftOut[] {
    return [...this.#known.values()];
  }

  /** How many pictures of a split can be used, as far as is known. */
  usable(split: Split, pictures: Pictures | undefined): number {
    const left = this.all.filter((one) => one.split === split).length;
    return (pictures?.samples ?? 0) - left;
  }
}

const names = { train: 'training', val: 'validation', test: 'test' } as const;

function leftOutText(split: Split, found: readonly LeftOut[]): string {
  const lines = found.slice(0, shownAtMost).map(({ file, why }) => `  ${file}: ${why}`);
  const rest = found.length - lines.length;
  const head =
    `${counted(found.length, `${names[split]} picture`)} could not be read and ` +
    `${found.length === 1 ? 'is' : 'are'} left out:`;
  return [head, ...lines, ...(rest > 0 ? [`  and ${rest} more; log.jsonl names all`] : [])].join(
    '\n',
  );
}

function keyOf(split: Split, file: string): string {
  return `${split}\t${file}`;
}
