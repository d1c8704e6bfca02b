import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { anyFloats, brain, half } from '../testing/arbitraries.ts';
import { fromBrains, fromHalves, toHalves } from './halves.ts';

test('every half survives the way to f32 and back', () => {
  const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const values = new Float32Array(65536);
  fromHalves(bits, values);
  const back = new Uint16Array(65536);
  toHalves(values, back);
  for (let i = 0; i < 65536; i++) if (!Number.isNaN(values[i])) assert.equal(back[i], i);
  assert.deepEqual(
    [values[0x3c00], values[0xc000], values[0x7bff], values[1], values[0x7c00], values[0xfc00]],
    [1, -2, 65504, 2 ** -24, Infinity, -Infinity],
  );
});

test('toHalves() rounds to the nearest half, ties to even', () => {
  const halves = new Float32Array(65536);
  fromHalves(
    Uint16Array.from({ length: 65536 }, (_, i) => i),
    halves,
  );
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

test('fromHalves() and fromBrains() follow the definition for every pattern', () => {
  const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const found = new Float32Array(65536);
  fromHalves(bits, found);
  bits.forEach((pattern) => assert.ok(Object.is(found[pattern], half(pattern)), `half ${pattern}`));
  fromBrains(bits, found);
  bits.forEach((pattern) =>
    assert.ok(Object.is(found[pattern], brain(pattern)), `bfloat16 ${pattern}`),
  );
});

test('toHalves() of any number is the half nearest to it, never half a step away', () => {
  fc.assert(
    fc.property(anyFloats(8), (values) => {
      const bits = new Uint16Array(8);
      toHalves(values, bits);
      values.forEach((value, i) => assertNearest(value, bits[i]!));
    }),
    { numRuns: 2000 },
  );
});

/**
 * Its neighbours on both sides are no nearer, and where one is as near, it is odd and this one
 * even.
 */
function assertNearest(value: number, bits: number): void {
  const found = half(bits);
  if (Number.isNaN(value)) return assert.ok(Number.isNaN(found));
  assert.equal(
    bits >= 0x8000,
    Object.is(Math.sign(value), -1) || Object.is(value, -0),
    `the sign of ${value}`,
  );
  // As far as rounding goes, infinity stands where the half after the largest would be.
  const place = (pattern: number): number => {
    if ((pattern & 0x7fff) !== 0x7c00) return half(pattern);
    return pattern < 0x8000 ? 65536 : -65536;
  };
  const distance = Number.isFinite(value) ? Math.abs(place(bits) - value) : 0;
  if (!Number.isFinite(value)) return assert.equal(found, value);
  for (const neighbour of [bits - 1, bits + 1]) {
    const magnitude = neighbour & 0x7fff;
    if (
      neighbour < 0 ||
      neighbour > 0xffff ||
      magnitude > 0x7c00 ||
      (neighbour & 0x8000) !== (bits & 0x8000)
    )
      continue;
    if (Math.abs(value) >= 65536) continue;
    const other = Math.abs(place(neighbour) - value);
    assert.ok(
      distance < other || (distance === other && bits % 2 === 0),
      `${value} became ${found}, but ${half(neighbour)} is nearer`,
    );
  }
}
