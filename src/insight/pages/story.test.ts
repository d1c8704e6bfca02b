import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wordsFor } from './story.ts';

test('wordsFor() knows how much dropout leaves out, and what it does when answering', () => {
  const dropout = { type: 'dropout', name: 'drop6' } as const;
  assert.equal(
    wordsFor({ ...dropout, rate: 0.5, scale: 'test' }),
    'While training, each number is left out with a chance of 50 %, so that none relies on ' +
      'another. Now, while answering, nothing is left out: every number counts 0.5 times what it ' +
      'is.',
  );
  assert.match(
    wordsFor({ ...dropout, rate: 0.2, scale: 'train' }),
    /a chance of 20 %.+: every number counts as it is\.$/,
  );
});

test('wordsFor() says of ReLU what is so beside pooling too', () => {
  assert.match(wordsFor({ type: 'relu', name: 'relu1' }), /Two convolutions, or two dense layers/);
});
