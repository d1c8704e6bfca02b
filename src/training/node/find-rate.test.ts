import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { Playground, smallSettings } from '../../testing/training.ts';
import { findLearningRate } from './find-rate.ts';
import type { FindRateOptions, FoundRate } from './find-rate.ts';

let playground: Playground;
before(async () => (playground = await Playground.open()));
after(() => playground.close());

function find(out: string, more: Partial<FindRateOptions> = {}): Promise<FoundRate> {
  return findLearningRate({
    data: playground.data,
    out: playground.path(out),
    engine: 'reference',
    settings: { ...smallSettings, clip: null, average: null },
    lowest: 1e-4,
    highest: 10,
    steps: 60,
    ...more,
  });
}

test('findLearningRate() suggests a rate, stops at divergence, keeps curve and table', async () => {
  const { learningRate, lowestLossAt, diverged, steps, run, table, page } = await find('found');
  assert.ok(diverged && steps.length < 60, `${steps.length} steps`);
  assert.ok(
    learningRate > 1e-4 && learningRate < lowestLossAt && lowestLossAt < steps.at(-1)!.rate,
    `${learningRate} and ${lowestLossAt} of ${steps.at(-1)!.rate}`,
  );
  assert.deepEqual((await readdir(run)).toSorted(), ['rates.csv', 'rates.html']);
  const rows = (await readFile(table, 'utf8')).trim().split('\n');
  assert.equal(rows[0], 'learning_rate,loss,smoothed_loss');
  assert.equal(rows.length, 1 + steps.length);
  assert.match(
    await readFile(page, 'utf8'),
    new RegExp(
      `The smoothed loss falls fastest at a rate of ${learningRate} and is lowest at ` +
        `${lowestLossAt}\\.`,
    ),
  );
});

test('findLearningRate() gives the same steps again, and a run starts beside it', async () => {
  const [one, two] = [await find('one'), await find('two')];
  assert.deepEqual(one.steps, two.steps);
  await playground.train('one', { settings: { ...smallSettings, epochs: 1 } });
  await playground.train('alone', { settings: { ...smallSettings, epochs: 1 } });
  assert.deepEqual(await playground.weights('one'), await playground.weights('alone'));
});

test('findLearningRate() says where no rate helps, refuses ranges and folders', async () => {
  await assert.rejects(find('flat', { lowest: 1e-12, highest: 1e-10, steps: 30 }), {
    name: 'AlexNetError',
    message:
      'The loss did not fall at any rate from 1e-12 to 1.0e-10: ' +
      `${playground.path('flat', 'rates.html')} shows it. Look at the data with \`alexnet ` +
      'data check`, or search with a larger batch.',
  });
  await assert.rejects(find('x', { lowest: 0 }), {
    message: 'Expected rates that grow from above 0 but found 0 to 10.',
  });
  await assert.rejects(find('x', { steps: 9 }), {
    message: 'Expected at least 30 steps to see a slope in but found 9.',
  });
  await assert.rejects(find('alone'), {
    message:
      `${playground.path('alone')} already holds a run. Go on with it by --resume, or ` +
      'choose another folder with --out.',
  });
  const stop = new AbortController();
  await assert.rejects(find('stopped', { signal: stop.signal, onEvent: () => stop.abort() }), {
    message: 'The search for the learning rate was interrupted: nothing was kept.',
  });
});
