import assert from 'node:assert/strict';
import { copyFile, rename, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { after, before, test } from 'node:test';
import { importWeights } from '../../model/import.ts';
import { exportModel } from '../../model/node/export.ts';
import { valuesOf } from '../../model/weights.ts';
import { Playground, remarksInto, smallSettings, writeGreys } from '../../testing/training.ts';
import { readRecord } from './folder.ts';

const { variant: _, width: __, input: ___, ...others } = smallSettings;
/** One step an epoch, so that what it did can be told. */
const oneStep = {
  ...others,
  epochs: 1,
  batch: 27,
  clip: null,
  average: null,
  learningRate: 1e-3,
  schedule: { kind: 'constant' },
};

let playground: Playground;
let base = '';
before(async () => {
  playground = await Playground.open();
  base = (await playground.train('base', { settings: { ...smallSettings, average: null } })).model;
});
after(() => playground.close());

type Weights = ReadonlyMap<string, Float32Array>;

/** The largest change of a layer's weights. */
function change(name: string, one: Weights, two: Weights): number {
  return one
    .get(name)!
    .reduce((most, value, i) => Math.max(most, Math.abs(value - two.get(name)![i]!)), 0);
}

test('--from takes all layers that fit, and gives other classes a new last layer', async () => {
  const data = playground.path('others');
  await writeGreys(data);
  await rename(playground.path('others', 'grey'), playground.path('others', 'mittel'));
  const remarks: string[] = [];
  const { run } = await playground.train('others-run', {
    data,
    settings: {
      ...oneStep,
      from: base,
      freeze: ['conv1', 'conv2', 'conv3', 'conv4', 'conv5', 'fc6', 'fc7'],
    },
    onEvent: remarksInto(remarks),
  });
  const taken = ['conv1', 'conv2', 'conv3', 'conv4', 'conv5', 'fc6', 'fc7'];
  assert.deepEqual((await readRecord(run)).transfer, {
    taken,
    fresh: [{ layer: 'fc8', why: 'its classes are others' }],
  });
  assert.ok(
    remarks.includes(
      `Taken over from ${base}: ${taken.join(', ')}. Fresh: fc8 (its classes are others).`,
    ),
    remarks.join('\n'),
  );
  const [before, after] = [
    await playground.weights('base', 'model.safetensors'),
    await playground.weights('others-run'),
  ];
  for (const [name, values] of before)
    if (!name.startsWith('fc8')) assert.deepEqual(after.get(name), values, name);
  assert.ok(change('fc8.weight', before, after) > 0.01);
});

test('--from reads what predict reads, and says what had to be guessed', async () => {
  const freeze = ['conv1', 'conv2', 'conv3', 'conv4', 'conv5', 'fc6', 'fc7'];
  const npz = playground.path('base.npz');
  await exportModel(npz, (await importWeights(base)).model);
  const theirs = (name: string): string =>
    new URL(`../../../test/weights/${name}`, import.meta.url).pathname;
  for (const from of [npz, theirs('torchvision.pth'), theirs('torch-opset16.onnx')]) {
    const remarks: string[] = [];
    const run = `from-${basename(from)}`;
    const settings = { ...oneStep, from, freeze };
    await playground.train(run, { settings, onEvent: remarksInto(remarks) });
    const guesses = remarks.filter((text) => text.includes('does not say how its pictures are'));
    assert.equal(guesses.length, from === npz ? 0 : 1);
    const { model } = await importWeights(from);
    const after = await playground.weights(run);
    assert.deepEqual(after.get('fc7.weight'), valuesOf(model.weights, 'fc7.weight'));
  }
});

test('--from tells the size that does not fit; with the same classes it takes all', async () => {
  const data = playground.path('more');
  await writeGreys(data);
  await writeGreys(playground.path('more-source'));
  await rename(playground.path('more-source', 'light'), playground.path('more', 'white'));
  const settings = { ...oneStep, from: base };
  const more = await playground.train('more-run', { data, settings });
  assert.deepEqual((await readRecord(more.run)).transfer?.fresh, [
    { layer: 'fc8', why: 'its fc8.weight has 48 numbers, here 4×16 = 64 are needed' },
  ]);
  const same = await playground.train('same-run', { settings });
  assert.deepEqual((await readRecord(same.run)).transfer?.fresh, []);
});

test('--freeze leaves layers as they are, through resuming too, but never all', async () => {
  const from = playground.path('gone later.safetensors');
  await copyFile(base, from);
  const settings = { ...others, from, freeze: ['conv1', 'fc6'], oldRate: 1, epochs: 2 };
  const stop = new AbortController();
  await assert.rejects(
    playground.train('frozen', {
      settings,
      signal: stop.signal,
      onEvent: ({ kind }) => kind === 'epoch' && stop.abort(),
    }),
    /^AlexNetError: Interrupted/,
  );
  await rm(from);
  await playground.train('frozen', { resume: true });
  const [before, after] = [
    await playground.weights('base', 'model.safetensors'),
    await playground.weights('frozen'),
  ];
  for (const [name, values] of before) {
    if (/^(conv1|fc6)\./.test(name)) assert.deepEqual(after.get(name), values, name);
    else assert.ok(change(name, before, after) > 0, name);
  }
  await assert.rejects(
    playground.train('x', { settings: { ...settings, from: base, freeze: ['conv9'] } }),
    {
      name: 'UsageError',
      message:
        'There is no layer "conv9" to freeze. The layers with weights are: conv1, conv2, ' +
        'conv3, conv4, conv5, fc6, fc7, fc8.',
    },
  );
  await assert.rejects(
    playground.train('x', {
      settings: {
        ...settings,
        from: base,
        freeze: ['conv1', 'conv2', 'conv3', 'conv4', 'conv5', 'fc6', 'fc7', 'fc8'],
      },
    }),
    {
      name: 'UsageError',
      message:
        'All layers are frozen: there is nothing left to train. Leave at least the last one free.',
    },
  );
});

test('layers that were taken over learn at their own rate', async () => {
  const before = await playground.weights('base', 'model.safetensors');
  const changes: Record<string, [number, number]> = {};
  for (const oldRate of [0, 0.1, 1]) {
    await playground.train(`rate-${oldRate}`, { settings: { ...oneStep, from: base, oldRate } });
    const after = await playground.weights(`rate-${oldRate}`);
    changes[oldRate] = [change('conv2.weight', before, after), change('fc7.weight', before, after)];
  }
  assert.deepEqual(changes[0], [0, 0]);
  for (const layer of [0, 1])
    assert.ok(
      Math.abs(changes[0.1]![layer]! / changes[1]![layer]! - 0.1) < 0.002,
      JSON.stringify(changes),
    );
});

test('--from refuses a model of which nothing fits', async () => {
  await assert.rejects(
    playground.train('nothing', { settings: { ...smallSettings, width: 1 / 8, from: base } }),
    /^AlexNetError: No layer of the model fits this network: conv1: its conv1\.weight has \d+ numbers, here \d+×3×5×5 = \d+ are needed; .*\. Train with the variant that the model has, or without --from\.$/,
  );
});
