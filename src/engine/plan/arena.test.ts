import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Arena } from './arena.ts';
import type { Region } from './arena.ts';

/** Any whole numbers, the same every time. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test('layOut() never lets regions share bytes while both live, and shares where it can', () => {
  const next = numbers(1);
  for (let round = 0; round < 50; round++) {
    const arena = new Arena({ start: 1000, alignment: 8, slack: 3 });
    const regions = Array.from({ length: 40 }, (): Region => {
      const from = next(30);
      return next(5) === 0
        ? arena.region(next(5000))
        : arena.region(next(5000), { from, to: from + next(6) });
    });
    const end = arena.layOut();
    for (const [i, a] of regions.entries()) {
      assert.ok(a.at >= 1000 && a.at + a.bytes <= end && a.at % 8 === 0);
      for (const b of regions.slice(i + 1)) {
        const together = a.life.from <= b.life.to && b.life.from <= a.life.to;
        const apart = a.at + a.bytes <= b.at || b.at + b.bytes <= a.at;
        assert.ok(!together || apart, 'two regions that live at the same time overlap');
      }
    }
    const all = regions.reduce((sum, { bytes }) => sum + bytes, 0);
    assert.ok(end - 1000 < all, 'nothing was shared');
  }
});
