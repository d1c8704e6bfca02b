import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { test } from 'node:test';
import { finishDataset } from '../../data/split.ts';
import { command } from '../../testing/cli.ts';
import { Playground, remarksInto, smallSettings } from '../../testing/training.ts';

test('classes too small to hold a picture out: nothing claims to be validated', async () => {
  const playground = await Playground.open(4);
  try {
    const remarks: string[] = [];
    const result = await playground.train('run', {
      settings: { ...smallSettings, epochs: 1, holdOut: 0.1 },
      onEvent: remarksInto(remarks),
    });
    assert.deepEqual(result.pictures, { train: 12, validation: 0, test: 0 });
    assert.deepEqual(remarks, [
      'There is no val folder, and no class has enough training pictures to hold out 0.1 of ' +
        'them: nothing is validated.',
    ]);
    const { out } = await command([
      'train',
      playground.data,
      '--out',
      playground.path('run'),
      '--resume',
    ]);
    assert.match(
      out,
      /^top-1 \d+\.\d % on the training pictures as they were seen, after epoch 1; nothing was held out, so nothing says how it does on others$/m,
    );
    assert.doesNotMatch(out, /validation/);
    assert.match(out, /^The epoch is done\.$/m);
  } finally {
    await playground.close();
  }
});

test('one class alone is refused, with why', async () => {
  const playground = await Playground.open(4);
  try {
    for (const name of ['dark', 'light'])
      await rm(playground.path('data', name), { recursive: true });
    await assert.rejects(playground.train('run'), {
      name: 'AlexNetError',
      message:
        'There is one class alone, "grey": a network learns to tell classes apart, and needs two ' +
        'at least. Expected a folder of pictures per class.',
    });
  } finally {
    await playground.close();
  }
});

test('classes that are too small to be validated are named', async () => {
  const classes = ['ants', 'bees', 'cows'];
  const counts = [10, 2, 3];
  const samples = counts.flatMap((count, label) =>
    Array.from({ length: count }, (_, i) => {
      const name = `${classes[label]}/${i}.png`;
      return { name, label, split: 'train' as const, source: { path: name } };
    }),
  );
  const found = { classes, samples, remarks: [], kind: 'memory', root: 'here' } as const;
  const { remarks } = await finishDataset(found, { holdOut: 0.1, seed: 1 });
  assert.deepEqual(remarks, [
    'There is no val folder: 1 of 15 training pictures are held out for validation (seed 1).',
    'Too small to hold a picture out of them, and so not validated: bees, cows.',
  ]);
});
