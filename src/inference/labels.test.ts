import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imagenetLabels } from '../model/imagenet.ts';
import { matchLabels } from './labels.ts';

test('matchLabels() finds labels by name and by WordNet number, and leaves others open', () => {
  const labels = imagenetLabels();
  const [stingray, ...rest] = matchLabels(['stingray', 'n01443537', 'no such thing'], labels);
  assert.equal(stingray, 6);
  assert.deepEqual(rest, [1, undefined]);
});

test('matchLabels() refuses a name that several labels have', () => {
  const labels = imagenetLabels();
  assert.throws(() => matchLabels(['stingray', 'crane'], labels), {
    name: 'UsageError',
    message:
      'The model has 2 labels named "crane": name the folder by the WordNet number instead ' +
      '(n02012849 or n03126707).',
  });
  assert.throws(() => matchLabels(['x'], [{ name: 'x' }, { name: 'x' }]), {
    message:
      'The model has 2 labels named "x": name the folder by the WordNet number instead ' +
      '(label 0 or label 1).',
  });
});
