import { join } from 'node:path';
import sharp from 'sharp';
import { makeFolders } from '../../platform/node/folders.ts';
import type { Split } from '../dataset.ts';
import { drawScene } from '../scenes/scene.ts';
import type { SceneAddress } from '../scenes/scene.ts';
import { classesOf, plainScenes } from '../scenes/style.ts';
import type { SceneStyle } from '../scenes/style.ts';

export interface ScenesOptions {
  readonly seed: number;
  /** Pictures of each class in each part. */
  readonly perClass: Readonly<Record<Split, number>>;
  /** Default {@link plainScenes}. */
  readonly style?: SceneStyle;
  /** Ends the drawing, with its reason, when aborted. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Draws a picture set into `train/`, `val/` and `test/` of a folder, one folder per class. No
 * picture is twice in it.
 */
export async function writeScenes(
  folder: string,
  { seed, perClass, style = plainScenes, signal }: ScenesOptions,
): Promise<void> {
  for (const [label, name] of classesOf(style).entries()) {
    let number = 0;
    for (const split of ['train', 'val', 'test'] as const) {
      signal?.throwIfAborted();
      if (perClass[split] === 0) continue;
      const place = join(folder, split, name);
      await makeFolders(place);
      const numbers = Array.from({ length: perClass[split] }, () => number++);
      await Promise.all(
        numbers.map((n) =>
          writeScene(
            join(place, `${name}-${String(n).padStart(4, '0')}.png`),
            { seed, label, number: n },
            style,
          ),
        ),
      );
    }
  }
}

async function writeScene(path: string, address: SceneAddress, style: SceneStyle): Promise<void> {
  const { width, height, data } = await drawScene(address, 48, style);
  await sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toFile(path);
}
