import { makeBuffer } from '../platform/buffer.ts';
import type { Picture } from '../images/picture.ts';
import type { Place, WorkerStart } from './messages.ts';

/** Files by their descriptors: what does not fit into memory. */
export interface CacheFiles {
  /** Fills `into` from `offset` on. */
  read(descriptor: number, into: Uint8Array, offset: number): void;
  /** Writes all of `data` at `offset`. */
  write(descriptor: number, data: Uint8Array, offset: number): void;
}

/**
 * A worker's side of the pictures that are kept: it fills stretches of shared memory of its own,
 * then a file of its own, and reads everybody's. What it has taken since it was last asked is told
 * to the main thread, which tells the others.
 */
export class PictureCache {
  readonly #start: WorkerStart;
  readonly #disk: CacheFiles | undefined;
  readonly #left: Int32Array;
  readonly #chunks = new Map<number, ArrayBufferLike>();
  #fresh: { chunk: number; memory: ArrayBufferLike }[] = [];
  #current: { chunk: number; used: number } | undefined;
  #taken = 0;
  #written = 0;
  #fileOpen: boolean;
  #remark: string | undefined;

  constructor(start: WorkerStart, disk: CacheFiles | undefined) {
    this.#start = start;
    this.#disk = disk;
    this.#left = new Int32Array(start.chunksLeft);
    this.#fileOpen = disk !== undefined && start.files.length > 0;
  }

  learn(chunk: number, memory: ArrayBufferLike): void {
    this.#chunks.set(chunk, memory);
  }

  read({ chunk, offset, width, height }: Place): Picture {
    const length = width * height * 3;
    if (chunk >= 0)
      return { width, height, data: new Uint8Array(this.#chunks.get(chunk)!, offset, length) };
    const data = new Uint8Array(length);
    this.#disk!.read(this.#start.files[-1 - chunk]!, data, offset);
    return { width, height, data };
  }

  /** @returns where the picture is kept, or undefined where there is no more room. */
  keep(picture: Picture): Place | undefined {
    return this.#inMemory(picture) ?? this.#inFile(picture);
  }

  /** New stretches of memory, and a remark, since the last call. */
  news(): { chunks: { chunk: number; memory: ArrayBufferLike }[]; remark: string | undefined } {
    const news = { chunks: this.#fresh, remark: this.#remark };
    this.#fresh = [];
    this.#remark = undefined;
    return news;
  }

  #inMemory({ width, height, data }: Picture): Place | undefined {
    if (data.length > this.#start.chunkBytes) return undefined;
    if (!this.#current || this.#current.used + data.length > this.#start.chunkBytes)
      this.#current = this.#nextChunk();
    if (!this.#current) return undefined;
    const { chunk, used: offset } = this.#current;
    new Uint8Array(this.#chunks.get(chunk)!, offset, data.length).set(data);
    this.#current.used += data.length;
    return { chunk, offset, width, height };
  }

  #nextChunk(): { chunk: number; used: number } | undefined {
    if (Atomics.sub(this.#left, 0, 1) <= 0) {
      Atomics.add(this.#left, 0, 1);
      return undefined;
    }
    const chunk = this.#start.number + this.#start.threads * this.#taken++;
    const memory = makeBuffer(this.#start.chunkBytes);
    this.#chunks.set(chunk, memory);
    this.#fresh.push({ chunk, memory });
    return { chunk, used: 0 };
  }

  #inFile({ width, height, data }: Picture): Place | undefined {
    const { number, files, fileBytes } = this.#start;
    if (!this.#fileOpen || this.#written + data.length > fileBytes) return undefined;
    const offset = this.#written;
    try {
      this.#disk!.write(files[number]!, data, offset);
    } catch (error) {
      this.#fileOpen = false;
      const why = error instanceof Error ? error.message : String(error);
      this.#remark =
        `No more decoded pictures are kept on disk (${why}): ` +
        'the others are decoded again in every epoch.';
      return undefined;
    }
    this.#written += data.length;
    return { chunk: -1 - number, offset, width, height };
  }
}
