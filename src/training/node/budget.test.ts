import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Playground, smallSettings } from '../../testing/training.ts';
import type { TrainPlan } from '../core/events.ts';
import type { TrainOptions, TrainResult } from './train.ts';

let playground: Playground;
before(async () => (playground = await Playground.open()));
after(() => playground.close());

const settings = {
  ...smallSettings,
  epochs: 20,
  learningRate: 0.01,
  schedule: { kind: 'cosine', floor: 0 },
};

/** A run by a clock that stands still but for 10 seconds a step; an epoch has 4. */
async function timed(
  out: string,
  seconds: number,
  more: Partial<TrainOptions> = {},
): Promise<{ result: TrainResult; rates: number[]; left: number[] }> {
  let now = 0;
  const rates: number[] = [];
  const left: number[] = [];
  const onEvent: TrainOptions['onEvent'] = (event) => {
    if (event.kind !== 'step') return;
    now += 10_000;
    rates.push(event.progress.learningRate);
    left.push(event.progress.epochs);
  };
  const result = await playground.train(out, {
    settings,
    seconds,
    clock: () => now,
    onEvent,
    ...more,
  });
  return { result, rates, left };
}

test('a time budget lowers the epochs, and the schedule ends with the last of them', async () => {
  const { result, rates, left } = await timed('fits', 130);
  assert.deepEqual(
    [result.finished, result.epochs, result.seconds],
    ['The time budget allowed 3 of 20 epochs.', 3, 120],
  );
  assert.deepEqual(left, [20, 20, 20, 20, 3, 3, 3, 3, 3, 3, 3, 3]);
  const expected = left.map(
    (epochs, step) => (0.01 * (1 + Math.cos((Math.PI * step) / 4 / epochs))) / 2,
  );
  rates.forEach((rate, step) =>
    assert.ok(
      Math.abs(rate - expected[step]!) < 1e-12,
      `step ${step}: ${rate}, not ${expected[step]}`,
    ),
  );
  assert.ok(rates.at(-1)! < 0.0002);
});

test('a time budget that ends within the first epoch still gives a model', async () => {
  const { result, rates } = await timed('short', 25);
  assert.deepEqual(
    [result.finished, result.epochs, rates.length],
    ['The time budget allowed 1 of 20 epochs.', 1, 3],
  );
  assert.equal((await playground.weights('short', 'model.safetensors')).size > 0, true);
});

test('a time budget holds when the run is resumed, with the time that was spent', async () => {
  const stop = new AbortController();
  let steps = 0;
  let now = 0;
  const onEvent: TrainOptions['onEvent'] = (event) => {
    if (event.kind !== 'step') return;
    now += 10_000;
    if (++steps === 6) stop.abort();
  };
  await assert.rejects(
    playground.train('resumed', {
      settings,
      seconds: 130,
      clock: () => now,
      onEvent,
      signal: stop.signal,
    }),
    /^AlexNetError: Interrupted at epoch 2 of 3, step 6;/,
  );
  now = 1e7;
  const result = await playground.train('resumed', { resume: true, clock: () => now, onEvent });
  assert.deepEqual(
    [result.finished, result.seconds, steps],
    ['The time budget allowed 3 of 20 epochs.', 120, 12],
  );
});

test('a time budget plans by the time of a step, and refuses when it is over before', async () => {
  let seconds = 0;
  let plan: TrainPlan | undefined;
  const stop = new AbortController();
  const onEvent: TrainOptions['onEvent'] = (event) => {
    if (event.kind === 'plan') plan = event.plan;
    stop.abort();
  };
  // Every look at the clock finds it a second later: a step takes one, an epoch of 4 with its
  // validation 4.9.
  await assert.rejects(
    playground.train('planned', {
      settings: { ...settings, epochs: 50 },
      seconds: 100,
      clock: () => 1000 * seconds++,
      signal: stop.signal,
      onEvent,
    }),
    /^AlexNetError: Interrupted/,
  );
  assert.ok(plan!.epochs >= 17 && plan!.epochs <= 20, `${plan!.epochs} epochs`);
  let looks = 0;
  await assert.rejects(
    playground.train('over', { settings, seconds: 60, clock: () => (looks++ === 0 ? 0 : 1e6) }),
    {
      message:
        'The time budget of 60 seconds was used up before the first step, by reading and ' +
        'measuring the pictures. Give more time.',
    },
  );
});
