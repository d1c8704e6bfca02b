import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Preprocessing } from '../images/preprocessing.ts';
import { withFolder, writeClasses } from '../testing/folders.ts';
import { readingFor } from './augmentation.ts';
import type { Augmentation } from './augmentation.ts';
import { openBatches } from './batches.ts';
import { measureColours } from './measure.ts';
import { imageFolder } from './node/folder.ts';
import { readSource } from './read-source.ts';
import { trainingView } from './view.ts';
import type { ViewPlan } from './view.ts';

const resize = { how: 'shorterSide', size: 36 } as const;
const common = { resize, crop: 31, channels: 'BGR', scale: 1, deviation: [50, 60, 70] } as const;
const preprocessings: readonly Preprocessing[] = [
  { ...common, mean: [120, 110, 100] },
  { ...common, mean: { tensor: 'mean' } },
  { ...common, mean: { tensor: 'mean', at: 'crop' } },
];
const augmentations: readonly Augmentation[] = [
  {
    crop: { from: 'square' },
    mirror: 0.5,
    chunk: 3,
    pca: { deviation: 0.1, scale: 'deviation', until: 1 },
  },
  {
    crop: { from: 'square' },
    mirror: 0.5,
    jitter: { brightness: 0.3, contrast: 0.3, saturation: 0.3 },
    pca: { deviation: 0.1 },
    grey: 0.3,
    erase: { chance: 0.5, area: [0.05, 0.2] },
  },
  { crop: { from: 'resized', area: [0.3, 1], aspect: [0.75, 1.33] }, mirror: 0.5 },
  { crop: { from: 'original', area: [0.1, 1], aspect: [0.75, 1.33], kept: 45 }, mirror: 0.5 },
];

test('trainingView() gives the bits that a training batch has of that picture', async () => {
  await withFolder(async (folder) => {
    await writeClasses(folder, { a: 4, b: 3 });
    const dataset = await imageFolder(join(folder), { holdOut: 0.3, seed: 1 });
    const { statistics, meanImage } = await measureColours(dataset, { resize, meanImage: true });
    let compared = 0;
    for (const preprocessing of preprocessings) {
      for (const augmentation of augmentations) {
        if (augmentation.crop.from !== 'square' && 'tensor' in preprocessing.mean) continue;
        const more = 'tensor' in preprocessing.mean && meanImage ? { meanImage } : {};
        const plan: ViewPlan = { preprocessing, augmentation, statistics, seed: 5, ...more };
        const batches = await openBatches(dataset, { ...plan, split: 'train', batch: 3 });
        for (const epoch of [0, 1]) {
          for await (const { images, indices, size } of batches.epoch(epoch)) {
            for (let i = 0; i < size; i++) {
              const sample = indices[i]!;
              const reading = readingFor(preprocessing, augmentation);
              const picture = await readSource(dataset.samples[sample]!.source, reading);
              const leader = augmentation.chunk === undefined ? sample : indices[0]!;
              const { input } = await trainingView(picture, plan, { epoch, sample, leader });
              const from = i * input.length;
              assert.deepEqual(input, images.slice(from, from + input.length));
              compared++;
            }
          }
        }
        await batches.close();
      }
    }
    assert.equal(compared, 8 * 2 * 3, 'every picture of full batches');
  });
});
