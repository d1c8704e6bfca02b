import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Engine } from '../engine/engine.ts';
import { referenceEngine } from '../engine/reference/index.ts';
import { wasmEngine } from '../engine/wasm/index.ts';
import type { Network } from '../network/layer.ts';
import { parseNetwork } from '../network/json.ts';
import { alexnet } from '../network/variants.ts';
import { relativeError, testImages, testParameters } from '../testing/data.ts';
import { occlusion } from './occlusion.ts';

/** One score: the sum of a 6×7 picture of one channel. */
const sum: Network = parseNetwork([
  { type: 'input', name: 'input', shape: [1, 6, 7] },
  {
    type: 'dense',
    name: 'fc',
    outputs: 1,
    parameters: {
      weight: { initial: { distribution: 'constant', value: 1 }, learningRate: 1, decay: 1 },
      bias: { initial: { distribution: 'constant', value: 0 }, learningRate: 1, decay: 1 },
    },
  },
  { type: 'softmax', name: 'softmax' },
]);

test('occlusion() drops by exactly what was covered, in any batch', async () => {
  const image = Float32Array.from({ length: 42 }, (_, i) => (i === 17 ? 100 : 1));
  for (const batch of [1, 5, 64]) {
    const session = await referenceEngine.prepare(sum, { batch, mode: 'inference', keep: ['fc'] });
    await session.setParameter('fc.weight', new Float32Array(42).fill(1));
    const { rows, columns, drops, uncovered, overInput } = await occlusion(
      session,
      image,
      { layer: 'fc', unit: 0 },
      { patch: 3, stride: 2 },
    );
    assert.deepEqual([rows, columns, uncovered], [3, 3, 141]);
    // Pixel 17 is row 2, column 3; the last squares hang over the lower border and cover 2 rows of
    // the map.
    assert.deepEqual([...drops], [9, 108, 9, 9, 108, 9, 6, 6, 6]);
    assert.equal(overInput[0], 9);
    assert.equal(overInput[17], 108);
    assert.equal(overInput[5 * 7 + 6], 6);
    const filled = await occlusion(
      session,
      image,
      { layer: 'fc', unit: 0 },
      { patch: 3, stride: 2, fill: [2] },
    );
    assert.equal(filled.drops[0], -9);
    await session.dispose();
  }
});

test('occlusion() refuses squares that do not fit', async () => {
  const session = await referenceEngine.prepare(sum, { batch: 1, mode: 'inference', keep: ['fc'] });
  const image = new Float32Array(42);
  const target = { layer: 'fc', unit: 0 };
  await assert.rejects(occlusion(session, image, target, { patch: 7, stride: 1 }), {
    message: "Expected patch to be a whole number from 1 to 6, the input's side, but found 7.",
  });
  await assert.rejects(occlusion(session, image, target, { patch: 3, stride: 4 }), {
    message:
      'Expected stride to be a whole number from 1 to the patch of 3, so that no pixel is ' +
      'left out, but found 4.',
  });
  await assert.rejects(
    occlusion(session, image, target, { patch: 3, stride: 1, fill: [0, 0, 0] }),
    { message: 'Expected fill to be 1 numbers, one a channel, but found 3.' },
  );
  await session.dispose();
});

test('occlusion() in windows says what whole passes say, for every kind of border', async () => {
  // [variant, input, patch, stride, stages computed in windows]
  const cases = [
    ['paper', 131, 16, 9, 2],
    ['torchvision', 127, 13, 11, 2],
    ['source', 160, 24, 17, 2],
    ['small', 64, 5, 5, 1],
    ['small', 33, 33, 1, 0],
  ] as const;
  for (const [variant, input, patch, stride, stages] of cases) {
    const network = alexnet(variant, { input, width: 1 / 16, classes: 5 });
    const session = await wasmEngine.prepare(network, {
      batch: 32,
      mode: 'inference',
      keep: ['fc8'],
    });
    for (const [name, values] of testParameters(network, 3))
      await session.setParameter(name, values);
    const image = testImages(network, 1, 4);
    const prepared: Network[] = [];
    const engine: Pick<Engine, 'prepare'> = {
      prepare(part, options) {
        prepared.push(part);
        return wasmEngine.prepare(part, options);
      },
    };
    const options = { patch, stride, fill: [40, -30, 20] };
    const target = { layer: 'fc8', unit: 2 };
    const whole = await occlusion(session, image, target, options);
    const seen: number[] = [];
    const windows = await occlusion(session, image, target, {
      ...options,
      parts: { engine },
      progress: (done) => seen.push(done),
    });
    assert.equal(
      prepared.length,
      stages === 0 ? 0 : stages + 2,
      `${variant} of ${input}: one part a stage, one for the uncovered maps, one for the rest`,
    );
    assert.ok(
      relativeError(windows.drops, whole.drops) < 1e-4,
      `${variant} of ${input}: off by ${relativeError(windows.drops, whole.drops)}`,
    );
    assert.ok(Math.abs(windows.uncovered - whole.uncovered) < 1e-4 * Math.abs(whole.uncovered));
    assert.deepEqual(
      [windows.rows, windows.columns, seen.at(-1)! >= whole.drops.length],
      [whole.rows, whole.columns, true],
    );
    await session.dispose();
  }
});
