import { bits, purposes } from '../../random/philox.ts';

/** Draws for one scene, one after another, from its own address. */
export class Chance {
  readonly #words: (counter: number, count: number, out: Uint32Array) => void;
  readonly #word = new Uint32Array(1);
  #counter = 0;

  constructor(seed: number, index: number, stream: number) {
    this.#words = bits({ seed, purpose: purposes.synthetic, index, stream });
  }

  /** Even in [low, high). */
  between(low: number, high: number): number {
    this.#words(this.#counter++, 1, this.#word);
    return low + ((high - low) * this.#word[0]!) / 2 ** 32;
  }

  /** A whole number from low to high, both included. */
  whole(low: number, high: number): number {
    return Math.floor(this.between(low, high + 1));
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.whole(0, choices.length - 1)]!;
  }
}
