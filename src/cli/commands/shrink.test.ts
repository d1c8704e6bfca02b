import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { readModel } from '../../model/node/model-file.ts';
import type { ShrinkResult } from '../../shrink/result.ts';
import { assertAnswer } from '../../testing/answers.ts';
import { command } from '../../testing/cli.ts';
import { Playground } from '../../testing/training.ts';

let playground: Playground;
let model: string;

before(async () => {
  playground = await Playground.open();
  await playground.train('run');
  model = playground.path('run', 'model.safetensors');
});
after(() => playground.close());

const common = ['--engine', 'reference'];

test('alexnet shrink writes a model in int8, and says what it cost', async () => {
  const out = playground.path('small.safetensors');
  const page = playground.path('small.html');
  const files = ['--out', out, '--page', page];
  const words = ['shrink', model, playground.data, ...common, ...files, '--max-drop', '99%'];
  const { code, out: text, err } = await command([...words, '--json']);
  assert.equal(code, 0, err);
  const result = JSON.parse(text) as ShrinkResult;
  assertAnswer('shrink', result);
  assert.equal(result.from, model);
  assert.equal(result.to, out);
  assert.deepEqual(result.methods, ['int8']);
  const { before: was, after: is, layers } = result;
  assert.deepEqual(Object.keys(is.milliseconds), ['1', '32']);
  assert.equal(was.bytes, (await stat(model)).size);
  assert.equal(is.bytes, (await stat(out)).size);
  assert.ok(layers.every(({ became, sensitivity }) => became === 'int8' && sensitivity! < 0.2));
  assert.deepEqual(
    [result.pictures.split, result.pictures.images, result.changed.images],
    ['val', 9, 9],
  );
  const shrunk = await readModel(out);
  assert.deepEqual(
    Object.keys(shrunk.quantisation!),
    layers.map(({ name }) => name),
  );
  assert.ok((await stat(page)).size > 2000);
  const predicted = await command(['predict', out, `${playground.data}/dark/0.png`, '--json']);
  assert.equal(predicted.code, 0, predicted.err);
  const evaluated = await command(['evaluate', out, playground.data, ...common, '--json']);
  assert.equal(evaluated.code, 0, evaluated.err);
  const again = await command(['shrink', out, playground.data, ...common]);
  assert.equal(
    again.err,
    'The model is quantised already (its layer "conv1" is computed in int8). Shrink the model that ' +
      'it was made from.\n',
  );
  const trained = await command([
    'train',
    playground.data,
    '--from',
    out,
    '--epochs',
    '1',
    ...common,
  ]);
  assert.match(trained.err, /The model is quantised \(its layer "conv1" is computed in int8\)/);
  assert.equal(trained.code, 1);
});

test('alexnet shrink in f16 halves the file and changes no layer', async () => {
  const out = playground.path('halves.safetensors');
  const words = ['shrink', model, playground.data, ...common, '--out', out, '--methods', 'f16'];
  const { code, out: text, err } = await command([...words, '--json']);
  assert.equal(code, 0, err);
  const { layers, before: was, after: is } = JSON.parse(text) as ShrinkResult;
  assert.ok(layers.every(({ became, sensitivity }) => became === 'f16' && sensitivity === null));
  assert.ok(is.bytes < 0.7 * was.bytes, `${was.bytes} became ${is.bytes}`);
});

test('alexnet shrink refuses what it cannot read in words', async () => {
  const both = ['shrink', model, 'x', '--methods', 'int8', '--target', 'size'];
  for (const [words, message] of [
    [['shrink', model, 'x', '--methods', 'int9'], /There is no method "int9"\. .*mean "int8"\?/s],
    [['shrink', model, 'x', '--max-drop', 'much'], /Expected a share of the pictures, like 1%/],
    [
      ['shrink', model, playground.data, '--methods', 'int8', '--finetune', '1', ...common],
      /Fine-tuning mends a network that was changed, but of the methods int8 none changes it\./,
    ],
    [both, /--target chooses the methods, and --methods names them: give one of the two\./],
  ] as const) {
    const { code, err } = await command(words);
    assert.match(err, message);
    assert.ok(code === 2 || words.includes('--finetune'));
  }
});
