import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pairedInterval, pairsNeeded, studentQuantile } from './statistics.ts';

test("studentQuantile() gives the numbers of Student's table", () => {
  const table: readonly (readonly [p: number, freedom: number, t: number])[] = [
    [0.975, 1, 12.7062],
    [0.975, 2, 4.3027],
    [0.975, 3, 3.1824],
    [0.975, 4, 2.7764],
    [0.975, 7, 2.3646],
    [0.975, 30, 2.0423],
    [0.95, 5, 2.015],
    [0.995, 10, 3.1693],
    [0.5, 6, 0],
    [0.025, 8, -2.306],
  ];
  for (const [p, freedom, t] of table)
    assert.ok(Math.abs(studentQuantile(p, freedom) - t) < 5e-5, `${p} with ${freedom}`);
});

test('pairedInterval() is the paired t interval: the sleep data of Student 1908', () => {
  const { count, mean, deviation, low, high } = pairedInterval([
    1.2, 2.4, 1.3, 1.3, 0, 1, 1.8, 0.8, 4.6, 1.4,
  ]);
  assert.equal(count, 10);
  assert.ok(Math.abs(mean - 1.58) < 1e-12);
  // As R's t.test(extra ~ group, paired = TRUE) answers.
  assert.ok(Math.abs(deviation! - 1.2299955) < 1e-6);
  assert.ok(Math.abs(low! - 0.7001142) < 1e-6);
  assert.ok(Math.abs(high! - 2.4598858) < 1e-6);
});

test('pairedInterval() of one pair has a mean and no interval', () => {
  assert.deepEqual(pairedInterval([0.5]), {
    count: 1,
    mean: 0.5,
    deviation: null,
    low: null,
    high: null,
  });
});

test('pairsNeeded() is the first number of pairs whose interval leaves nothing out', () => {
  const needed = pairsNeeded(1, 1)!;
  const half = (count: number): number => studentQuantile(0.975, count - 1) / Math.sqrt(count);
  assert.ok(half(needed) < 1 && half(needed - 1) >= 1);
  assert.equal(pairsNeeded(0.01, 1), undefined);
});
