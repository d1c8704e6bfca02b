import { join } from 'node:path';
import sharp from 'sharp';
import { makeFolders } from '../../platform/node/folders.ts';
import type { Split } from '../dataset.ts';
import { drawScene, sceneClasses } from '../scenes/scene.ts';

export interface ScenesOptions {
  readonly seed: number;
  /** Pictures of each class in each part. */
  readonly perClass: Readonly<Record<Split, number>>;
}

/**
 * Draws a picture set into `train/`, `val/` and `test/` of a folder, one folder per class. No
 * picture is twice in it.
 */
export async function writeScenes(
  folder: string,
  { seed, perClass }: ScenesOptions,
): Promise<void> {
  for (const [label, name] of sceneClasses.entries()) {
    let number = 0;
    for (const split of ['train', 'val', 'test'] as const) {
      const place = join(folder, split, name);
      await makeFolders(place);
      const numbers = Array.from({ length: perClass[split] }, () => number++);
      await Promise.all(
        numbers.map((n) =>
          writeScene(join(place, `${name}-${String(n).padStart(4, '0')}.png`), {
            seed,
            label,
            number: n,
          }),
        ),
      );
    }
  }
}

async function writeScene(
  path: string,
  address: { seed: number; label: number; number: number },
): Promise<void> {
  const { width, height, data } = await drawScene(address);
  await sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toFile(path);
}
