import type { Words } from './philox.ts';

const chunk = 4096;

/** Calls `use(word, position)` for words `from … from + count − 1` of a sequence, in order. */
function eachWord(
  words: Words,
  from: number,
  count: number,
  use: (word: number, position: number) => void,
): void {
  const buffer = new Uint32Array(Math.min(chunk, count));
  for (let start = 0; start < count; start += chunk) {
    const length = Math.min(chunk, count - start);
    words(from + start, length, buffer);
    for (let i = 0; i < length; i++) use(buffer[i]!, start + i);
  }
}

/**
 * Fills `out` with uniform numbers in [low, high): number i is `low + (high − low) · (w >>> 8) /
 * 2²⁴` of word `from + i`. With low 0 and high 1 every one is exact in f32.
 */
export function uniform(
  words: Words,
  out: Float32Array | Float64Array,
  low = 0,
  high = 1,
  from = 0,
): void {
  eachWord(words, from, out.length, (word, i) => {
    out[i] = low + ((high - low) * (word >>> 8)) / 2 ** 24;
  });
}

/**
 * Fills `out` with normal numbers of mean 0 (Box and Muller): numbers 2j and 2j+1 come from words
 * `u = w[from + 2j]`, `v = w[from + 2j + 1]` as `σ √(−2 ln((u + ½)/2³²)) · (cos, sin)(2π v/2³²)`,
 * computed in f64. Their last bits depend on the platform's ln, cos and sin, so they are drawn in
 * TypeScript only, never inside an engine.
 */
export function normal(
  words: Words,
  out: Float32Array | Float64Array,
  standardDeviation = 1,
  from = 0,
): void {
  let radius = 0;
  eachWord(words, from, out.length + (out.length % 2), (word, i) => {
    if (i % 2 === 0) {
      radius = standardDeviation * Math.sqrt(-2 * Math.log((word + 0.5) / 2 ** 32));
      return;
    }
    const angle = (2 * Math.PI * word) / 2 ** 32;
    out[i - 1] = radius * Math.cos(angle);
    if (i < out.length) out[i] = radius * Math.sin(angle);
  });
}

/**
 * A random order of 0 … length − 1 (Fisher and Yates, from the end): place i swaps with place
 * `⌊w[length − 1 − i] · (i + 1) / 2³²⌋`.
 */
export function permutation(words: Words, length: number): Uint32Array {
  const order = Uint32Array.from({ length }, (_, i) => i);
  eachWord(words, 0, Math.max(0, length - 1), (word, drawn) => {
    const i = length - 1 - drawn;
    const j = Math.floor((word * (i + 1)) / 2 ** 32);
    const swapped = order[i]!;
    order[i] = order[j]!;
    order[j] = swapped;
  });
  return order;
}

/** Words below this are dropped: rate · 2³², rounded. */
export function dropThreshold(rate: number): number {
  return Math.min(2 ** 32 - 1, Math.round(rate * 2 ** 32));
}

/**
 * A Bernoulli mask: `out[i]` is 1 (keep) where word `from + i` ≥ {@link dropThreshold}(rate), else
 * 0. Integers only: the same on every engine.
 */
export function keepMask(words: Words, out: Uint8Array, rate: number, from = 0): void {
  const threshold = dropThreshold(rate);
  eachWord(words, from, out.length, (word, i) => {
    out[i] = word >= threshold ? 1 : 0;
  });
}
