import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { referenceEngine } from '../engine/reference/index.ts';
import { loadPicture, preprocess } from '../images/preprocess.ts';
import { initialValues, parametersOf } from '../network/parameters.ts';
import { alexnet } from '../network/variants.ts';
import { withFolder } from '../testing/folders.ts';
import { AlexNet } from './alexnet.ts';
import { writeModel } from '../model/node/model-file.ts';
import type { Model } from '../model/model.ts';
import { f32Weights } from '../model/weights.ts';

const weights = (name: string): string =>
  fileURLToPath(new URL(`../../test/weights/${name}`, import.meta.url));
const photograph = weights('photograph.png');

function cranes(): Model {
  const network = alexnet('small', { classes: 6, width: 0.1 });
  const labels = [
    { name: 'ant' },
    { name: 'bee' },
    { name: 'crane', wnid: 'n02012849' },
    { name: 'crane', wnid: 'n03126707' },
    { name: 'eel' },
    { name: 'fox' },
  ];
  const rule = { distribution: 'normal', standardDeviation: 0.1 } as const;
  const values = f32Weights(
    parametersOf(network).map((parameter, i) => [
      parameter.name,
      initialValues({ ...parameter, rule: { ...parameter.rule, initial: rule } }, i, 3),
    ]),
  );
  return {
    network,
    labels,
    weights: values,
    preprocessing: {
      resize: { how: 'shorterSide', size: 36 },
      crop: 32,
      channels: 'RGB',
      scale: 1,
      mean: [120, 110, 60],
      deviation: [1, 1, 1],
    },
    provenance: {},
  };
}

test('AlexNet.load() takes a model of ours, and classify() gives labels in order', async () => {
  await withFolder(async (folder) => {
    const path = join(folder, 'cranes.safetensors');
    const model = cranes();
    await writeModel(path, model);
    const loaded = await AlexNet.load(path, { engine: 'reference' });
    const predictions = await loaded.classify(photograph);
    assert.equal(predictions.length, 5);
    const picture = await loadPicture(photograph, model.preprocessing);
    const probabilities = await loaded.probabilities(preprocess(picture, model.preprocessing));
    const order = [...probabilities.keys()].toSorted(
      (a, b) => probabilities[b]! - probabilities[a]!,
    );
    assert.deepEqual(
      predictions,
      order
        .slice(0, 5)
        .map((index) => ({ index, ...model.labels[index]!, probability: probabilities[index] })),
    );
    assert.deepEqual(
      (await loaded.classify(photograph, { top: 1 })).map(({ index }) => index),
      [order[0]],
    );
    assert.equal((await loaded.classify(photograph, { top: 99 })).length, 6);
    await loaded.dispose();
  });
});

test('classify() answers the same for a path, its bytes and its pixels', async () => {
  const model = cranes();
  const loaded = await AlexNet.of(model, { engine: referenceEngine, batch: 4 });
  const byPath = await loaded.classify(photograph);
  assert.deepEqual(await loaded.classify(await readFile(photograph)), byPath);
  const picture = await loadPicture(photograph, model.preprocessing);
  assert.deepEqual(await loaded.classify(picture), byPath);
  const ten = await loaded.probabilities(preprocess(picture, model.preprocessing, 10));
  const mean = Array.from({ length: 6 }, (_, label) =>
    Array.from({ length: 10 }, (__, crop) => ten[crop * 6 + label]! / 10).reduce(
      (sum, value) => sum + value,
      0,
    ),
  );
  for (const { index, probability } of await loaded.classify(photograph, { crops: 10, top: 6 }))
    assert.ok(Math.abs(probability - mean[index]!) < 1e-6);
  await loaded.dispose();
});

test('probabilities() takes any number of pictures, whatever the batch', async () => {
  const images = Float32Array.from({ length: 3 * 3072 }, (_, i) => ((i * 7919) % 251) - 125);
  const byBatch: number[][] = [];
  for (const batch of [1, 2, 5]) {
    const loaded = await AlexNet.of(cranes(), { engine: referenceEngine, batch });
    byBatch.push([...(await loaded.probabilities(images))]);
    await loaded.dispose();
  }
  assert.equal(byBatch[0]!.length, 18);
  assert.deepEqual(byBatch[1], byBatch[0]);
  assert.deepEqual(byBatch[2], byBatch[0]);
});

test('AlexNet refuses what it cannot do in words', async () => {
  const loaded = await AlexNet.of(cranes(), { engine: referenceEngine });
  await assert.rejects(loaded.classify(photograph, { top: 0 }), {
    name: 'AlexNetError',
    message: 'Expected top to be a whole number above zero but found 0.',
  });
  await assert.rejects(loaded.probabilities(new Float32Array(5)), {
    name: 'AlexNetError',
    message: 'Expected whole pictures of 3×32×32 = 3072 numbers but found 5 numbers.',
  });
  await assert.rejects(loaded.classify(weights('caffe.prototxt')), { name: 'UnreadablePicture' });
  await loaded.dispose();
  await withFolder(async (folder) => {
    const path = join(folder, 'text');
    await writeFile(path, 'hello');
    await assert.rejects(AlexNet.load(path, { engine: 'reference' }), {
      name: 'AlexNetError',
      message:
        `${path}: its content is of no known kind. Weights are read from PyTorch (.pth, .pt), ` +
        'safetensors, ONNX, Caffe (.caffemodel), NumPy (.npz, .npy).',
    });
    await assert.rejects(
      AlexNet.load(path, { engine: 'cuda' }),
      /^UsageError: There is no engine "cuda"\./,
    );
  });
  const { labels, ...rest } = cranes();
  await assert.rejects(AlexNet.of({ ...rest, labels: labels.slice(1) }), {
    name: 'AlexNetError',
    message: 'The network has 6 outputs but 5 labels.',
  });
});

test('classify() refuses what is no picture, and crops but one and ten', async () => {
  const alexnetOf = await AlexNet.of(cranes(), { engine: referenceEngine });
  for (const [input, found] of [
    [5, 'number'],
    [null, 'null'],
    [undefined, 'undefined'],
    [{}, 'object'],
  ] as const)
    await assert.rejects(alexnetOf.classify(input as string), {
      name: 'AlexNetError',
      message:
        "Expected a picture: a file's path, a File or Blob, the bytes of an encoded picture, or " +
        `{width, height, data}, but found ${found}.`,
    });
  for (const crops of [5, '10', 0])
    await assert.rejects(alexnetOf.classify(photograph, { crops: crops as 1 }), {
      name: 'AlexNetError',
      message: `Expected crops to be 1 or 10 but found ${JSON.stringify(crops)}.`,
    });
  await alexnetOf.dispose();
});
