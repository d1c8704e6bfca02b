import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readOnnx } from '../../formats/onnx.ts';
import { bytesSource } from '../../formats/source.ts';
import { initialValues, parametersOf } from '../../network/parameters.ts';
import { alexnet } from '../../network/variants.ts';
import type { Variant } from '../../network/variants.ts';
import { inferShapes } from '../../network/shapes.ts';
import { variantNames } from '../chain.ts';
import { exportOnnx } from '../export-onnx.ts';
import { exportModel } from './export.ts';
import { importWeights } from '../import.ts';
import type { Model } from '../model.ts';
import { publishedPreprocessing } from '../published.ts';
import { eachValues, f32Weights, valuesOf } from '../weights.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alexnet-export-'));
});
after(() => rm(folder, { recursive: true, force: true }));

/** A narrow member of the family with values that no rounding leaves alone. */
function narrow(variant: Variant, input?: number): Model {
  const network = alexnet(variant, {
    width: 1 / 16,
    classes: 4,
    ...(input !== undefined && { input }),
  });
  const weights = new Map(
    parametersOf(network).map((parameter, index) => [
      parameter.name,
      initialValues(
        {
          ...parameter,
          rule: { ...parameter.rule, initial: { distribution: 'normal', standardDeviation: 0.1 } },
        },
        index,
        5,
      ),
    ]),
  );
  const preprocessing = publishedPreprocessing(variant, inferShapes(network)[0]!.output[1]);
  return {
    network,
    weights: f32Weights(weights),
    labels: ['a', 'b', 'crane', 'crane'].map((name) => ({ name })),
    preprocessing,
    provenance: { note: variant },
  };
}

/** Its channels are 0, 1 and 2. */
function withMeanImage(model: Model): Model {
  const { size } = model.preprocessing.resize;
  return {
    ...model,
    meanImage: Float32Array.from({ length: 3 * size ** 2 }, (_, i) => Math.floor(i / size ** 2)),
    preprocessing: { ...model.preprocessing, mean: { tensor: 'preprocessing.mean' } },
  };
}

for (const variant of variantNames) {
  for (const [ending, options] of [
    ['onnx', {}],
    ['onnx', { portable: true }],
    ['onnx', { withPreprocessing: true }],
    ['safetensors', {}],
  ] as const) {
    test(`${variant} → ${ending} ${JSON.stringify(options)} → ours is the same model`, async () => {
      const path = join(folder, `${variant}.${ending}`);
      const model = narrow(variant);
      await exportModel(path, model, options);
      const back = await importWeights(path);
      assert.deepEqual(back.model, model);
    });
  }

  for (const [ending, names] of [
    ['npz', 'ours'],
    ['safetensors', 'torchvision'],
  ] as const) {
    test(`${variant} → ${ending} with the names ${names} → ours is the same model`, async () => {
      const path = join(folder, `${variant}-weights.${ending}`);
      const model = narrow(variant);
      await exportModel(path, model, { names });
      const back = await importWeights(path);
      assert.deepEqual(back.model, model);
    });
  }
}

test('a network of its own sizes, with a mean image, comes back from .npz', async () => {
  const model = withMeanImage(narrow('single', 99));
  const path = join(folder, 'own.npz');
  await exportModel(path, model);
  assert.deepEqual((await importWeights(path)).model, model);
});

test("under torchvision's names a mean image becomes its mean colour", async () => {
  const model = withMeanImage(narrow('single', 99));
  const path = join(folder, 'own.safetensors');
  await exportModel(path, model, { names: 'torchvision' });
  const { meanImage: _, ...rest } = model;
  assert.deepEqual((await importWeights(path)).model, {
    ...rest,
    preprocessing: { ...model.preprocessing, mean: [0, 1, 2] },
  });
});

test('exportOnnx() writes LRN as LRN where that can say it, one per tower', async () => {
  const kinds = async (variant: Variant, portable: boolean): Promise<string[]> => {
    const { nodes } = await readOnnx(
      bytesSource(Buffer.concat([...exportOnnx(narrow(variant), { portable })])),
    );
    return nodes.map(({ type }) => type).filter((type) => type === 'LRN' || type === 'Pow');
  };
  assert.deepEqual(await kinds('caffe', false), ['LRN', 'LRN']);
  assert.deepEqual(await kinds('caffe', true), ['Pow', 'Pow']);
  assert.deepEqual(await kinds('paper', false), ['LRN', 'LRN', 'LRN', 'LRN']);
  assert.deepEqual(await kinds('paper', true), ['Pow', 'Pow']);
  assert.deepEqual(await kinds('source', false), ['LRN', 'LRN', 'LRN', 'LRN', 'Pow']);
});

test('f16 on the way out halves the numbers and comes back rounded once', async () => {
  const model = narrow('caffe');
  for (const ending of ['onnx', 'npz', 'safetensors']) {
    const path = join(folder, `half.${ending}`);
    await exportModel(path, model, { precision: 'f16' });
    const back = await importWeights(path, { variant: 'caffe' });
    for (const [name, values] of eachValues(model.weights)) {
      const found = valuesOf(back.model.weights, name)!;
      assert.ok(
        values.every(
          (value, i) =>
            Math.abs(found[i]! - value) <= Math.max(Math.abs(value) * 2 ** -11, 2 ** -25),
        ),
        `${ending} ${name}`,
      );
    }
  }
});

test('exportModel() refuses endings that say nothing', async () => {
  await assert.rejects(exportModel('model.h5', narrow('caffe')), {
    name: 'UsageError',
    message:
      'The ending of model.h5 should say what is written: .safetensors, .onnx, .npz. Found ".h5".',
  });
});
