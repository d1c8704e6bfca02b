import assert from 'node:assert/strict';
import { test } from 'node:test';
import { predictionsFrom } from './predictions.ts';

const labels = [{ name: 'ant' }, { name: 'bee' }];

test('predictionsFrom() gives no probability that is no number', () => {
  assert.equal(predictionsFrom(Float32Array.of(0.25, 0.75), labels, 1)[0]!.name, 'bee');
  for (const wrong of [NaN, Infinity])
    for (const crops of [
      [0.5, wrong],
      [0.5, 0.5, wrong, 0.5],
    ])
      assert.throws(() => predictionsFrom(Float32Array.from(crops), labels, 2), {
        name: 'AlexNetError',
        message:
          'The network answers NaN instead of probabilities: its weights are not finite, or so ' +
          'large that they overflow. `alexnet explain MODEL` shows which.',
      });
});
