/**
 * What a batch takes: t(b) = F + m·b seconds, F for reading the weights once and m for each
 * picture. Measured when a model is loaded; how the machine is since then is one factor.
 */
export class Cost {
  /** F, in seconds. */
  readonly fixed: number;
  /** m, in seconds. */
  readonly perPicture: number;
  #factor = 1;

  constructor(fixed: number, perPicture: number) {
    this.fixed = fixed;
    this.perPicture = perPicture;
  }

  /** From what one picture took and what `count` took together. */
  static between(one: number, many: number, count: number): Cost {
    if (count === 1) return new Cost(0, one);
    const perPicture = Math.max((many - one) / (count - 1), many / count / 4);
    return new Cost(Math.max(0, one - perPicture), perPicture);
  }

  /** How much longer batches take now than when they were measured: neighbours, other models. */
  get factor(): number {
    return this.#factor;
  }

  /** Seconds for one batch. */
  batch(pictures: number): number {
    return this.#factor * this.#measured(pictures);
  }

  /** Seconds for so many pictures, in batches of at most `batch`. */
  all(pictures: number, batch: number): number {
    const batches = Math.ceil(pictures / batch);
    return this.#factor * (batches * this.fixed + pictures * this.perPicture);
  }

  /** Learns from a batch that is done. */
  observe(pictures: number, seconds: number): void {
    const measured = this.#measured(pictures);
    if (measured <= 0) return;
    const now = Math.min(100, Math.max(0.1, seconds / measured));
    this.#factor += (now - this.#factor) / 5;
  }

  #measured(pictures: number): number {
    return this.fixed + this.perPicture * pictures;
  }
}
