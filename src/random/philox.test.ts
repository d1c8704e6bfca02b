import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bits, philox4x32, purposes } from './philox.ts';

/** Random123 1.09, tests/kat_vectors, the lines `philox4x32 10`. */
const knownAnswers: {
  counter: [number, number, number, number];
  key: [number, number];
  answer: number[];
}[] = [
  { counter: [0, 0, 0, 0], key: [0, 0], answer: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
  {
    counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    key: [0xffffffff, 0xffffffff],
    answer: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  },
  {
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0],
    answer: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  },
];

test('philox4x32() gives the published known answers', () => {
  for (const { counter, key, answer } of knownAnswers) {
    const out = new Uint32Array(4);
    philox4x32(...counter, ...key, out);
    assert.deepEqual([...out], answer);
  }
});

test('bits() lays seed, purpose, index, stream and block into key and counter', () => {
  const seed = 0x12345 * 2 ** 32 + 0x89abcdef;
  const block = 3 * 2 ** 32 + 5;
  const out = new Uint32Array(4);
  bits({ seed, purpose: purposes.dropout, index: 7, stream: 0xfffffff0 })(4 * block, 4, out);
  const expected = new Uint32Array(4);
  philox4x32(5, 3, 0xfffffff0, 2 + 256 * 7, 0x89abcdef, 0x12345, expected);
  assert.deepEqual(out, expected);
});

test('bits() gives the same words whatever the place a read starts at', () => {
  const words = bits({ seed: 42, purpose: purposes.test });
  const whole = new Uint32Array(101);
  words(0, 101, whole);
  for (const [from, count] of [
    [1, 3],
    [2, 9],
    [3, 1],
    [7, 50],
    [100, 1],
  ] as const) {
    const part = new Uint32Array(count);
    words(from, count, part);
    assert.deepEqual(part, whole.slice(from, from + count));
  }
});

test('bits() refuses an address out of range', () => {
  assert.throws(() => bits({ seed: -1, purpose: purposes.test }), {
    message: 'Expected seed to be a whole number from 0 to 9007199254740991 but found -1.',
  });
  assert.throws(() => bits({ seed: 1, purpose: purposes.test, index: 2 ** 24 }), {
    message: 'Expected index to be a whole number from 0 to 16777215 but found 16777216.',
  });
  assert.throws(() => bits({ seed: 1, purpose: purposes.test, stream: 1.5 }), {
    message: 'Expected stream to be a whole number from 0 to 4294967295 but found 1.5.',
  });
});
