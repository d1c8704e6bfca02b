// Draws the app's example pictures, web/pictures/*.jpg: scenes that `alexnet demo` draws too,
// larger. node scripts/app-pictures.mjs, after `make build`.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { drawScene, sceneClasses } from '../dist/data/scenes/scene.js';

/**
 * Chosen by eye among the first twelve of each class: another seed than any model was trained
 * on.
 */
const seed = 77;
const chosen = {
  boat: [6, 3],
  car: [2, 7],
  face: [4, 10],
  fish: [1, 10],
  house: [1, 10],
  star: [8, 9],
};

const folder = fileURLToPath(new URL('../web/pictures', import.meta.url));
await mkdir(folder, { recursive: true });
for (const [label, name] of sceneClasses.entries()) {
  for (const [i, number] of chosen[name].entries()) {
    const { width, height, data } = await drawScene({ seed, label, number }, 256);
    await sharp(data, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 88, mozjpeg: true })
      .toFile(`${folder}/${name}${i === 0 ? '' : `-${i + 1}`}.jpg`);
  }
}
