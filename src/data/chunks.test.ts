import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Preprocessing } from '../images/preprocessing.ts';
import { openBatches } from './batches.ts';
import type { BatchesOptions } from './batches.ts';
import { picturesInMemory } from './in-memory.ts';

const size = 32;
const preprocessing: Preprocessing = {
  resize: { how: 'shorterSide', size },
  crop: 16,
  channels: 'RGB',
  scale: 1,
  mean: [100, 100, 100],
  deviation: [1, 1, 1],
};
const statistics = {
  pictures: 1,
  mean: [0.5, 0.5, 0.5],
  deviation: [0.3, 0.3, 0.3],
  eigenvalues: [0, 0, 0],
  eigenvectors: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
} as const;

/** Inputs of one batch of pictures that are all the same, so that only chance tells them apart. */
async function inputs(augmentation: BatchesOptions['augmentation']): Promise<string[]> {
  const data = Uint8Array.from({ length: 3 * size * size }, (_, i) => (i * 7) % 256);
  const picture = { width: size, height: size, data };
  const dataset = await picturesInMemory(
    Array.from({ length: 24 }, (_, i) => ({ picture, label: i % 2 ? 'a' : 'b' })),
  );
  const batches = await openBatches(dataset, {
    split: 'train',
    batch: 24,
    preprocessing,
    statistics,
    seed: 3,
    ...(augmentation && { augmentation }),
  });
  try {
    for await (const { images, size: count } of batches.epoch(0)) {
      const each = images.length / count;
      return Array.from({ length: count }, (_, i) =>
        images.subarray(i * each, (i + 1) * each).join(),
      );
    }
    return [];
  } finally {
    await batches.close();
  }
}

test('pictures of a chunk share one crop and one mirror image, chunks differ', async () => {
  const square = { crop: { from: 'square' }, mirror: 0.5 } as const;
  const found = await inputs({ ...square, chunk: 12 });
  assert.deepEqual(
    found.map((input) => [found[0], found[12]].indexOf(input)),
    found.map((_, i) => (i < 12 ? 0 : 1)),
  );
  assert.ok(new Set(await inputs(square)).size > 12);
});

test("the authors' colour noise divides the picture less its mean by 1.1", async () => {
  const square = { crop: { from: 'square' }, mirror: 0.5 } as const;
  const numbers = (texts: readonly string[]): number[] => texts.join().split(',').map(Number);
  const plain = numbers(await inputs(square));
  const divided = numbers(await inputs({ ...square, pca: { deviation: 0.1, scale: 'deviation' } }));
  assert.equal(divided.length, plain.length);
  for (const [i, value] of plain.entries())
    assert.ok(Math.abs(divided[i]! - value / 1.1) < 1e-4, `${divided[i]} is not ${value} / 1.1`);
});
