import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labelRank } from '../engine/ranking.ts';
import { firstOf, ranking } from './ranking.ts';

const rows = [
  [0.1, 0.5, 0.1, 0.3],
  [0.25, 0.25, 0.25, 0.25],
  [0, 1, 1, 0],
  [NaN, 0.2, NaN, 0.8],
  [-0, 0, -1, -Infinity],
];

test('ranking() puts the larger first, equal ones by index, NaN last', () => {
  assert.deepEqual(
    rows.map((row) => ranking(row)),
    [
      [1, 3, 0, 2],
      [0, 1, 2, 3],
      [1, 2, 0, 3],
      [3, 1, 0, 2],
      [0, 1, 2, 3],
    ],
  );
  assert.deepEqual(ranking(Float32Array.of(1, 3, 2), 2), [1, 2]);
});

test('firstOf() and labelRank() keep the same order; a label of NaN is never a hit', () => {
  for (const row of rows) {
    const order = ranking(row);
    assert.equal(firstOf(row), order[0]);
    for (const [place, label] of order.entries()) {
      const expected = Number.isNaN(row[label]) ? Infinity : place;
      assert.equal(labelRank([9, ...row, 9], 1, row.length, label), expected);
    }
  }
});
