import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as door from '../../browser.ts';
import { referenceEngine } from '../../engine/reference/index.ts';
import { madeUpTraining } from '../../testing/made-up.ts';
import type { TrainEvent } from './events.ts';
import { trainNetwork } from './train.ts';

test('where a time budget changes the epochs, that is said', async () => {
  let now = 0;
  const events: TrainEvent[] = [];
  const { epochs } = await trainNetwork({
    ...madeUpTraining(door, referenceEngine, { epochs: 20 }),
    seconds: 20,
    clock: () => now,
    onEvent: (event) => {
      events.push(event);
      // An epoch has two steps.
      if (event.kind === 'step') now += 1000 * (event.progress.epoch === 1 ? 1 : 3);
    },
  });
  const remarks = events.flatMap((event) => (event.kind === 'remark' ? [event.text] : []));
  assert.equal(remarks[0], 'The time allows 9 epochs now; 20 were planned.');
  assert.match(remarks[1]!, /^The time allows \d epochs now; 9 were planned\.$/);
  const estimated = events.flatMap((event) => {
    if (event.kind === 'plan') return [event.plan.estimated];
    if (event.kind === 'step') return [event.progress.estimated];
    return event.kind === 'epoch' && event.entry.epoch < epochs ? [event.estimated] : [];
  });
  assert.ok(estimated.length > 5 && estimated.every(Boolean));
});

test('validation without a picture is none', async () => {
  const options = madeUpTraining(door, referenceEngine, { epochs: 1 });
  const nothing = { length: 0, samples: 0, epoch: async function* () {} };
  const { record, validation, best, pictures } = await trainNetwork({
    ...options,
    validation: nothing,
  });
  assert.deepEqual([record.data.validation, validation, best.epoch], [0, null, 1]);
  assert.deepEqual(pictures, { train: 18, validation: 0, test: 0 });
});

test('fine-tuning that diverges at once names the rates to lower', async () => {
  const { model } = await trainNetwork(madeUpTraining(door, referenceEngine, { epochs: 1 }));
  const options = madeUpTraining(door, referenceEngine, {
    from: 'models/mine.safetensors',
    learningRate: 1e30,
    clip: null,
    average: null,
  });
  const { settings, classes } = options.blueprint;
  const blueprint = door.blueprintOf({ settings, classes, pictures: 18, model });
  const texts: string[] = [];
  const names: string[] = [];
  const advice =
    ' Fine-tuning diverged at once: the rate is too high for what was learned in ' +
    'models/mine.safetensors. Lower --lr (now 1e+30) for all layers, or --old-rate (now 0.1), ' +
    'the factor on it for the layers that were taken over.';
  await assert.rejects(
    trainNetwork({
      ...options,
      blueprint,
      onEvent: (event) => {
        if (event.kind === 'remark') texts.push(event.text);
        if (event.kind === 'plan') names.push(event.plan.variant);
      },
    }),
    (error: Error) => error.message.endsWith(advice),
  );
  const back = texts.filter((text) => text.startsWith('At step'));
  assert.deepEqual(
    back.map((text) => text.endsWith(advice)),
    [true, false, false],
  );
  assert.deepEqual(names, ['small']);
});
