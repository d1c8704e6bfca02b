import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBrains, fromHalves, toHalves } from './halves.ts';

test('every half survives the way to f32 and back', () => {
  const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const values = new Float32Array(65536);
  fromHalves(bits, values);
  const back = new Uint16Array(65536);
  toHalves(values, back);
  for (let i = 0; i < 65536; i++) if (!Number.isNaN(values[i])) assert.equal(back[i], i);
  assert.deepEqual([values[0x3c00], values[0xc000], values[0x7bff], values[1], values[0x7c00], values[0xfc00]], [1, -2, 65504, 2 ** -24, Infinity, -Infinity]);
});

test('toHalves() rounds to the nearest half, ties to even', () => {
  const halves = new Float32Array(65536);
  fromHalves(Uint16Array.from({ length: 65536 }, (_, i) => i), halves);
  const values = new Float32Array(3 * 0x7bff);
  const expected = new Uint16Array(values.length);
  for (let i = 0; i < 0x7bff; i++) {
    const middle = (halves[i]! + halves[i + 1]!) / 2;
    values.set([middle, middle * (1 - 2 ** -23), middle * (1 + 2 ** -23)], 3 * i);
    expected.set([i + (i % 2), i, i + 1], 3 * i);
  }
  const found = new Uint16Array(values.length);
  toHalves(values, found);
  assert.deepEqual(found, expected);
  const edges = new Uint16Array(5);
  toHalves(new Float32Array([65519.99, 65520, -65520, NaN, 2 ** -26]), edges);
  assert.deepEqual([...edges], [0x7bff, 0x7c00, 0xfc00, 0x7e00, 0]);
});

test('fromBrains() widens bfloat16 exactly', () => {
  const out = new Float32Array(4);
  fromBrains(new Uint16Array([0x3f80, 0xc049, 0x7f80, 0x0001]), out);
  assert.deepEqual([...out], [1, -3.140625, Infinity, 2 ** -133]);
});
