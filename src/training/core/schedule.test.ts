import assert from 'node:assert/strict';
import { test } from 'node:test';
import { learningRate, nextPlateau, noPlateau, plateauEnded } from './schedule.ts';

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
