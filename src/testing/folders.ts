import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { drawn } from './pictures.ts';

/** Runs `use` with a new folder that is gone afterwards. */
export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'alexnet-test-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes files with their folders. */
export async function writeFiles(
  folder: string,
  files: Readonly<Record<string, Uint8Array | string>>,
): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
}

/** A small picture as JPEG; `phase` makes others like it. */
export async function jpeg(phase: number, width = 48, height = 40): Promise<Buffer> {
  return drawn(width, height, phase).jpeg({ quality: 95 }).toBuffer();
}

/** Class folders of small pictures, all different: `{cat: 3, dog: 2}`. */
export async function writeClasses(
  folder: string,
  counts: Readonly<Record<string, number>>,
): Promise<void> {
  let phase = 0;
  for (const [name, count] of Object.entries(counts)) {
    for (let i = 0; i < count; i++)
      await writeFiles(folder, { [`${name}/${i}.jpg`]: await jpeg(phase++, 40 + (i % 5) * 6) });
  }
}
