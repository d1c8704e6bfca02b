import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dropThreshold, keepMask, normal, permutation, uniform } from './draws.ts';
import { bits, purposes } from './philox.ts';
import type { Words } from './philox.ts';

const sequence = bits({ seed: 11, purpose: purposes.test });

/** The words given, over and over: for answers worked out by hand. */
function fixed(...words: number[]): Words {
  return (counter, count, out) => {
    for (let i = 0; i < count; i++) out[i] = words[(counter + i) % words.length]!;
  };
}

function word(counter: number): number {
  const out = new Uint32Array(1);
  sequence(counter, 1, out);
  return out[0]!;
}

test('uniform() is the upper 24 bits of each word, between low and high', () => {
  const out = new Float32Array(4);
  uniform(fixed(0, 0xff, 0x80000000, 0xffffffff), out);
  assert.deepEqual([...out], [0, 0, 0.5, 1 - 2 ** -24]);
  uniform(fixed(0, 0x80000000), out, -3, 5);
  assert.deepEqual([...out], [-3, 1, -3, 1]);
});

test('uniform() gives the same numbers whatever the place it starts at, across its chunks', () => {
  const whole = new Float32Array(10_000);
  uniform(sequence, whole);
  for (const [from, count] of [
    [1, 5],
    [4095, 3],
    [4096, 4097],
    [9999, 1],
  ] as const) {
    const part = new Float32Array(count);
    uniform(sequence, part, 0, 1, from);
    assert.deepEqual(part, whole.slice(from, from + count));
  }
});

test('normal() follows Box and Muller as its docstring says, an odd last number too', () => {
  const out = new Float64Array(5);
  normal(sequence, out, 2, 10);
  for (let j = 0; j < 3; j++) {
    const radius = 2 * Math.sqrt(-2 * Math.log((word(10 + 2 * j) + 0.5) / 2 ** 32));
    const angle = (2 * Math.PI * word(11 + 2 * j)) / 2 ** 32;
    assert.equal(out[2 * j], radius * Math.cos(angle));
    if (2 * j + 1 < out.length) assert.equal(out[2 * j + 1], radius * Math.sin(angle));
  }
});

test('normal() stays finite for the smallest and the largest word', () => {
  const out = new Float64Array(2);
  normal(fixed(0, 0), out);
  assert.ok(out.every(Number.isFinite) && out[0]! > 6.6, String(out));
  normal(fixed(0xffffffff, 0xffffffff), out);
  assert.ok(out.every(Number.isFinite) && Math.abs(out[0]!) < 1e-4, String(out));
});

test('normal() has the moments of a normal distribution', () => {
  const out = new Float64Array(100_000);
  normal(sequence, out);
  const moment = (k: number): number => out.reduce((sum, x) => sum + x ** k, 0) / out.length;
  // Five standard errors: √(Var(xᵏ)/n), with Var 1, 2, 15, 96.
  for (const [k, expected, variance] of [
    [1, 0, 1],
    [2, 1, 2],
    [3, 0, 15],
    [4, 3, 96],
  ] as const) {
    assert.ok(
      Math.abs(moment(k) - expected) < 5 * Math.sqrt(variance / out.length),
      `moment ${k}: ${moment(k)}`,
    );
  }
});

test('permutation() holds every number once, for any length', () => {
  for (const length of [0, 1, 2, 3, 100, 5000]) {
    assert.deepEqual(
      [...permutation(sequence, length)].toSorted((a, b) => a - b),
      Array.from({ length }, (_, i) => i),
    );
  }
});

test('permutation() swaps from the end as its docstring says', () => {
  assert.deepEqual([...permutation(fixed(0), 4)], [1, 2, 3, 0]);
  assert.deepEqual([...permutation(fixed(0xffffffff), 4)], [0, 1, 2, 3]);
});

test('permutation() gives each of the six orders of three about as often', () => {
  const counts = new Map<string, number>();
  for (let stream = 0; stream < 6000; stream++) {
    const order = permutation(bits({ seed: 5, purpose: purposes.test, stream }), 3).join('');
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assert.equal(counts.size, 6);
  for (const [order, count] of counts)
    assert.ok(Math.abs(count - 1000) < 5 * Math.sqrt(1000), `${order}: ${count}`);
});

test('keepMask() drops words below rate · 2³²', () => {
  assert.equal(dropThreshold(0), 0);
  assert.equal(dropThreshold(0.5), 2 ** 31);
  assert.equal(dropThreshold(1), 2 ** 32 - 1);
  const out = new Uint8Array(3);
  keepMask(fixed(2 ** 31 - 1, 2 ** 31, 0), out, 0.5);
  assert.deepEqual([...out], [0, 1, 0]);
  keepMask(fixed(0), out, 0);
  assert.deepEqual([...out], [1, 1, 1]);
});

test('keepMask() drops about its rate, the same numbers wherever it starts', () => {
  const whole = new Uint8Array(50_000);
  keepMask(sequence, whole, 0.3);
  const dropped = whole.filter((kept) => kept === 0).length;
  assert.ok(Math.abs(dropped - 15_000) < 5 * Math.sqrt(50_000 * 0.3 * 0.7), String(dropped));
  const part = new Uint8Array(5000);
  keepMask(sequence, part, 0.3, 4097);
  assert.deepEqual(part, whole.slice(4097, 9097));
});
