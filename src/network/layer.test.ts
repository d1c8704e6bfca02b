import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dividedAlpha, undividedAlpha } from './layer.ts';

test('dividedAlpha() gives the α = 5e-4 that a dividing framework needs for the paper', () => {
  assert.equal(dividedAlpha({ across: 'channels', size: 5, alpha: 1e-4 }), 5e-4);
});

test('undividedAlpha() divides by the window: 5 channels, or 5×5 neighbours in a map', () => {
  assert.equal(undividedAlpha({ across: 'channels', size: 5 }, 1e-4), 2e-5);
  assert.equal(undividedAlpha({ across: 'map', size: 5 }, 0.001), 4e-5);
});

test('dividedAlpha() takes back what undividedAlpha() did', () => {
  for (const across of ['channels', 'map'] as const) {
    const alpha = undividedAlpha({ across, size: 3 }, 0.36);
    assert.ok(Math.abs(dividedAlpha({ across, size: 3, alpha }) - 0.36) < 1e-15);
  }
});
