import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alexnet } from '../network/variants.ts';
import { benchmark, flops, median } from './bench.ts';
import { referenceEngine } from './reference/index.ts';

test('flops() counts 2 per multiply-add; training has no gradient of the images', () => {
  const network = alexnet('paper');
  assert.equal(flops(network, 'infer'), 2 * 724_406_816);
  assert.equal(flops(network, 'train'), 2 * (3 * 724_406_816 - 105_415_200));
});

test('median() is the middle one, or the mean of the middle two', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([10, 9, 1, 5]), 7);
});

test('benchmark() times the steps it is asked for, after a warm-up, then disposes', async () => {
  let disposed = 0;
  let calls = 0;
  const steps: number[] = [];
  const network = alexnet('small', { width: 1 / 16, classes: 7 });
  const watched = {
    ...referenceEngine,
    prepare: async (
      ...args: Parameters<typeof referenceEngine.prepare>
    ): ReturnType<typeof referenceEngine.prepare> => {
      const session = await referenceEngine.prepare(...args);
      return new Proxy(session, {
        get: (target, key) => {
          if (key === 'step') calls++;
          if (key === 'dispose') disposed++;
          const value: unknown = Reflect.get(target, key, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    },
  };
  const result = await benchmark(watched, network, {
    mode: 'train',
    batch: 2,
    steps: 3,
    precision: 'f32',
    seed: 1,
    onStep: (step) => steps.push(step),
  });
  assert.deepEqual(steps, [1, 2, 3]);
  assert.equal(calls, 5);
  assert.equal(disposed, 1);
  assert.equal(result.flopsPerImage, flops(network, 'train'));
  assert.ok(
    result.milliseconds > 0 &&
      Math.abs(result.imagesPerSecond - 2000 / result.milliseconds) < 1e-9 * result.imagesPerSecond,
  );
});
