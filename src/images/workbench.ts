import { readPackageFile } from '#platform';
import { AlexNetError } from '../errors.ts';

/**
 * `kernels/`, compiled. All arguments are places in its memory, lengths in bytes, and
 * counts.
 */
export interface Kernels {
  readonly cropPlanes: (
    source: number,
    stride: number,
    size: number,
    colours: number,
    out: number,
  ) => void;
  readonly mirrorPlanes: (
    source: number,
    stride: number,
    size: number,
    colours: number,
    out: number,
  ) => void;
  squeeze(
    source: number,
    stride: number,
    rows: number,
    first: number,
    weights: number,
    taps: number,
    width: number,
    out: number,
  ): void;
  blendPlanes(
    rows: number,
    first: number,
    weights: number,
    taps: number,
    size: number,
    colours: number,
    out: number,
  ): void;
  blendBytes(
    rows: number,
    first: number,
    weights: number,
    taps: number,
    width: number,
    height: number,
    out: number,
  ): void;
  subtract(out: number, mean: number, count: number): void;
  sumColours(source: number, stride: number, width: number, height: number, out: number): void;
  pillowRows(
    source: number,
    stride: number,
    rows: number,
    first: number,
    weights: number,
    pairs: number,
    width: number,
    out: number,
  ): void;
  pillowColumns(
    rows: number,
    stride: number,
    first: number,
    weights: number,
    pairs: number,
    height: number,
    out: number,
  ): void;
  opencvRows(
    source: number,
    stride: number,
    rows: number,
    first: number,
    weights: number,
    width: number,
    out: number,
  ): void;
  opencvColumns(
    rows: number,
    lower: number,
    upper: number,
    lowerWeights: number,
    upperWeights: number,
    width: number,
    height: number,
    out: number,
  ): void;
}

const page = 65536;

/**
 * The kernels with their memory: everything is copied in and out, and nothing stays between two
 * calls. One for each thread.
 */
export class Workbench {
  readonly kernels: Kernels;
  readonly #memory: WebAssembly.Memory;
  #used = 0;

  private constructor(kernels: Kernels, memory: WebAssembly.Memory) {
    this.kernels = kernels;
    this.#memory = memory;
  }

  static async load(): Promise<Workbench> {
    const bytes = await readPackageFile(new URL('./pixels.wasm', import.meta.url));
    const memory = new WebAssembly.Memory({ initial: 1, maximum: page });
    const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
    return new Workbench(instance.exports as unknown as Kernels, memory);
  }

  clear(): void {
    this.#used = 0;
  }

  /**
   * Room for so many bytes, and for the kernels' reading past the end. It begins as far from a
   * multiple of 8 as `like` does: from and to shared memory V8 copies word by word then, else byte
   * by byte.
   */
  room(bytes: number, like = 0): number {
    const place = this.#used + (like % 8);
    this.#used += Math.ceil(bytes / 16) * 16 + 32;
    const missing = this.#used - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / page));
    return place;
  }

  put(values: Uint8Array | Int16Array | Int32Array | Uint32Array | Float32Array): number {
    const place = this.room(values.byteLength, values.byteOffset);
    this.bytes(place, values.byteLength).set(
      new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    );
    return place;
  }

  bytes(place: number, count: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, place, count);
  }

  floats(place: number, count: number): Float32Array {
    return new Float32Array(this.#memory.buffer, place, count);
  }
}

let loading: Promise<void> | undefined;
let loaded: Workbench | undefined;

/**
 * Makes what works on pixels ready, once a thread: everything that gives pictures awaits it, so
 * that what is done to them afterwards need not wait.
 */
export function loadPixelKernels(): Promise<void> {
  return (loading ??= Workbench.load().then(
    (workbench) => {
      loaded = workbench;
    },
    (error: unknown) => {
      loading = undefined; // a page may be back on the network at the next try
      throw error;
    },
  ));
}

/** The workbench, with nothing on it. */
export function cleared(): Workbench {
  if (loaded === undefined)
    throw new AlexNetError(
      'What works on pixels is not loaded yet: call loadPicture() first, and await it.',
    );
  loaded.clear();
  return loaded;
}
