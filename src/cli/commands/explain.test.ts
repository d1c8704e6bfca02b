import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { exportModel } from '../../model/node/export.ts';
import { importWeights } from '../../model/import.ts';
import type { TensorStatistics } from '../../model/statistics.ts';
import { f32Weights, valuesOf } from '../../model/weights.ts';
import { command } from '../../testing/cli.ts';
import { withFolder } from '../../testing/folders.ts';

const pth = new URL('../../../test/weights/torchvision.pth', import.meta.url).pathname;

test('alexnet explain MODEL says what is in it, dead kernels and NaN too', async () => {
  await withFolder(async (folder) => {
    const { model } = await importWeights(pth);
    const first = valuesOf(model.weights, 'conv1.weight')!.slice().fill(0, 0, 363);
    const bias = Float32Array.of(1, NaN, 3, -Infinity);
    const weights = new Map([
      ...model.weights,
      ...f32Weights([
        ['conv1.weight', first],
        ['conv1.bias', bias],
      ]),
    ]);
    const path = join(folder, 'broken.safetensors');
    await exportModel(path, { ...model, weights, provenance: { note: 'a\u001b[31mb' } });
    const { code, out } = await command(['explain', path, '--json']);
    assert.equal(code, 0);
    const answer = JSON.parse(out) as Record<string, unknown> & { tensors: TensorStatistics[] };
    assert.equal(answer['kind'], 'alexnet');
    assert.equal(answer['variant'], 'torchvision');
    assert.deepEqual(answer['preprocessing'], model.preprocessing);
    assert.deepEqual(answer['labels'], model.labels);
    assert.deepEqual(answer['network'], model.network);
    assert.deepEqual(answer['guesses'], []);
    assert.deepEqual(answer['warnings'], [
      'conv1.weight: 1 of 4 outputs have no weights.',
      'conv1.bias holds 2 numbers that are NaN or infinite.',
    ]);
    assert.deepEqual(answer.tensors[1], {
      name: 'conv1.bias',
      shape: [4],
      dtype: 'f32',
      bytes: 16,
      minimum: 1,
      maximum: 3,
      mean: 2,
      deviation: 1,
      zeros: 0,
      notFinite: 2,
      dead: 0,
    });
    assert.equal(answer.tensors[0]!.zeros, 363);
    const text = (await command(['explain', path])).out;
    assert.ok(text.includes('Warning: conv1.bias holds 2 numbers that are NaN or infinite.'));
    assert.ok(!text.includes('\u001b['));
    const refused = await command(['convert', path, join(folder, 'a.npz')]);
    assert.deepEqual(refused, {
      code: 1,
      out: '',
      err:
        `${path}: the weights "conv1.bias" hold 2 numbers of 4 that are NaN or infinite, so the ` +
        'network has no answers. See which ones with: alexnet explain MODEL\n',
    });
    const looked = await command(['inspect', 'kernels', path, '--json', '--allow-nan']);
    assert.equal(looked.code, 0, looked.err);
    assert.equal((await command(['inspect', 'kernels', path, '--json'])).code, 1);
    const half = join(folder, 'half.safetensors');
    await exportModel(half, { ...model, weights }, { precision: 'f16' });
    await assert.rejects(importWeights(half), /the weights "conv1\.bias" hold 2 numbers of 4 /);
  });
});

test("alexnet explain MODEL reads anyone's weights and says what is guessed", async () => {
  const { out } = await command(['explain', pth, '--json']);
  const answer = JSON.parse(out) as { kind: string; guesses: { about: string }[] };
  assert.equal(answer.kind, 'torch');
  assert.deepEqual(
    answer.guesses.map(({ about }) => about),
    ['preprocessing', 'labels'],
  );
  const { code, err } = await command(['explain', pth, '--classes', '3']);
  assert.equal(code, 2);
  assert.ok(
    err.startsWith('The model has a network, so --classes has no place beside it. Leave one of'),
  );
});
