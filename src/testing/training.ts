import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { readModel } from '../model/node/model-file.ts';
import { normal } from '../random/draws.ts';
import { bits, purposes } from '../random/philox.ts';
import { readEntries } from '../training/node/journal.ts';
import { train } from '../training/node/train.ts';
import type { TrainOptions, TrainResult } from '../training/node/train.ts';
import { eachValues } from '../model/weights.ts';

/**
 * So small that the reference engine takes milliseconds for a step; everything that a run can carry
 * is on. 27 pictures train: 4 steps per epoch.
 */
export const smallSettings = {
  variant: 'small',
  width: 1 / 16,
  input: 16,
  batch: 6,
  epochs: 3,
  holdOut: 0.25,
  warmup: 0,
  seed: 5,
  clip: 1,
  average: { decay: 0.9, every: 2 },
  augmentation: {
    crop: { from: 'square' },
    mirror: 0.5,
    pca: { deviation: 0.1 },
    jitter: { brightness: 0.2 },
  },
};

export const greyLabels = ['dark', 'grey', 'light'];

/** Class folders of 12 noisy pictures each: easy to tell apart, though not by any one pixel. */
export async function writeGreys(folder: string, perClass = 12): Promise<void> {
  for (const [c, name] of greyLabels.entries()) {
    await mkdir(join(folder, name), { recursive: true });
    for (let i = 0; i < perClass; i++)
      await writeGrey(join(folder, name, `${i}.png`), 60 + 60 * c, 100 * c + i);
  }
}

export async function writeGrey(path: string, level: number, seed: number): Promise<void> {
  const noise = new Float32Array(24 * 20 * 3);
  normal(bits({ seed, purpose: purposes.test }), noise, 25);
  await sharp(
    Uint8ClampedArray.from(noise, (value) => level + value),
    { raw: { width: 24, height: 20, channels: 3 } },
  )
    .png()
    .toFile(path);
}

/** A folder with data to train on, and runs beside it. */
export class Playground {
  readonly folder: string;
  readonly data: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.data = join(folder, 'data');
  }

  static async open(perClass?: number): Promise<Playground> {
    const playground = new Playground(await mkdtemp(join(tmpdir(), 'alexnet-train-')));
    await writeGreys(playground.data, perClass);
    return playground;
  }

  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  train(out: string, more: Partial<TrainOptions> = {}): Promise<TrainResult> {
    return train({
      data: this.data,
      out: this.path(out),
      engine: 'reference',
      ...(!more.resume && { settings: smallSettings }),
      ...more,
    });
  }

  /** The weights in a file of a run. */
  async weights(
    out: string,
    file = 'last.safetensors',
  ): Promise<ReadonlyMap<string, Float32Array>> {
    return new Map(eachValues((await readModel(this.path(out, file))).weights));
  }

  /** What a run computed in each epoch, without what it took. */
  async computed(out: string): Promise<unknown[]> {
    const entries = await readEntries(this.path(out));
    return entries.flatMap((entry) =>
      entry.kind === 'epoch' ? [{ ...entry, imagesPerSecond: 0, waiting: 0, seconds: 0 }] : [],
    );
  }

  close(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}

/** Listens to a run's remarks. */
export function remarksInto(list: string[]): NonNullable<TrainOptions['onEvent']> {
  return (event) => {
    if (event.kind === 'remark') list.push(event.text);
  };
}
