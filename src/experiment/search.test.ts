import assert from 'node:assert/strict';
import { test } from 'node:test';
import { epochsOf, searchRate } from './search.ts';

/** Epochs by rate; what is slower than `most` is told as null. */
function trials(epochs: Readonly<Record<string, number>>) {
  const asked: number[] = [];
  const trial = async (rate: number, most = Infinity): Promise<number | null> => {
    asked.push(rate);
    const took = epochs[rate] ?? Infinity;
    return took <= most ? took : null;
  };
  return { asked, trial };
}

test('searchRate() takes the fastest, and asks no further where both neighbours are slower', async () => {
  const { asked, trial } = trials({ 1: 9, 2: 5, 4: 7 });
  assert.equal(await searchRate([4, 1, 2], trial), 2);
  assert.deepEqual(asked, [4, 1, 2]);
});

test('searchRate() goes on beyond an end that is the best so far', async () => {
  const up = trials({ 1: 9, 2: 8, 4: 6, 8: 4, 16: 5 });
  assert.equal(await searchRate([1, 2, 4], up.trial), 8);
  assert.deepEqual(up.asked, [1, 2, 4, 8, 16]);
  const down = trials({ 1: 4, 2: 5, 4: 6, 0.5: 3, 0.25: 7 });
  assert.equal(await searchRate([1, 2, 4], down.trial), 0.5);
  assert.deepEqual(down.asked, [1, 2, 4, 0.5, 0.25]);
});

test('searchRate() tells each trial what the best has needed', async () => {
  const bounds: (number | undefined)[] = [];
  await searchRate([1, 2, 4], async (rate, most) => {
    bounds.push(most);
    return { 1: 9, 2: 5 }[rate] ?? null;
  });
  assert.deepEqual(bounds, [undefined, 9, 5]);
});

test('searchRate() finds none where none gets there', async () => {
  assert.equal(await searchRate([1, 2], async () => null), undefined);
});

test('epochsOf() ranks what was not reached behind all that was, by how near it came', () => {
  const trial = { arm: 'A', learningRate: 1 };
  assert.equal(epochsOf({ ...trial, epochs: 3.5 }), 3.5);
  assert.equal(epochsOf({ ...trial, epochs: null, after: { epochs: 60, error: 0.25 } }), 60.25);
  assert.equal(epochsOf({ ...trial, epochs: null }), null);
});
