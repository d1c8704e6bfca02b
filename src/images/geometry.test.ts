import assert from 'node:assert/strict';
import { test } from 'node:test';
import { caffeOffset, torchvisionOffset, torchvisionSize } from './geometry.ts';

test('torchvisionSize() truncates the longer side', () => {
  // 256 · 333 / 250 = 340.992
  assert.deepEqual(torchvisionSize(333, 250, 256), { width: 340, height: 256 });
  assert.deepEqual(torchvisionSize(250, 333, 256), { width: 256, height: 340 });
  // 256 · 500 / 375 = 341.33
  assert.deepEqual(torchvisionSize(500, 375, 256), { width: 341, height: 256 });
  assert.deepEqual(torchvisionSize(80, 80, 256), { width: 256, height: 256 });
  // 227 / 13 · 13 is less than 227 in double precision, 227 · 13 / 13 is not.
  assert.deepEqual(torchvisionSize(13, 13, 227), { width: 227, height: 227 });
});

test('torchvisionOffset() rounds a half pixel to the even place', () => {
  assert.equal(torchvisionOffset(256, 224), 16);
  assert.equal(torchvisionOffset(341, 224), 58); // 58.5
  assert.equal(torchvisionOffset(343, 224), 60); // 59.5
  assert.equal(torchvisionOffset(342, 224), 59);
  assert.equal(torchvisionOffset(224, 224), 0);
});

test('caffeOffset() rounds a half pixel down', () => {
  assert.equal(caffeOffset(256, 227), 14); // 14.5
  assert.equal(caffeOffset(256, 224), 16);
  assert.equal(caffeOffset(259, 224), 17); // 17.5
});
