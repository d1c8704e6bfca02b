/**
 * What the code needs of the place it runs in. `#platform` gives it: on Node the files of
 * `platform/node/`, anywhere else `platform/browser.ts`; the package's `imports` choose. What both
 * places name alike (`performance`, `Date`, `WebAssembly`, `structuredClone`) is used as it is.
 */
export interface Platform {
  /**
   * Whether threads can share one memory: always in Node; in a browser only on a cross-origin
   * isolated page.
   */
  canShareMemory(): boolean;
  /** How many threads can run at once. */
  cores(): number;
  memory(): Memory;
  startThread(source: ThreadSource, handlers: ThreadHandlers): Thread;
  /** Inside a thread: what to do with messages, and how to answer. */
  listen(receive: (data: unknown, answer: Answer) => void): void;
  /** The bytes of a file of this package, such as compiled kernels beside the code. */
  readPackageFile(url: URL): Promise<Uint8Array<ArrayBuffer>>;
  /** Lets timers and messages that are due come first. */
  yieldToEvents(): Promise<void>;
  /** The SHA-256 of the pieces one after another, in hex; text as UTF-8. */
  sha256(pieces: Iterable<string | Uint8Array>): Promise<string>;
  /**
   * Writes a file whole or not at all: beside its place under another name, flushed to the disk,
   * then renamed. A process killed on the way leaves what was there before.
   */
  writeWhole(path: string, pieces: Iterable<Uint8Array>): Promise<void>;
  /**
   * Opens a file, gives it to `use` as a source, and closes it. @throws {AlexNetError} where there
   * is no such file.
   */
  withFile<T>(path: string, use: (file: OpenFile) => Promise<T>): Promise<T>;
  /**
   * A file by its name in the same folder as another file; links are followed, but not out of the
   * folder.
   */
  fileBeside(path: string, name: string): Promise<{ path: string } | 'missing' | 'outside'>;
  /**
   * Whether a file is what a killed `writeWhole` left: nobody reads it, and nothing is lost with
   * it.
   */
  isUnfinished(name: string): boolean;
  /** Why something failed, in words: what the system said, or the error's message. */
  reason(error: unknown): string;
}

export interface OpenFile {
  /** In bytes. */
  readonly size: number;
  /** Fills all of `into` with the bytes from `position` on, which lie within `size`. */
  read(into: Uint8Array, position: number): Promise<void>;
}

/** In bytes. */
export interface Memory {
  /** What the process may take at most, limits of containers included. */
  readonly total: number;
  /** What it may still take without anything being swapped out. */
  readonly available: number;
}

/** Where a thread's code lies. */
export interface ThreadSource {
  /** The file's name, and the `import.meta.url` that it lies beside. In two parts for Node. */
  readonly file: string;
  readonly beside: string;
  /**
   * In a page: `() => new Worker(new URL('./x.js', import.meta.url), { type: 'module' })`, written
   * out where the thread is started from, because bundlers look for just that.
   */
  readonly inPage: () => Worker;
}

/** A thread as those who start it need it. */
export interface Thread {
  post(message: unknown, transfer?: Transferable[]): void;
  /** Keeps the process alive while there is work, and lets it exit when there is none. */
  hold(busy: boolean): void;
  end(): Promise<void>;
}

export interface ThreadHandlers {
  message(data: unknown): void;
  /** What it threw, or why it could not be started; also when it ended by itself. */
  error(error: Error): void;
}

export type Answer = (message: unknown, transfer?: Transferable[]) => void;
