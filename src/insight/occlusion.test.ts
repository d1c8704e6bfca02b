import assert from 'node:assert/strict';
import { test } from 'node:test';
import { referenceEngine } from '../engine/reference/index.ts';
import type { Network } from '../network/layer.ts';
import { parseNetwork } from '../network/json.ts';
import { occlusion } from './occlusion.ts';

/** One score: the sum of a 6×7 picture of one channel. */
const sum: Network = parseNetwork([
  { type: 'input', name: 'input', shape: [1, 6, 7] },
  { type: 'dense', name: 'fc', outputs: 1, parameters: { weight: { initial: { distribution: 'constant', value: 1 }, learningRate: 1, decay: 1 }, bias: { initial: { distribution: 'constant', value: 0 }, learningRate: 1, decay: 1 } } },
  { type: 'softmax', name: 'softmax' },
]);

test('occlusion() drops by exactly what was covered, in any batch', async () => {
  const image = Float32Array.from({ length: 42 }, (_, i) => (i === 17 ? 100 : 1));
  for (const batch of [1, 5, 64]) {
    const session = await referenceEngine.prepare(sum, { batch, mode: 'inference', keep: ['fc'] });
    await session.setParameter('fc.weight', new Float32Array(42).fill(1));
    const { rows, columns, drops, uncovered, overInput } = await occlusion(session, image, { layer: 'fc', unit: 0 }, { patch: 3, stride: 2 });
    assert.deepEqual([rows, columns, uncovered], [3, 3, 141]);
    // Pixel 17 is row 2, column 3; the last squares hang over the lower border and cover 2 rows of the map.
    assert.deepEqual([...drops], [9, 108, 9, 9, 108, 9, 6, 6, 6]);
    assert.equal(overInput[0], 9);
    assert.equal(overInput[17], 108);
    assert.equal(overInput[5 * 7 + 6], 6);
    const filled = await occlusion(session, image, { layer: 'fc', unit: 0 }, { patch: 3, stride: 2, fill: [2] });
    assert.equal(filled.drops[0], -9);
    await session.dispose();
  }
});

test('occlusion() refuses squares that do not fit', async () => {
  const session = await referenceEngine.prepare(sum, { batch: 1, mode: 'inference', keep: ['fc'] });
  const image = new Float32Array(42);
  const target = { layer: 'fc', unit: 0 };
  await assert.rejects(occlusion(session, image, target, { patch: 7, stride: 1 }), { message: "Expected patch to be a whole number from 1 to 6, the input's side, but found 7." });
  await assert.rejects(occlusion(session, image, target, { patch: 3, stride: 4 }), { message: 'Expected stride to be a whole number from 1 to the patch of 3, so that no pixel is left out, but found 4.' });
  await assert.rejects(occlusion(session, image, target, { patch: 3, stride: 1, fill: [0, 0, 0] }), { message: 'Expected fill to be 1 numbers, one a channel, but found 3.' });
  await session.dispose();
});
