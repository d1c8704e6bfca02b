import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alexnet } from '../../network/variants.ts';
import { cacheLimit, checkMemory, memoryNeeded } from './memory.ts';

const network = alexnet('paper', { classes: 10 });
const need = { micro: 128, batch: 128, averaged: false };

test('checkMemory() lets pass what fits, to the byte', () => {
  const needed = memoryNeeded(network, need);
  assert.equal(checkMemory(network, need, needed), needed);
  assert.throws(() => checkMemory(network, need, needed - 1), { name: 'AlexNetError' });
});

test('checkMemory() refuses with the micro-batch or batch that fits', () => {
  const refuses = (available: number, message: string): void =>
    assert.throws(() => checkMemory(network, need, available), { message });
  refuses(
    2e9,
    'Training with 128 pictures at once needs about 2.74 GB of memory, and 2.00 GB are ' +
      'free. It fits with microBatch 32, which gives the same steps in pieces ' +
      '(--micro-batch 32), or with --batch 32.',
  );
  refuses(
    1.4e9,
    'Training with 128 pictures at once needs about 2.74 GB of memory, and 1.40 GB are ' +
      'free. It fits with --batch 8.',
  );
  refuses(
    5e8,
    'Training with 128 pictures at once needs about 2.74 GB of memory, and 0.50 GB are ' +
      'free. Even one picture at a time is too much here: choose a smaller variant or ' +
      'width, or a machine with more memory.',
  );
  const needed = (micro: number, batch: number): number =>
    memoryNeeded(network, { ...need, micro, batch });
  assert.ok(needed(32, 128) <= 2e9 && needed(64, 128) > 2e9);
  assert.ok(needed(8, 8) <= 1.4e9 && needed(16, 16) > 1.4e9 && needed(1, 128) > 1.4e9);
});

test('a moving average needs the weights once more', () => {
  assert.equal(
    memoryNeeded(network, { ...need, averaged: true }) - memoryNeeded(network, need),
    4 * 56_909_194,
  );
});

test('decoded pictures get a quarter of the memory, or half of what training leaves free', () => {
  assert.deepEqual(
    [12e9, 5e9, 1e9].map((available) => cacheLimit(2e9, { available, total: 16e9 })),
    [4e9, 1.5e9, 0],
  );
});
