import type { Model } from '../../model/model.ts';
import { Refusal } from '../refusal.ts';
import type { LoadedModel, LoadingOptions } from './loaded-model.ts';
import { loadModel } from './loaded-model.ts';
import type { NamedFile } from './names.ts';

export type ModelState = 'READY' | 'LOADING' | 'UNLOADING' | 'UNAVAILABLE';

/** One line of the repository's index. */
export interface IndexEntry {
  readonly name: string;
  readonly version: string;
  readonly state: ModelState;
  readonly reason: string;
}

/** Every model has one version. */
export const onlyVersion = '1';

interface Shelf {
  readonly name: string;
  readonly source: string | Model;
  loaded: LoadedModel | undefined;
  state: ModelState;
  reason: string;
  /** Loading and unloading of one model wait for each other. */
  changing: Promise<unknown>;
}

export type NamedSource = NamedFile | { readonly name: string; readonly model: Model };

export interface RepositoryOptions {
  readonly sources: readonly NamedSource[];
  /** Looks again at what there is, when a name is asked for that was not there. */
  readonly rescan?: () => Promise<readonly NamedSource[]>;
  loading(name: string): LoadingOptions;
  /** Told what a client must not know: paths, and why. */
  onEvent(event: string, name: string, error?: unknown): void;
}

/**
 * The models that are served, by name. Names are looked up here and nowhere else: what a client
 * sends never becomes part of a path.
 */
export class Repository {
  readonly #options: RepositoryOptions;
  readonly #shelves = new Map<string, Shelf>();

  constructor(options: RepositoryOptions) {
    this.#options = options;
    for (const source of options.sources) this.#add(source);
  }

  /** Loads all of them. @throws {AlexNetError} of the first that cannot be. */
  async open(): Promise<void> {
    for (const shelf of this.#shelves.values()) await this.#load(shelf);
  }

  get names(): string[] {
    return [...this.#shelves.keys()];
  }

  /** Whether all that should answer do. */
  get ready(): boolean {
    const states = [...this.#shelves.values()].map(({ state }) => state);
    return states.some((state) => state === 'READY') && !states.includes('LOADING');
  }

  index(): IndexEntry[] {
    return [...this.#shelves.values()].map(({ name, state, reason }) => ({
      name,
      version: onlyVersion,
      state,
      reason,
    }));
  }

  loaded(): ReadonlyMap<string, LoadedModel> {
    return new Map(
      [...this.#shelves.values()].flatMap(({ name, loaded }) =>
        loaded === undefined ? [] : [[name, loaded]],
      ),
    );
  }

  /** @throws {Refusal} for a name or version that there is not, or one that is not loaded. */
  find(name: string, version?: string): LoadedModel {
    const shelf = this.#shelf(name);
    if (version !== undefined && version !== onlyVersion)
      throw new Refusal(
        'unknown',
        `The model "${shelf.name}" has the version ${onlyVersion} and no other.`,
      );
    if (shelf.loaded !== undefined) return shelf.loaded;
    throw new Refusal(
      'unavailable',
      `The model "${shelf.name}" is not loaded (${shelf.state}).`,
      shelf.state === 'LOADING' ? 5 : undefined,
    );
  }

  /** Whether it answers. @throws {Refusal} where there is no such model. */
  isReady(name: string): boolean {
    return this.#shelf(name).loaded !== undefined;
  }

  /**
   * Loads it from its file, also where it is loaded already: the new one answers from then on, and
   * where it cannot be loaded the old one goes on.
   */
  async load(name: string): Promise<void> {
    if (!this.#shelves.has(name))
      for (const source of (await this.#options.rescan?.()) ?? []) this.#add(source);
    const shelf = this.#shelf(name);
    await this.#change(shelf, () => this.#load(shelf));
  }

  async unload(name: string): Promise<void> {
    const shelf = this.#shelf(name);
    await this.#change(shelf, async () => {
      const old = shelf.loaded;
      shelf.loaded = undefined;
      shelf.state = 'UNLOADING';
      await old?.close();
      shelf.state = 'UNAVAILABLE';
      shelf.reason = 'unloaded';
      this.#options.onEvent('unloaded', name);
    });
  }

  /** Waits for what was admitted, and lets go of everything. */
  async close(): Promise<void> {
    const all = [...this.#shelves.values()];
    await Promise.all(
      all.map(async (shelf) => {
        await shelf.changing.catch(() => undefined);
        await shelf.loaded?.close();
        shelf.loaded = undefined;
        shelf.state = 'UNAVAILABLE';
      }),
    );
  }

  #add(source: NamedSource): void {
    if (this.#shelves.has(source.name)) return;
    this.#shelves.set(source.name, {
      name: source.name,
      source: 'model' in source ? source.model : source.file,
      loaded: undefined,
      state: 'UNAVAILABLE',
      reason: 'not loaded yet',
      changing: Promise.resolve(),
    });
  }

  #shelf(name: string): Shelf {
    const shelf = this.#shelves.get(name);
    if (shelf !== undefined) return shelf;
    const names = this.names.slice(0, 20).join(', ');
    throw new Refusal(
      'unknown',
      `There is no model "${name.slice(0, 200)}". The models are: ${names}.`,
    );
  }

  async #change(shelf: Shelf, work: () => Promise<void>): Promise<void> {
    const result = shelf.changing.then(work);
    shelf.changing = result.catch(() => undefined);
    await result;
  }

  async #load(shelf: Shelf): Promise<void> {
    const old = shelf.loaded;
    if (old === undefined) shelf.state = 'LOADING';
    try {
      const loaded = await loadModel(shelf.source, this.#options.loading(shelf.name));
      shelf.loaded = loaded;
      shelf.state = 'READY';
      shelf.reason = '';
    } catch (error) {
      shelf.state = old === undefined ? 'UNAVAILABLE' : 'READY';
      if (old === undefined) shelf.reason = 'loading failed';
      this.#options.onEvent('loading failed', shelf.name, error);
      throw error;
    }
    this.#options.onEvent('loaded', shelf.name);
    await old?.close();
  }
}
