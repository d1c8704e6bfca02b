import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fillInPortions } from './portions.ts';

test('fillInPortions() fills all in pieces, and yields to others between them', async () => {
  const out = new Float32Array(1_000_001);
  const seen: number[] = [];
  let rounds = 0;
  let next = setImmediate(function again() {
    rounds++;
    next = setImmediate(again);
  });
  await fillInPortions(out, (piece, first) => {
    assert.ok(piece.length <= 1 << 13 && first % 2 === 0);
    seen.push(rounds);
    piece.forEach((_, i) => (piece[i] = (first + i) % 1000));
  });
  clearImmediate(next);
  assert.ok(out.every((value, i) => value === i % 1000));
  assert.ok(
    new Set(seen).size > 10,
    `of ${seen.length} pieces, only ${new Set(seen).size} had a round of the loop before them`,
  );
});
