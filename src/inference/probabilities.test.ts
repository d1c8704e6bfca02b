import assert from 'node:assert/strict';
import { test } from 'node:test';
import { averageCrops } from './probabilities.ts';

test("averageCrops() averages each picture's own crops", () => {
  const crops = Float32Array.of(0.5, 0.5, 1, 0, 0, 1, 0.25, 0.75);
  assert.deepEqual([...averageCrops(crops, 2, 2)], [0.75, 0.25, 0.125, 0.875]);
  assert.deepEqual([...averageCrops(crops, 4, 2)], [0.4375, 0.5625]);
  assert.deepEqual([...averageCrops(crops, 1, 2)], [...crops]);
});

test('averageCrops() rounds once, not at each crop', () => {
  const third = Math.fround(1 / 3);
  assert.equal(averageCrops(new Float32Array(10).fill(third), 10, 1)[0], third);
});
