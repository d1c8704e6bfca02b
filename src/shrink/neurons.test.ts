import assert from 'node:assert/strict';
import { test } from 'node:test';
import { referenceEngine } from '../engine/reference/index.ts';
import { AlexNet } from '../inference/alexnet.ts';
import { checkModel } from '../model/model.ts';
import type { Model } from '../model/model.ts';
import { f32Weights, loadWeights, valuesOf } from '../model/weights.ts';
import { inferShapes } from '../network/shapes.ts';
import { testImages, testParameters } from '../testing/data.ts';
import { narrowVariants } from '../testing/networks.ts';
import { neuronLayers, neuronSamples, neuronsToKeep, withNeurons } from './neurons.ts';

const network = narrowVariants.paper;

/** Every second neuron of fc6 answers the same whatever it sees; fc7 reads it all the same. */
function model(): Model {
  const weights = new Map(testParameters(network, 1));
  const weight = weights.get('fc6.weight')!;
  const bias = weights.get('fc6.bias')!;
  const inputs = weight.length / bias.length;
  for (let o = 1; o < bias.length; o += 2) {
    weight.fill(0, o * inputs, (o + 1) * inputs);
    bias[o] = 40 + o;
  }
  return {
    network,
    weights: f32Weights(weights),
    labels: Array.from({ length: 7 }, (_, i) => ({ name: `class ${i}` })),
    preprocessing: {
      resize: { how: 'shorterSide', size: 70 },
      crop: 67,
      channels: 'RGB',
      scale: 1,
      mean: [0, 0, 0],
      deviation: [1, 1, 1],
    },
    provenance: {},
  };
}

async function answers(asked: Model, images: Float32Array): Promise<Float32Array> {
  const loaded = await AlexNet.of(asked, { engine: referenceEngine, batch: 4 });
  const found = await loaded.probabilities(images);
  await loaded.dispose();
  return found;
}

test('neurons that always answer the same go, and the answers stay', async () => {
  const before = model();
  const read = neuronLayers(network);
  assert.deepEqual(
    read.map(({ layer, next, read: from }) => [layer.name, next.name, from]),
    [
      ['fc6', 'fc7', 'drop6'],
      ['fc7', 'fc8', 'drop7'],
    ],
  );
  const session = await referenceEngine.prepare(network, {
    batch: 4,
    mode: 'inference',
    keep: read.map(({ read: from }) => from),
  });
  await loadWeights(session, before.weights);
  async function* batches(): AsyncGenerator<Float32Array> {
    for (const seed of [1, 2, 3]) yield testImages(network, 4, seed);
    await Promise.resolve();
  }
  const samples = await neuronSamples(session, batches());
  await session.dispose();
  const outputs = inferShapes(network).find(({ layer }) => layer.name === 'fc6')!.output[0];
  const kept = neuronsToKeep(before, samples, 1e-9);
  const own = kept.get('fc6')!;
  assert.ok(own.length <= outputs / 2 + 7, `${own.length} of ${outputs} stay`);
  const after = withNeurons(before, samples, new Map([['fc6', own]]));
  checkModel(after);
  assert.equal(valuesOf(after.weights, 'fc6.bias')!.length, own.length);
  const fresh = testImages(network, 4, 9);
  const [was, is] = [await answers(before, fresh), await answers(after, fresh)];
  for (const [i, value] of is.entries()) assert.ok(Math.abs(value - was[i]!) < 1e-5);
  // A bolder share takes more, of the other layer too.
  const bold = neuronsToKeep(before, samples, 0.5);
  assert.ok(bold.get('fc6')!.length < own.length && bold.has('fc7'));
});
