import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Guard } from './guard.ts';

test('a guard lets a hard batch pass, but not five in a row, nor NaN', () => {
  const guard = new Guard(10);
  const limit = 10 * Math.log(10);
  assert.deepEqual(
    [limit + 1, limit + 1, limit + 1, limit + 1, limit - 1, limit + 1].map((loss) =>
      guard.exploded(loss),
    ),
    Array(6).fill(false),
  );
  assert.deepEqual(
    Array.from({ length: 4 }, () => guard.exploded(limit + 1)),
    [false, false, false, true],
  );
  guard.reset();
  assert.deepEqual(
    [limit + 1, NaN].map((loss) => guard.exploded(loss)),
    [false, true],
  );
});
