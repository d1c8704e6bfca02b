import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exactFit, fit } from './fit.ts';
import { torchvisionOffset } from './geometry.ts';

const shorterSide = { how: 'shorterSide', size: 256 } as const;

test('fit() rounds the longer side, or truncates it as torchvision does', () => {
  // 256 · 333 / 250 = 340.992
  assert.deepEqual(fit(333, 250, shorterSide), { width: 341, height: 256, smaller: false });
  assert.deepEqual(fit(333, 250, { ...shorterSide, geometry: 'torchvision' }), {
    width: 340,
    height: 256,
    smaller: false,
  });
});

test('exactFit() gives the whole picture, in the arithmetic that is asked for', () => {
  assert.equal(exactFit(500, 375, shorterSide), undefined);
  assert.deepEqual(exactFit(500, 375, { ...shorterSide, kernel: 'pillow' }), {
    width: 341,
    height: 256,
    kernel: 'pillow',
    window: { left: 0, top: 0, width: 341, height: 256 },
  });
  assert.deepEqual(exactFit(500, 375, { how: 'warp', size: 256, kernel: 'opencv' }), {
    width: 256,
    height: 256,
    kernel: 'opencv',
    window: { left: 0, top: 0, width: 256, height: 256 },
  });
});

test('exactFit() takes the middle of a very long picture; its centre crop stays in place', () => {
  for (const length of [1025, 1026, 1027, 1028, 1029, 3000, 12_345]) {
    const resize = { ...shorterSide, geometry: 'torchvision', kernel: 'pillow' } as const;
    const { width, height, window } = exactFit(256, length, resize)!;
    assert.deepEqual([width, height], [256, length]);
    assert.ok(window.height >= 1024 && window.height < 1028, `${length}: ${window.height}`);
    assert.equal(
      window.top + torchvisionOffset(window.height, 224),
      torchvisionOffset(length, 224),
      String(length),
    );
  }
});
