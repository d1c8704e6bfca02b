import { AlexNetError } from '../errors.ts';
import type { Reading } from '../images/preprocessing.ts';
import type { Dataset } from './dataset.ts';
import type { Done, Item, Place } from './messages.ts';

/** A sample whose picture could not be read. */
export interface Failure {
  /** Which of `dataset.samples`. */
  readonly index: number;
  readonly name: string;
  readonly kind: string;
  readonly detail: string;
}

/** More than this share of unreadable samples is no accident. */
export const maximumFailures = 0.05;

/**
 * What is known of a dataset's pictures, read one way: where each is kept, and which could not be
 * read.
 */
export class PictureStore {
  readonly dataset: Dataset;
  readonly reading: Reading;
  readonly #places: (Place | undefined)[] = [];
  readonly #failures = new Map<number, Failure>();

  constructor(dataset: Dataset, reading: Reading) {
    this.dataset = dataset;
    this.reading = reading;
  }

  get failures(): readonly Failure[] {
    return [...this.#failures.values()].toSorted((a, b) => a.index - b.index);
  }

  failed(index: number): boolean {
    return this.#failures.has(index);
  }

  item(index: number, useKept: boolean): Item {
    const place = useKept ? this.#places[index] : undefined;
    return { index, from: place ? { place } : { source: this.dataset.samples[index]!.source } };
  }

  learn({ kept, failures }: Done): void {
    for (const { index, place } of kept) this.#places[index] = place;
    for (const { index, kind, detail } of failures)
      this.#failures.set(index, { index, name: this.dataset.samples[index]!.name, kind, detail });
  }

  /** @throws {AlexNetError} when more than the share `most` of `indices` could not be read. */
  refuseTooMany(indices: Uint32Array, most = maximumFailures): void {
    if (this.#failures.size <= indices.length * most) return;
    const members = new Set(indices);
    const failures = this.failures.filter(({ index }) => members.has(index));
    if (failures.length <= indices.length * most) return;
    const shown = failures.slice(0, 5).map(({ name, detail }) => `  ${name}: ${detail}`);
    const more = failures.length > 5 ? `\n  and ${failures.length - 5} more` : '';
    throw new AlexNetError(
      `${failures.length} of ${indices.length} pictures could not be read, which is more than ` +
        `${100 * most} %:\n${shown.join('\n')}${more}\nLook at them with \`alexnet data check\`, ` +
        'and mend or remove them.',
    );
  }
}
