/**
 * The one source of chance: Philox 4×32-10, a counter-based generator (Salmon, Moraes, Dror, Shaw:
 * "Parallel random numbers: as easy as 1, 2, 3", SC 2011). A draw is a function of its address;
 * there is no state to save or to race for.
 *
 * ## Definition, for other languages to give the same bits
 *
 * All words are unsigned 32-bit, all sums and products below are modulo 2³², `hi(p)` is the upper
 * half of a 64-bit product.
 *
 * An address is (seed, purpose, index, stream, counter):
 * - `seed`    0 … 2⁵³−1, chosen by the user;
 * - `purpose` 0 … 255, what the draw is for ({@link purposes});
 * - `index`   0 … 2²⁴−1, which of several users of that purpose (the n-th parameter, the n-th
 *   dropout layer);
 * - `stream`  0 … 2³²−1, usually the step or the epoch;
 * - `counter` 0 … 2⁵³−1, which word of that sequence.
 *
 * Word number `counter` of a sequence is word `counter mod 4` of the block `b = ⌊counter / 4⌋`,
 * computed from
 *
 *     key     k = (seed mod 2³², ⌊seed / 2³²⌋)
 *     counter c = (b mod 2³², ⌊b / 2³²⌋, stream, purpose + 256 · index)
 *
 * by ten rounds; before every round but the first the key is bumped:
 *
 *     k ← (k₀ + 0x9E3779B9, k₁ + 0xBB67AE85)
 *     p = 0xD2511F53 · c₀,  q = 0xCD9E8D57 · c₂          (64-bit products)
 *     c ← (hi(q) ⊕ c₁ ⊕ k₀,  lo(q),  hi(p) ⊕ c₃ ⊕ k₁,  lo(p))
 */
export type Words = (counter: number, count: number, out: Uint32Array) => void;

/** What draws are for. The numbers are part of the definition: never change one, only add. */
export const purposes = {
  initialValues: 1,
  dropout: 2,
  order: 3,
  split: 4,
  augmentation: 5,
  synthetic: 6,
  insight: 7,
  test: 255,
} as const;

export type Purpose = (typeof purposes)[keyof typeof purposes];

export interface Address {
  readonly seed: number;
  readonly purpose: Purpose;
  readonly index?: number;
  readonly stream?: number;
}

/**
 * The sequence at an address. `bits(address)(counter, count, out)` writes words `counter … counter
 * + count − 1` into `out`.
 * @throws {RangeError} when a part of the address is out of its range.
 */
export function bits({ seed, purpose, index = 0, stream = 0 }: Address): Words {
  range('seed', seed, Number.MAX_SAFE_INTEGER);
  range('index', index, 2 ** 24 - 1);
  range('stream', stream, 2 ** 32 - 1);
  const key0 = seed % 2 ** 32;
  const key1 = Math.floor(seed / 2 ** 32);
  const last = purpose + 256 * index;
  const block = new Uint32Array(4);
  return (counter, count, out) => {
    range('counter', counter, Number.MAX_SAFE_INTEGER - count);
    let b = Math.floor(counter / 4);
    let word = counter % 4;
    let done = 0;
    while (done < count) {
      philox4x32(b % 2 ** 32, Math.floor(b / 2 ** 32), stream, last, key0, key1, block);
      while (word < 4 && done < count) out[done++] = block[word++]!;
      word = 0;
      b += 1;
    }
  };
}

/**
 * One block: ten rounds of Philox 4×32 on counter (c0…c3) with key (k0, k1), written into
 * `out[0…3]`.
 */
export function philox4x32(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
  out: Uint32Array,
): void {
  for (let round = 0; round < 10; round++) {
    const p = high(0xd2511f53, c0);
    const q = high(0xcd9e8d57, c2);
    const n0 = (q ^ c1 ^ k0) >>> 0;
    const n2 = (p ^ c3 ^ k1) >>> 0;
    c1 = Math.imul(0xcd9e8d57, c2) >>> 0;
    c3 = Math.imul(0xd2511f53, c0) >>> 0;
    c0 = n0;
    c2 = n2;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/**
 * Upper 32 bits of the product of two unsigned 32-bit numbers, from 16-bit halves that doubles hold
 * exactly.
 */
function high(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = (middle & 0xffff) + aLow * bHigh;
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carry / 65536)) >>> 0;
}

function range(name: string, value: number, largest: number): void {
  if (!Number.isInteger(value) || value < 0 || value > largest)
    throw new RangeError(
      `Expected ${name} to be a whole number from 0 to ${largest} but found ${value}.`,
    );
}
