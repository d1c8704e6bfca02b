import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { reason } from '#platform';
import type { Dataset } from '../../data/dataset.ts';
import { openDataset } from '../../data/node/open.ts';
import { hardScenes } from '../../data/scenes/style.ts';
import { writeScenes } from '../../data/node/write-scenes.ts';
import { AlexNetError } from '../../errors.ts';
import { subsetOf } from '../subset.ts';
import type { Job } from './job.ts';

/** The pictures of a seed: drawn for it, or drawn out of the photographs. */
export async function picturesFor(
  { folder, dataset, perClass, tell }: Job,
  seed: number,
  signal: AbortSignal,
): Promise<Dataset> {
  if (dataset !== undefined) return subsetOf(dataset, perClass, seed);
  const place = sceneFolder(folder, seed);
  if ((await stat(place).catch(() => undefined)) === undefined) {
    tell({ kind: 'drawing', seed });
    await draw(place, { seed, perClass, signal });
  }
  return openDataset(place);
}

/** Beside its place, then renamed: half a set would pass for a whole one. */
async function draw(
  place: string,
  { seed, perClass, signal }: { seed: number; perClass: Job['perClass']; signal: AbortSignal },
): Promise<void> {
  const beside = `${place}.part`;
  try {
    await rm(beside, { recursive: true, force: true });
    await writeScenes(beside, {
      seed,
      perClass: { ...perClass, test: 0 },
      style: hardScenes,
      signal,
    });
    await rename(beside, place);
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    if (signal.aborted) throw error;
    throw new AlexNetError(`The pictures for ${place} could not be drawn: ${reason(error)}.`, {
      cause: error,
    });
  }
}

/** Of a seed that is done: they can be drawn again. The first seed's stay, to be looked at. */
export async function forgetPictures({ folder, seed: first }: Job, seed: number): Promise<void> {
  if (seed !== first) await rm(sceneFolder(folder, seed), { recursive: true, force: true });
}

function sceneFolder(folder: string, seed: number): string {
  return join(folder, 'pictures', `seed-${seed}`);
}
