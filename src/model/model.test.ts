import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { writeSafetensors } from '../formats/safetensors.ts';
import { initialValues, parametersOf } from '../network/parameters.ts';
import { alexnet } from '../network/variants.ts';
import { readModel, writeModel } from './node/model-file.ts';
import type { Model } from './model.ts';
import { eachValues, f32Weights, valuesOf } from './weights.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alexnet-model-'));
});
after(() => rm(folder, { recursive: true, force: true }));

function smallModel(): Model {
  const network = alexnet('small', { classes: 3, width: 0.1 });
  return {
    network,
    weights: f32Weights(
      parametersOf(network).map((parameter, index) => [
        parameter.name,
        initialValues(parameter, index, 7),
      ]),
    ),
    labels: [
      { name: 'cat' },
      { name: 'crane', wnid: 'n02012849' },
      { name: 'crane', wnid: 'n03126707' },
    ],
    preprocessing: {
      resize: { how: 'shorterSide', size: 36 },
      crop: 32,
      channels: 'RGB',
      scale: 1,
      mean: [120, 115, 100],
      deviation: [1, 1, 1],
    },
    provenance: { made: 'by hand', accuracy: { top1: 0.5 } },
  };
}

test('readModel() gives back what writeModel() wrote, one file alone', async () => {
  const path = join(folder, 'small.safetensors');
  const model = smallModel();
  await writeModel(path, model);
  assert.deepEqual(await readModel(path), model);
  assert.deepEqual(await readdir(folder), ['small.safetensors']);
});

test('whose pixels a model wants travels with it', async () => {
  const path = join(folder, 'makers.safetensors');
  const base = smallModel();
  const { resize } = base.preprocessing;
  const model: Model = {
    ...base,
    preprocessing: {
      ...base.preprocessing,
      resize: { ...resize, geometry: 'torchvision', kernel: 'pillow' },
      colourProfile: 'ignored',
      orientation: 'ignored',
      mean: { tensor: 'mean', at: 'crop' },
    },
    meanImage: new Float32Array(3 * 36 * 36),
  };
  await writeModel(path, model);
  assert.deepEqual(await readModel(path), model);
  await writeModel(path, {
    ...base,
    preprocessing: {
      ...base.preprocessing,
      resize: JSON.parse('{"how": "warp", "size": 36, "kernel": "lanczos"}') as typeof resize,
    },
  });
  await assert.rejects(readModel(path), {
    message:
      `${path}: the model file's preprocessing are not valid: ` +
      'expected its "resize.kernel" to be "pillow" or "opencv" but found "lanczos".',
  });
});

test('a mean image travels with the model', async () => {
  const path = join(folder, 'mean.safetensors');
  const base = smallModel();
  const model = {
    ...base,
    preprocessing: { ...base.preprocessing, mean: { tensor: 'mean' } },
    meanImage: Float32Array.from({ length: 3 * 36 * 36 }, (_, i) => i),
  };
  await writeModel(path, model);
  assert.deepEqual(await readModel(path), model);
  const { meanImage: _, ...without } = model;
  await assert.rejects(writeModel(path, without), {
    message: 'The preprocessing subtracts a mean image of 3×36×36, but the model has none.',
  });
});

test('writeModel() in f16 halves the file and keeps the values to 11 bits', async () => {
  const path = join(folder, 'half.safetensors');
  const model = smallModel();
  await writeModel(path, model, 'f16');
  const read = await readModel(path);
  for (const [name, values] of eachValues(model.weights)) {
    const found = valuesOf(read.weights, name)!;
    for (let i = 0; i < values.length; i++)
      assert.ok(
        Math.abs(found[i]! - values[i]!) <= Math.max(Math.abs(values[i]!) * 2 ** -11, 2 ** -25),
      );
  }
});

test('writeModel() refuses a model that contradicts itself, and keeps the old', async () => {
  const path = join(folder, 'kept.safetensors');
  await writeFile(path, 'old');
  const model = smallModel();
  const weights = new Map(model.weights);
  weights.set('conv1.weight', { dtype: 'f32', data: new Float32Array(3) });
  await assert.rejects(writeModel(path, { ...model, weights }), {
    message:
      `Expected ${model.weights.get('conv1.weight')!.data.length} numbers for the parameter ` +
      '"conv1.weight" but found 3.',
  });
  await assert.rejects(
    writeModel(path, {
      ...model,
      weights: new Map([
        ...model.weights,
        ['fc9.weight', { dtype: 'f32', data: new Float32Array(1) }],
      ]),
    }),
    { message: 'The network has no parameter "fc9.weight", but the weights do.' },
  );
  await assert.rejects(writeModel(path, { ...model, labels: [{ name: 'cat' }] }), {
    message: 'The network has 3 outputs but 1 labels.',
  });
  await assert.rejects(
    writeModel(path, { ...model, preprocessing: { ...model.preprocessing, crop: 31 } }),
    { message: "The preprocessing gives pictures of 3×31×31, but the network's input is 3×32×32." },
  );
  assert.equal(await readFile(path, 'utf8'), 'old');
});

test('readModel() says which file is wrong and what to do', async () => {
  const missing = join(folder, 'missing.safetensors');
  await assert.rejects(readModel(missing), {
    name: 'AlexNetError',
    message: `${missing} could not be opened: there is no such file or folder.`,
  });
  await assert.rejects(readModel(folder), {
    name: 'AlexNetError',
    message: `${folder} is not a file.`,
  });
  const bare = join(folder, 'bare.safetensors');
  await writeFile(
    bare,
    Buffer.concat([...writeSafetensors([{ name: 'a', shape: [1], data: new Float32Array(1) }])]),
  );
  await assert.rejects(readModel(bare), {
    message:
      `${bare}: these are weights without a network, not a model of ours. Turn them into one ` +
      'with: npx alexnet convert IN OUT.safetensors',
  });
  const other = join(folder, 'other.safetensors');
  await writeFile(
    other,
    Buffer.concat([
      ...writeSafetensors([], { metadata: { 'alexnet.network': '[]', 'alexnet.version': '9' } }),
    ]),
  );
  await assert.rejects(readModel(other), {
    message:
      `${other}: the model file has version 9; this alexnet reads version 1. Use the alexnet ` +
      'that wrote it, or a newer one.',
  });
});
