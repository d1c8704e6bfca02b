import assert from 'node:assert/strict';
import { test } from 'node:test';
import { referenceEngine } from '../engine/reference/index.ts';
import { AlexNet } from '../inference/alexnet.ts';
import { checkModel } from '../model/model.ts';
import type { Model } from '../model/model.ts';
import { f32Values, f32Weights } from '../model/weights.ts';
import { edgesOf } from '../network/quantisation.ts';
import { inferShapes } from '../network/shapes.ts';
import { randomNumbers, testImages, testParameters } from '../testing/data.ts';
import { narrowVariants } from '../testing/networks.ts';
import { Histogram } from './calibrate.ts';
import { calibrate, calibratedLayers, inInt8, int8Layers, weightsOf8Bits } from './int8.ts';
import type { Grids } from './int8.ts';
import { compared, mcnemar } from './mcnemar.ts';

const network = narrowVariants.paper;
const model: Model = {
  network,
  weights: f32Weights(testParameters(network, 1)),
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

test('a grid has the least squared error: a rare large number is cut off, many are not', () => {
  const many = randomNumbers(200_000, 1, 1).map(Math.abs);
  const rare = new Histogram();
  rare.add(many);
  rare.add(Float32Array.of(6));
  const { scale, zeroPoint } = rare.grid();
  assert.equal(zeroPoint, 0);
  assert.ok(scale * 255 < 5.7, `the grid ends at ${scale * 255}`);
  const often = new Histogram();
  often.add(many);
  often.add(new Float32Array(20_000).fill(8));
  assert.ok(often.grid().scale * 255 > 7.9);
  // The histogram's error is that of the numbers themselves.
  const grid = { scale: 0.02, zeroPoint: 0 };
  const exact = new Histogram();
  exact.add(many);
  const errors = many.map((x) => (x - Math.min(255, Math.round(x / 0.02)) * 0.02) ** 2);
  const mean = errors.reduce((sum, error) => sum + error, 0) / many.length;
  assert.ok(Math.abs(exact.error(grid) / mean - 1) < 0.01);
});

test('a grid of numbers of both signs has a place for zero, whatever order they come in', () => {
  const values = randomNumbers(5000, 3, 2);
  const once = new Histogram();
  once.add(values);
  const { scale, zeroPoint } = once.grid();
  assert.ok(zeroPoint > 90 && zeroPoint < 165);
  assert.ok(scale * 255 > 10 && scale * 255 < 25, `${scale * 255}`);
  const growing = new Histogram();
  for (const value of values.toSorted((a, b) => Math.abs(a) - Math.abs(b)))
    growing.add(Float32Array.of(value));
  assert.ok(Math.abs(growing.grid().scale / scale - 1) < 0.1);
  const empty = new Histogram();
  empty.add(Float32Array.of(NaN, Infinity));
  assert.deepEqual(empty.grid(), { scale: 1, zeroPoint: 0 });
});

test('weights of 8 bits have a scale for each output channel, and are as near as it lets them be', () => {
  const values = Float32Array.of(1, -0.5, 0.25, 0.1, 100, -50, 25, 10, 0, 0, 0, 0);
  const tensor = weightsOf8Bits(values, 3);
  assert.ok(tensor.dtype === 'i8' && tensor.scales.length === 3);
  assert.ok(Math.abs(tensor.scales[1]! / tensor.scales[0]! - 100) < 0.01);
  const held = f32Values(tensor);
  for (const [i, value] of values.entries())
    assert.ok(Math.abs(held[i]! - value) <= 0.51 * tensor.scales[Math.floor(i / 4)]!);
});

async function grids(): Promise<Grids> {
  const keep = calibratedLayers(network);
  const session = await referenceEngine.prepare(network, { batch: 2, mode: 'inference', keep });
  for (const [name, values] of testParameters(network, 1)) await session.setParameter(name, values);
  async function* batches(): AsyncGenerator<Float32Array> {
    for (const seed of [1, 2]) yield testImages(network, 2, seed);
    await Promise.resolve();
  }
  const found = await calibrate(session, batches());
  await session.dispose();
  return found;
}

test('a model in int8 answers nearly what it answered, whichever layers are changed', async () => {
  const images = testImages(network, 2, 9);
  const answers = async (asked: Model): Promise<Float32Array> => {
    const loaded = await AlexNet.of(asked, { engine: referenceEngine, batch: 2 });
    const found = await loaded.probabilities(images);
    await loaded.dispose();
    return found;
  };
  const before = await answers(model);
  const found = await grids();
  const all = int8Layers(network);
  assert.deepEqual(all, ['conv1', 'conv2', 'conv3', 'conv4', 'conv5', 'fc6', 'fc7', 'fc8']);
  for (const layers of [all, ['conv1'], ['fc6', 'fc8'], ['conv2', 'conv3']]) {
    const quantised = inInt8(model, found, layers);
    checkModel(quantised);
    assert.deepEqual(Object.keys(quantised.quantisation!), layers);
    const after = await answers(quantised);
    const apart = after.map((value, i) => Math.abs(value - before[i]!));
    const most = apart.reduce((a, b) => Math.max(a, b));
    assert.ok(most > 0 && most < 0.02, `${layers.join()}: off by ${most}`);
  }
});

test('what a ReLU gives to an LRN is held in 8 bits, and read by int8 layers as they say', async () => {
  const quantised = inInt8(model, await grids(), int8Layers(network));
  const edges = edgesOf(inferShapes(network), quantised.quantisation!);
  const floating = network.filter((_, i) => edges[i] === 'f32').map(({ name }) => name);
  assert.deepEqual(floating, ['fc8', 'softmax']);
});

test("McNemar's p is the binomial test of the pictures on which one model alone is right", () => {
  assert.equal(mcnemar(0, 0), 1);
  assert.equal(mcnemar(3, 3), 1);
  assert.ok(Math.abs(mcnemar(0, 5) - 2 / 32) < 1e-12);
  assert.ok(Math.abs(mcnemar(7, 2) - (2 * (1 + 9 + 36)) / 512) < 1e-12);
  assert.ok(mcnemar(900, 1100) < 1e-4 && mcnemar(900, 1100) > 1e-6);
  const verdict = (sample: number, answer: number) => ({ sample, label: 1, answer });
  const before = [verdict(0, 1), verdict(1, 1), verdict(2, 0), verdict(3, 0), verdict(4, 1)];
  const after = [verdict(0, 1), verdict(1, 2), verdict(2, 1), verdict(3, 2), verdict(9, 1)];
  assert.deepEqual(compared(before, after), { images: 4, changed: 3, lost: 1, won: 1, p: 1 });
});
