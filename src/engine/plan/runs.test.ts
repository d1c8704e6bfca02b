import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tanhNetwork, narrowVariants } from '../../testing/networks.ts';
import type { PrepareOptions } from '../engine.ts';
import { makePlan } from '../session.ts';
import type { Plan } from '../session.ts';
import { always } from './arena.ts';
import { gradientRuns, inPlace, rectifies, valueRuns } from './runs.ts';
import type { Run } from './runs.ts';

const network = narrowVariants.source;

test('valueRuns() joins what works in place, and lets a tensor go when it is read', () => {
  const plan = planOf({ mode: 'inference' });
  const told = named(plan, valueRuns(plan));
  assert.deepEqual(told.slice(0, 5), ['input', 'conv1', 'lrn1', 'pool1 relu1', 'conv2 relu2']);
  assert.deepEqual(told.slice(-3), ['fc7 relu7 drop7', 'fc8', 'softmax']);
  const lives = valueRuns(plan).map(({ life }) => life);
  assert.deepEqual(lives.slice(0, 2), [
    { from: -1, to: 1 },
    { from: 1, to: 2 },
  ]);
  // pool1 and relu1 are layers 3 and 4, conv2 is layer 5.
  assert.deepEqual(lives[3], { from: 3, to: 5 });
});

test('in training outputs stay, and what backward reads again is not overwritten', () => {
  const plan = planOf({ mode: 'training', keep: ['conv2'] });
  const told = named(plan, valueRuns(plan));
  assert.deepEqual(told.slice(3, 7), ['pool1', 'relu1', 'conv2', 'relu2']);
  assert.ok(valueRuns(plan).every(({ life }) => life === always));
  const bent = makePlan(tanhNetwork, { batch: 1, mode: 'training' });
  assert.deepEqual(named(bent, valueRuns(bent)).slice(2, 7), [
    'lrn1 tanh1',
    'pool1',
    'tanh2',
    'conv3 tanh3',
    'drop3',
  ]);
});

test('gradientRuns() live from the backward of the layer behind to that of their first', () => {
  const plan = planOf({ mode: 'training', keep: ['fc8'] });
  const all = gradientRuns(plan);
  const runOf = (name: string): Run =>
    all.find(({ layers }) => layers.some((i) => plan.shapes[i]!.layer.name === name))!;
  const index = (name: string): number => plan.shapes.findIndex(({ layer }) => layer.name === name);
  assert.deepEqual(named(plan, [runOf('relu7')]), ['fc7 relu7 drop7']);
  const end = 2 * plan.shapes.length;
  assert.deepEqual(runOf('relu7').life, { from: end - index('fc8'), to: end - index('fc7') });
  assert.equal(runOf('fc8').life, always);
  // What one layer reads backward must still be there when the next one is made.
  for (const [i, { life }] of all.entries())
    if (i > 0 && life !== always) assert.ok(life.to >= all[i - 1]!.life.from, `run ${i}`);
});

test('rectifies() joins a ReLU with the convolution or dense layer before it', () => {
  const plan = planOf({ mode: 'training', keep: ['conv2'] });
  const joined = plan.shapes.flatMap(({ layer }, index) =>
    rectifies(plan, index) ? [layer.name] : [],
  );
  const expected = ['conv3', 'relu3', 'conv4', 'relu4', 'fc6', 'relu6'];
  assert.deepEqual(joined, [...expected, 'fc7', 'relu7']);
  assert.equal(inPlace(plan, 1), false);
});

function planOf(options: Omit<PrepareOptions, 'batch'>): Plan {
  return makePlan(network, { batch: 1, ...options });
}

function named({ shapes }: Plan, runs: readonly Run[]): string[] {
  return runs.map(({ layers }) => layers.map((index) => shapes[index]!.layer.name).join(' '));
}
