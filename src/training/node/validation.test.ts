import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { samplesOf } from '../../data/dataset.ts';
import { openDataset } from '../../data/node/open.ts';
import { Playground, smallSettings, writeGreys } from '../../testing/training.ts';
import { readRecord } from './folder.ts';
import { withValidation } from './validation.ts';

let playground: Playground;
before(async () => {
  playground = await Playground.open();
  await writeGreys(playground.path('other'), 5);
});
after(() => playground.close());

test('train() with --val trains on all pictures and validates on the others', async () => {
  const { run } = await playground.train('run', {
    validation: playground.path('other'),
    settings: { ...smallSettings, epochs: 1 },
  });
  const { data } = await readRecord(run);
  assert.deepEqual([data.train, data.validation, data.classes], [36, 15, 3]);
  // What it was validated on stands in its record: said again or not, but no other pictures.
  assert.equal(data.reading?.validation, playground.path('other'));
  await writeGreys(playground.path('another'), 4);
  await assert.rejects(
    playground.train('run', { resume: true, validation: playground.path('another') }),
    /^AlexNetError: The run was started on other data: /,
  );
  for (const again of [{}, { validation: playground.path('other') }])
    assert.equal((await playground.train('run', { resume: true, ...again })).epochs, 1);
});

test('withValidation() numbers labels by the training classes, and refuses others', async () => {
  await writeGreys(playground.path('fewer'), 2);
  await rename(playground.path('fewer', 'dark'), playground.path('dark'));
  const whole = await openDataset(playground.data);
  const both = withValidation(whole, await openDataset(playground.path('fewer')));
  assert.deepEqual(
    [...samplesOf(both, 'val')].map((i) => [
      both.samples[i]!.name,
      both.classes[both.samples[i]!.label],
    ]),
    [
      ['validation/grey/0.png', 'grey'],
      ['validation/grey/1.png', 'grey'],
      ['validation/light/0.png', 'light'],
      ['validation/light/1.png', 'light'],
    ],
  );
  assert.equal(samplesOf(both, 'train').length, 36);
  assert.notEqual(both.provenance.digest, whole.provenance.digest);
  await rename(playground.path('fewer', 'grey'), playground.path('fewer', 'gray'));
  const misnamed = await openDataset(playground.path('fewer'));
  assert.throws(() => withValidation(whole, misnamed), {
    name: 'UsageError',
    message:
      `The validation pictures in ${playground.path('fewer')} have a class "gray" that the ` +
      `training pictures in ${playground.data} have not.`,
  });
});
