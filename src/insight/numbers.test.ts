import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomNumbers } from '../testing/data.ts';
import { mapDifferences, weightStatistics } from './compare.ts';
import { mapStatistics } from './maps.ts';
import { confusedPairs, worstMistakes } from './mistakes.ts';
import { nearestNeighbours } from './neighbours.ts';
import { principalComponents } from './pca.ts';

test('mapStatistics() puts the strongest map first', () => {
  const found = mapStatistics(Float32Array.from([0, 0, 0, 1, 2, 0, 4, 2, -1, 0, 0, 9]), [3, 2, 2]);
  assert.deepEqual(found, [
    { channel: 1, mean: 2, largest: 4, least: 0, zeros: 0.25 },
    { channel: 2, mean: 2, largest: 9, least: -1, zeros: 0.5 },
    { channel: 0, mean: 0.25, largest: 1, least: 0, zeros: 0.75 },
  ]);
});

test('nearestNeighbours() by Euclidean distance and by angle', () => {
  const features = Float32Array.from([3, 4, 30, 40, 4, -3, 0, 0, 3, 4]);
  const query = Float32Array.from([3, 4]);
  assert.deepEqual(nearestNeighbours(query, features, 3), [
    { index: 0, distance: 0 },
    { index: 4, distance: 0 },
    { index: 3, distance: 5 },
  ]);
  assert.deepEqual(
    nearestNeighbours(query, features, 5, 'cosine').map(({ index, distance }) => [
      index,
      Math.round(distance * 1e6) / 1e6,
    ]),
    [
      [0, 0],
      [1, 0],
      [4, 0],
      [2, 1],
      [3, 1],
    ],
  );
  assert.throws(() => nearestNeighbours(query, features.subarray(1), 1), {
    message: 'Expected rows of 2 features, as many as the query has, but found 9 numbers.',
  });
});

test('principalComponents() finds directions and shares that were put in', async () => {
  const [count, dimensions] = [200, 12];
  const scores = randomNumbers(count * 3, 1, 1);
  const features = new Float32Array(count * dimensions);
  for (let n = 0; n < count; n++) {
    for (const [k, [dimension, strength]] of (
      [
        [3, 10],
        [7, 5],
        [9, 1],
      ] as const
    ).entries())
      features[n * dimensions + dimension] = 40 + strength * scores[n * 3 + k]!;
  }
  const found = await principalComponents(features, dimensions, 3);
  for (const [k, dimension] of [3, 7, 9].entries())
    assert.ok(found.directions[k * dimensions + dimension]! > 0.98, `component ${k}`);
  assert.ok(Math.abs(found.shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-6);
  assert.ok(found.shares[0]! > 0.7 && found.shares[0]! < 0.87);
  let mean = 0;
  let product = 0;
  for (let n = 0; n < count; n++) {
    mean += found.scores[n * 3]! / count;
    product += (found.scores[n * 3]! * found.scores[n * 3 + 1]!) / count;
  }
  assert.ok(
    Math.abs(mean) < 1e-4 && Math.abs(product) < 1e-2,
    'scores are centred and uncorrelated',
  );
});

test('principalComponents() of equal rows is zero; too many components are refused', async () => {
  assert.deepEqual(
    [...(await principalComponents(new Float32Array(20).fill(3), 4, 2)).scores],
    Array.from({ length: 10 }, () => 0),
  );
  await assert.rejects(principalComponents(new Float32Array(20), 4, 5), {
    message: 'Expected 1 to 4 components, no more than there are rows and features, but found 5.',
  });
});

test('weightStatistics() and mapDifferences()', () => {
  assert.deepEqual(weightStatistics('w', Float32Array.from([1, 3, 5, -1])), {
    name: 'w',
    numbers: 4,
    mean: 2,
    deviation: Math.sqrt(5),
    largest: 5,
    least: -1,
  });
  const a = Float32Array.from([1, 0, 2, 2]);
  const b = Float32Array.from([10, 0, 20, 0]);
  assert.deepEqual(mapDifferences(a, b, [2, 1, 2]), [
    { channel: 1, distance: 1 },
    { channel: 0, distance: 0 },
  ]);
});

test('worstMistakes() and confusedPairs()', () => {
  const probabilities = Float32Array.from([
    0.5, 0.25, 0.25, 0.75, 0.125, 0.125, 0.25, 0.5, 0.25, 0.625, 0.25, 0.125,
  ]);
  const mistakes = worstMistakes(probabilities, [0, 1, 0, 1]);
  assert.deepEqual(mistakes, [
    { index: 1, label: 1, predicted: 0, confidence: 0.75, probability: 0.125 },
    { index: 3, label: 1, predicted: 0, confidence: 0.625, probability: 0.25 },
    { index: 2, label: 0, predicted: 1, confidence: 0.5, probability: 0.25 },
  ]);
  assert.deepEqual(confusedPairs(mistakes), [
    { label: 1, predicted: 0, images: 2 },
    { label: 0, predicted: 1, images: 1 },
  ]);
});
