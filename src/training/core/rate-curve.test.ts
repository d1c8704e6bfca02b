import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomNumbers } from '../../testing/data.ts';
import { Divergence, growingRates, smoothed, steepestDescent } from './rate-curve.ts';
import type { RateStep } from './rate-curve.ts';

/** Flat at 2, falls about a rate of 1e-3, rises again beyond 0.1. */
function curve(noise: number): RateStep[] {
  const grain = randomNumbers(100, noise, 4);
  return growingRates(1e-5, 1, 100).map((rate, i) => {
    const x = Math.log10(rate);
    return {
      rate,
      loss: 2 - 1 / (1 + Math.exp(-6 * (x + 3))) + Math.max(0, x + 1) ** 2 * 9 + grain[i]!,
    };
  });
}

test('growingRates() multiplies from the lowest to the highest', () => {
  assert.deepEqual(
    growingRates(1e-3, 10, 5).map((rate) => Number(rate.toPrecision(12))),
    [1e-3, 0.01, 0.1, 1, 10],
  );
});

test('smoothed() finds value and slope of a straight line exactly, up to both ends', () => {
  const line = growingRates(1, 2, 40).map((rate, i) => ({ rate, loss: 3 - 0.25 * i }));
  smoothed(line).forEach(({ loss, slope }, i) => {
    assert.ok(Math.abs(loss - (3 - 0.25 * i)) < 1e-12);
    assert.ok(Math.abs(slope - (i === 0 || i === 39 ? 0 : -0.25)) < 1e-12);
  });
});

test('steepestDescent() finds the fastest fall and the lowest loss, noise or not', () => {
  for (const noise of [0, 0.05]) {
    const { fastest, lowest } = steepestDescent(curve(noise))!;
    assert.ok(fastest > 5e-4 && fastest < 2e-3, `fastest at ${fastest} with noise ${noise}`);
    assert.ok(lowest > 5e-3 && lowest < 0.2, `lowest at ${lowest} with noise ${noise}`);
  }
});

test('steepestDescent() suggests nothing where no loss falls or steps are too few', () => {
  const flat = growingRates(1e-5, 1, 60).map((rate, i) => ({ rate, loss: 2 + 0.001 * (i % 7) }));
  assert.equal(steepestDescent(flat), undefined);
  assert.equal(steepestDescent(flat.map(({ rate }, i) => ({ rate, loss: 2 + i }))), undefined);
  assert.equal(steepestDescent(curve(0).slice(0, 12)), undefined);
  assert.equal(steepestDescent([]), undefined);
});

test('a loss that is not finite or a risen running mean is a divergence, one batch is not', () => {
  const after = (losses: readonly number[]): number => {
    const divergence = new Divergence();
    return losses.findIndex((loss) => divergence.happened(loss));
  };
  assert.equal(after([2, 2, NaN]), 2);
  assert.equal(after([2, 2, Infinity]), 2);
  assert.equal(after([...Array<number>(30).fill(1), 9, ...Array<number>(30).fill(1)]), -1);
  assert.equal(after([...Array<number>(30).fill(1), ...Array<number>(9).fill(9)]), 34);
});
