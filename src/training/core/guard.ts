/**
 * Tells a loss that has run away: not finite, or for five steps on end more than ten times that of
 * guessing.
 */
export class Guard {
  readonly #limit: number;
  #above = 0;

  constructor(classes: number) {
    this.#limit = 10 * Math.max(1, Math.log(classes));
  }

  exploded(loss: number): boolean {
    this.#above = loss > this.#limit ? this.#above + 1 : 0;
    return !Number.isFinite(loss) || this.#above >= 5;
  }

  reset(): void {
    this.#above = 0;
  }
}
