import { readSync, writeSync } from 'node:fs';
import type { Picture } from '../images/picture.ts';
import type { Place, WorkerStart } from './messages.ts';

/**
 * A worker's side of the pictures that are kept: it fills stretches of shared memory of its own,
 * then a file of its own, and reads everybody's. What it has taken since it was last asked is told
 * to the main thread, which tells the others.
 */
export class Keeper {
  readonly #start: WorkerStart;
  readonly #left: Int32Array;
  readonly #chunks = new Map<number, SharedArrayBuffer>();
  #fresh: { chunk: number; memory: SharedArrayBuffer }[] = [];
  #current: { chunk: number; used: number } | undefined;
  #taken = 0;
  #written = 0;
  #fileOpen: boolean;
  #remark: string | undefined;

  constructor(start: WorkerStart) {
    this.#start = start;
    this.#left = new Int32Array(start.chunksLeft);
    this.#fileOpen = start.files.length > 0;
  }

  learn(chunk: number, memory: SharedArrayBuffer): void {
    this.#chunks.set(chunk, memory);
  }

  read({ chunk, offset, width, height }: Place): Picture {
    const length = width * height * 3;
    if (chunk >= 0)
      return { width, height, data: new Uint8Array(this.#chunks.get(chunk)!, offset, length) };
    const data = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const bytes = readSync(
        this.#start.files[-1 - chunk]!,
        data,
        done,
        length - done,
        offset + done,
      );
      if (bytes === 0) throw new Error('The cache file of decoded pictures was cut short.');
      done += bytes;
    }
    return { width, height, data };
  }

  /** @returns where the picture is kept, or undefined where there is no more room. */
  keep(picture: Picture): Place | undefined {
    return this.#inMemory(picture) ?? this.#inFile(picture);
  }

  /** New stretches of memory, and a remark, since the last call. */
  news(): { chunks: { chunk: number; memory: SharedArrayBuffer }[]; remark: string | undefined } {
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
    const memory = new SharedArrayBuffer(this.#start.chunkBytes);
    this.#chunks.set(chunk, memory);
    this.#fresh.push({ chunk, memory });
    return { chunk, used: 0 };
  }

  #inFile({ width, height, data }: Picture): Place | undefined {
    const { number, files, fileBytes } = this.#start;
    if (!this.#fileOpen || this.#written + data.length > fileBytes) return undefined;
    const offset = this.#written;
    try {
      for (let done = 0; done < data.length;)
        done += writeSync(files[number]!, data, done, data.length - done, offset + done);
    } catch (error) {
      this.#fileOpen = false;
      this.#remark = `No more decoded pictures are kept on disk (${error instanceof Error ? error.message : String(error)}): the others are decoded again in every epoch.`;
      return undefined;
    }
    this.#written += data.length;
    return { chunk: -1 - number, offset, width, height };
  }
}
