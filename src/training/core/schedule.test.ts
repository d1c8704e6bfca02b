import assert from 'node:assert/strict';
import { test } from 'node:test';
import { biasRate, learningRate, nextPlateau, noPlateau, plateauEnded } from './schedule.ts';

const base = { learningRate: 0.1, warmup: 0 };

test('learningRate() of a cosine falls from the rate to its floor', () => {
  const settings = { ...base, schedule: { kind: 'cosine', floor: 0.1 } } as const;
  const at = (epoch: number): number =>
    learningRate(settings, { epoch, epochs: 10, plateau: noPlateau });
  assert.equal(at(0), 0.1);
  assert.ok(Math.abs(at(5) - 0.055) < 1e-12);
  assert.ok(Math.abs(at(10) - 0.01) < 1e-12);
});

test('learningRate() rises evenly over the warm-up', () => {
  const settings = { ...base, warmup: 2, schedule: { kind: 'constant' } } as const;
  const at = (epoch: number): number =>
    learningRate(settings, { epoch, epochs: 10, plateau: noPlateau });
  assert.deepEqual([at(0), at(0.5), at(1), at(2)], [0.001, 0.025, 0.05, 0.1]);
});

test('learningRate() of steps falls after every so many epochs', () => {
  const settings = { ...base, schedule: { kind: 'steps', every: 3, factor: 0.1 } } as const;
  assert.deepEqual(
    [0, 2.9, 3, 6].map((epoch) =>
      Number(learningRate(settings, { epoch, epochs: 9, plateau: noPlateau }).toPrecision(6)),
    ),
    [0.1, 0.1, 0.01, 0.001],
  );
});

test('a plateau lowers the rate after its patience, so often as it may, and then ends', () => {
  const schedule = { kind: 'plateau', factor: 0.1, patience: 2, drops: 1 } as const;
  let plateau = noPlateau;
  const seen = [0.5, 0.5, 0.5, 0.4, 0.4, 0.4].map((error) => {
    plateau = nextPlateau(schedule, plateau, error);
    return [plateau.drops, plateauEnded(schedule, plateau)];
  });
  assert.deepEqual(seen, [
    [0, false],
    [0, false],
    [1, false],
    [1, false],
    [1, false],
    [1, true],
  ]);
  assert.ok(
    Math.abs(learningRate({ ...base, schedule }, { epoch: 0, epochs: 9, plateau }) - 0.01) < 1e-12,
  );
});

test('learningRate() of drops is lowered after each of their epochs', () => {
  const schedule = { kind: 'drops', at: [25, 51, 79], factor: 0.1 } as const;
  const at = (epoch: number): number =>
    learningRate({ ...base, schedule }, { epoch, epochs: 91, plateau: noPlateau });
  assert.deepEqual(
    [0, 24.9, 25, 51, 79, 90].map((epoch) => Number(at(epoch).toPrecision(6))),
    [0.1, 0.1, 0.01, 0.001, 0.0001, 0.0001],
  );
});

test('exponential falls in equal steps, biases in their own', () => {
  const settings = {
    learningRate: 0.01,
    warmup: 0,
    schedule: { kind: 'exponential', steps: 4, divisor: 250 },
    biasSchedule: { kind: 'exponential', steps: 2, divisor: 10 },
  } as const;
  const at = (epoch: number): { weights: number; biases: number } => {
    const progress = { epoch, epochs: 100, plateau: noPlateau };
    const weights = learningRate(settings, progress);
    return { weights, biases: weights * biasRate(settings, progress) };
  };
  const third = 250 ** (1 / 3);
  for (const [epoch, weights, biases] of [
    [0, 0.01, 0.01],
    [24.99, 0.01, 0.01],
    [25, 0.01 / third, 0.01],
    [50, 0.01 / third ** 2, 0.001],
    [75, 0.01 / 250, 0.001],
    [100, 0.01 / 250, 0.001],
  ] as const) {
    const found = at(epoch);
    assert.ok(Math.abs(found.weights / weights - 1) < 1e-12, `${epoch}: ${found.weights}`);
    assert.ok(Math.abs(found.biases / biases - 1) < 1e-12, `${epoch}: ${found.biases}`);
  }
  const { biasSchedule: _, ...same } = settings;
  assert.equal(biasRate(same, { epoch: 60, epochs: 100, plateau: noPlateau }), 1);
});
