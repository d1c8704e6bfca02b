import { open, readdir, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { reason } from '#platform';
import { AlexNetError, ensure } from '../../errors.ts';
import { makeFolders } from '../../platform/node/folders.ts';
import { samplesOf } from '../dataset.ts';
import type { Dataset, Split } from '../dataset.ts';
import type { Packed } from '../messages.ts';
import { epochOrder } from '../order.ts';
import { inParts } from '../in-parts.ts';
import { isUnfinishedPack } from './unfinished-pack.ts';
import type { Failure } from '../picture-store.ts';
import { tarBlock, tarEnd } from './tar.ts';
import { openWorkers } from '#workers';

export interface PackOptions {
  /** The shorter side of larger pictures, in pixels. Default 256. */
  readonly size?: number;
  /** A shard is ended when it has more bytes. Default 256 MiB. */
  readonly shardBytes?: number;
  /**
   * Samples are shuffled once, so that shards read one after another are a fair order. Default 0.
   */
  readonly seed?: number;
  readonly threads?: number;
  /** Of one picture: more are refused. Default 100 million. */
  readonly maximumPixels?: number;
  readonly onProgress?: (done: number, of: number) => void;
}

export interface PackResult {
  readonly shards: number;
  readonly images: number;
  readonly skipped: readonly Failure[];
}

/**
 * Decodes and resizes every picture once, into tar shards as WebDataset reads them
 * (`train-000000.tar` with members `00000000.jpg`, `.cls`, `.json`) and a `classes.txt`. A shard is
 * written beside its place, flushed, then renamed; `classes.txt` as the last of all, so that a
 * folder where it is still a `.part` is an interrupted pack's, which is begun again.
 * @throws {AlexNetError} where `out` has files in it or cannot be written.
 */
export async function packDataset(
  dataset: Dataset,
  out: string,
  options: PackOptions = {},
): Promise<PackResult> {
  const { size = 256, shardBytes = 256 * 2 ** 20, seed = 0 } = options;
  await emptyFolder(out);
  const classes = await begunFile(join(out, 'classes.txt'), `${dataset.classes.join('\n')}\n`);
  const workers = await openWorkers({
    cacheBytes: 0,
    cacheDirectory: null,
    ...(options.threads !== undefined && { threads: options.threads }),
    ...(options.maximumPixels !== undefined && { maximumPixels: options.maximumPixels }),
  });
  try {
    const store = workers.store(dataset, { resize: { how: 'shorterSide', size } });
    let shards = 0;
    let images = 0;
    for (const split of ['train', 'val', 'test'] as const) {
      const order = epochOrder(samplesOf(dataset, split), seed, 0);
      const writer = new ShardWriter(out, split, shardBytes);
      try {
        for await (const { packed } of inParts(workers, store, order, { do: 'pack', size })) {
          for (const picture of packed) await writer.add(picture, dataset);
          images += packed.length;
          options.onProgress?.(images + store.failures.length, dataset.samples.length);
        }
        shards += await writer.finish();
      } catch (error) {
        await writer.abandon();
        throw error;
      }
    }
    await classes.end();
    return { shards, images, skipped: store.failures };
  } catch (error) {
    if (error instanceof Error && 'code' in error)
      throw new AlexNetError(
        `The shards could not be written to ${out} (${error.message}). Those that are there are ` +
          'whole; make room or name another folder.',
      );
    throw error;
  } finally {
    await workers.close();
  }
}

/** Made, or emptied of what an interrupted pack left. */
async function emptyFolder(out: string): Promise<void> {
  const inside = await makeFolders(out)
    .then(() => readdir(out))
    .catch((error: unknown) => {
      throw new AlexNetError(`The folder ${out} cannot be made: ${reason(error)}. Name another.`);
    });
  const foreign = isUnfinishedPack(inside) ? inside.find((name) => !isPacked(name)) : inside[0];
  ensure(
    foreign === undefined,
    `The folder ${out} has files in it (${foreign}). Name a new or empty folder for the shards.`,
  );
  for (const name of inside) await rm(join(out, name));
}

/** What a pack writes, whole or not. */
function isPacked(name: string): boolean {
  return /^((train|val|test)-\d{6}\.tar|classes\.txt)(\.part)?$/.test(name);
}

/** A file that is there under its own name once it is ended. */
async function begunFile(path: string, text: string): Promise<{ end(): Promise<void> }> {
  const file = await open(`${path}.part`, 'wx');
  await file.writeFile(text);
  await file.sync();
  await file.close();
  return { end: () => rename(`${path}.part`, path) };
}

async function ended(file: FileHandle, path: string): Promise<void> {
  await file.sync();
  await file.close();
  await rename(`${path}.part`, path);
}

/** Writes one split's shards. */
class ShardWriter {
  readonly #folder: string;
  readonly #split: Split;
  readonly #most: number;
  #current: { file: FileHandle; path: string; bytes: number } | undefined;
  #shards = 0;
  #samples = 0;

  constructor(folder: string, split: Split, most: number) {
    this.#folder = folder;
    this.#split = split;
    this.#most = most;
  }

  async add({ index, ending, bytes }: Packed, { samples, classes }: Dataset): Promise<void> {
    const { label, name } = samples[index]!;
    const key = String(this.#samples++).padStart(8, '0');
    const block = Buffer.concat([
      tarBlock(`${key}.${ending}`, bytes),
      tarBlock(`${key}.cls`, Buffer.from(String(label))),
      tarBlock(`${key}.json`, Buffer.from(JSON.stringify({ name, class: classes[label] }))),
    ]);
    this.#current ??= await this.#begin();
    await this.#current.file.writeFile(block);
    this.#current.bytes += block.length;
    if (this.#current.bytes >= this.#most) await this.#end();
  }

  /** @returns how many shards were written. */
  async finish(): Promise<number> {
    await this.#end();
    return this.#shards;
  }

  /** Takes away the shard that is not whole. */
  async abandon(): Promise<void> {
    if (!this.#current) return;
    await this.#current.file.close().catch(() => {});
    await rm(`${this.#current.path}.part`, { force: true });
  }

  async #begin(): Promise<{ file: FileHandle; path: string; bytes: number }> {
    const path = join(
      this.#folder,
      `${this.#split}-${String(this.#shards++).padStart(6, '0')}.tar`,
    );
    return { file: await open(`${path}.part`, 'wx'), path, bytes: 0 };
  }

  async #end(): Promise<void> {
    if (!this.#current) return;
    const { file, path } = this.#current;
    await file.writeFile(tarEnd);
    await ended(file, path);
    this.#current = undefined;
  }
}
