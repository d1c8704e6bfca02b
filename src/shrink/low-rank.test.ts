import assert from 'node:assert/strict';
import { test } from 'node:test';
import { referenceEngine } from '../engine/reference/index.ts';
import type { Model } from '../model/model.ts';
import { checkModel } from '../model/model.ts';
import { loadWeights, f32Weights, valuesOf } from '../model/weights.ts';
import { parseNetwork } from '../network/json.ts';
import type { Network } from '../network/layer.ts';
import { randomNumbers } from '../testing/data.ts';
import { rules } from '../testing/networks.ts';
import { denseSamples, factorise, inLowRank, ranksFor, sampledLayers } from './low-rank.ts';

const [I, O, count] = [300, 256, 300];
const network: Network = parseNetwork([
  { type: 'input', name: 'input', shape: [3, 10, 10] },
  { type: 'dense', name: 'fc1', outputs: O, parameters: rules },
  { type: 'relu', name: 'relu1' },
  { type: 'dense', name: 'fc2', outputs: 4, parameters: rules },
  { type: 'softmax', name: 'softmax' },
]);

const model: Model = {
  network,
  weights: f32Weights([
    ['fc1.weight', randomNumbers(I * O, 0.1, 1)],
    ['fc1.bias', randomNumbers(O, 1, 2)],
    ['fc2.weight', randomNumbers(4 * O, 0.1, 3)],
    ['fc2.bias', randomNumbers(4, 1, 4)],
  ]),
  labels: ['a', 'b', 'c', 'd'].map((name) => ({ name })),
  preprocessing: {
    resize: { how: 'shorterSide', size: 10 },
    crop: 10,
    channels: 'RGB',
    scale: 1,
    mean: [0, 0, 0],
    deviation: [1, 1, 1],
  },
  provenance: {},
};

/** Activations in 12 directions alone, around a mean that is far from zero. */
function images(seed: number, rows: number): Float32Array {
  const directions = randomNumbers(12 * I, 1, 50);
  const along = randomNumbers(rows * 12, 1, seed);
  return Float32Array.from({ length: rows * I }, (_, at) => {
    const [n, i] = [Math.floor(at / I), at % I];
    let value = 5 + (i % 7);
    for (let k = 0; k < 12; k++) value += along[n * 12 + k]! * directions[k * I + i]!;
    return value;
  });
}

async function outputs(asked: Model, layer: string, given: Float32Array): Promise<Float32Array> {
  const session = await referenceEngine.prepare(asked.network, {
    batch: given.length / I,
    mode: 'inference',
    keep: [layer],
  });
  await loadWeights(session, asked.weights);
  await session.forward(given);
  const found = await session.activation(layer);
  await session.dispose();
  return found;
}

test('a dense layer of which pictures use few directions becomes two that give the same', async () => {
  const session = await referenceEngine.prepare(network, {
    batch: 100,
    mode: 'inference',
    keep: sampledLayers(network),
  });
  await loadWeights(session, model.weights);
  async function* batches(): AsyncGenerator<Float32Array> {
    for (let seed = 0; seed < count / 100; seed++) yield images(seed, 100);
    await Promise.resolve();
  }
  const samples = await denseSamples(session, batches());
  await session.dispose();
  assert.deepEqual([...samples.keys()], ['fc1']);
  const factors = await factorise(referenceEngine, model, 'fc1', samples.get('fc1')!);
  const ranks = ranksFor(model, [factors], 0.05);
  assert.deepEqual([...ranks], [['fc1', 16]]);
  const small = inLowRank(model, [factors], ranks);
  checkModel(small);
  assert.deepEqual(
    small.network.map(({ name }) => name),
    ['input', 'fc1-in', 'fc1', 'relu1', 'fc2', 'softmax'],
  );
  assert.equal(valuesOf(small.weights, 'fc1-in.weight')!.length, 16 * I);
  const fresh = images(77, 20);
  const [was, is] = [await outputs(model, 'fc1', fresh), await outputs(small, 'fc1', fresh)];
  const apart = is.reduce((sum, value, i) => sum + (value - was[i]!) ** 2, 0);
  const mean = was.reduce((sum, value) => sum + value / was.length, 0);
  const spread = was.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  assert.ok(apart < 0.002 * spread, `${apart / spread} of the variance is lost`);
  assert.equal(ranksFor(model, [factors], 1e-9).size, 0);
});
