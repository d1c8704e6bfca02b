import assert from 'node:assert/strict';
import { test } from 'node:test';
import { perSecond } from './text.ts';

test('perSecond() has three digits and no powers of ten', () => {
  for (const [value, text] of [
    [8.004, '8.00'],
    [33.46, '33.5'],
    [130.2, '130'],
    [999.6, '1,000'],
    [1526, '1,530'],
    [2_345_678, '2,350,000'],
  ] as const)
    assert.equal(perSecond(value), text);
});
