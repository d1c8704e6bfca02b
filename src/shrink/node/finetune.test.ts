import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openDataset } from '../../data/node/open.ts';
import { readModel } from '../../model/node/model-file.ts';
import { valuesOf } from '../../model/weights.ts';
import { Playground } from '../../testing/training.ts';
import { finetuned } from './finetune.ts';

let playground: Playground;
before(async () => {
  playground = await Playground.open();
});
after(() => playground.close());

test('finetuned() trains a model on, keeps its network and its preprocessing', async () => {
  const { model: path } = await playground.train('run');
  const model = await readModel(path);
  const told: string[] = [];
  const dataset = await openDataset(playground.data, { holdOut: 0.25, seed: 5 });
  const trained = await finetuned(model, {
    epochs: 1,
    dataset,
    engine: 'reference',
    threads: undefined,
    onEpoch: (text) => told.push(text),
  });
  assert.equal(told[0], 'fine-tunes: epoch 1 of 1, step 1 of 1');
  assert.deepEqual({ ...trained, weights: model.weights }, model);
  const [was, is] = [model, trained].map(({ weights }) => valuesOf(weights, 'fc8.weight')!);
  const apart = is!.map((value, i) => Math.abs(value - was![i]!)).reduce((a, b) => Math.max(a, b));
  assert.ok(apart > 0 && apart < 0.1, `weights moved by ${apart}`);
});
