import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../errors.ts';
import { resolveSettings } from './resolve.ts';

test("a recipe's size of input belongs to its own network; other networks keep theirs", () => {
  assert.equal(resolveSettings('photos').input, 99);
  assert.equal(resolveSettings('photos', { variant: 'paper' }).input, 99);
  assert.equal(resolveSettings('photos', { variant: 'torchvision' }).input, null);
  assert.equal(resolveSettings('photos', { variant: 'torchvision', input: 131 }).input, 131);
  assert.equal(resolveSettings('photos', { from: 'model.safetensors' }).input, null);
});

test('an override inside an object leaves its neighbours, one of another kind replaces it', () => {
  const { augmentation, schedule } = resolveSettings('photos', {
    augmentation: { mirror: 0 },
    schedule: { kind: 'steps', every: 3, factor: 0.5 },
  });
  assert.deepEqual([augmentation.mirror, augmentation.crop.from], [0, 'resized']);
  assert.deepEqual(schedule, { kind: 'steps', every: 3, factor: 0.5 });
});

test('an unknown key is refused with the nearest known one', () => {
  assert.throws(
    () => resolveSettings('photos', { weightdecay: 1e-4 }),
    (error: Error) =>
      error instanceof UsageError &&
      error.message.includes('"weightdecay"') &&
      error.message.includes('"weightDecay"'),
  );
});
