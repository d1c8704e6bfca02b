import type { Grid } from '../network/quantisation.ts';
import { halfEven } from '../network/quantisation.ts';

/** Bins on each side of zero. */
const half = 8192;
/** What a grid's ends are tried at, as parts of the numbers' own. */
const fractions = Array.from({ length: 71 }, (_, i) => 0.3 + i / 100);

/**
 * How often which numbers occur, for a grid to be chosen. The range grows with what comes: bins are
 * joined two by two, so nothing needs to be known beforehand.
 */
export class Histogram {
  readonly #counts = new Float64Array(2 * half);
  /** The range is from −reach to reach. */
  #reach = 0;
  #least = Infinity;
  #largest = -Infinity;

  /** Numbers that are not finite count for nothing. */
  add(values: Float32Array): void {
    let [least, largest] = [Infinity, -Infinity];
    for (const value of values) {
      if (value < least && value > -Infinity) least = value;
      if (value > largest && value < Infinity) largest = value;
    }
    if (least > largest) return;
    this.#least = Math.min(this.#least, least);
    this.#largest = Math.max(this.#largest, largest);
    this.#widen(Math.max(-least, largest, 1e-9));
    const perBin = half / this.#reach;
    for (const value of values) {
      const bin = Math.floor(value * perBin) + half;
      if (bin >= 0 && bin < 2 * half) this.#counts[bin]!++;
      else if (value === this.#reach) this.#counts[2 * half - 1]!++;
    }
  }

  /**
   * The grid with the least squared error over all numbers that came: some ends are cut off, so
   * that the rest lies finer. Where nothing was below zero, zero is its lowest place.
   */
  grid(): Grid {
    if (this.#least > this.#largest) return { scale: 1, zeroPoint: 0 };
    const largest = Math.max(this.#largest, 1e-6);
    if (this.#least >= 0)
      return this.#best(fractions.map((part) => ({ scale: (largest * part) / 255, zeroPoint: 0 })));
    const low = this.#best(fractions.map((part) => between(this.#least * part, largest)));
    const start = -low.zeroPoint * low.scale;
    const top = Math.max(largest, 1e-6);
    return this.#best(fractions.map((part) => between(start, top * part)));
  }

  /** Mean squared error of rounding to a grid. */
  error(grid: Grid): number {
    let [sum, count] = [0, 0];
    for (const [bin, times] of this.#counts.entries()) {
      if (times === 0) continue;
      const value = ((bin - half + 0.5) * this.#reach) / half;
      const place = halfEven(value / grid.scale) + grid.zeroPoint;
      const held = (Math.max(0, Math.min(255, place)) - grid.zeroPoint) * grid.scale;
      sum += times * (value - held) ** 2;
      count += times;
    }
    return sum / count;
  }

  #best(grids: readonly Grid[]): Grid {
    const errors = grids.map((grid) => this.error(grid));
    return grids[errors.indexOf(Math.min(...errors))]!;
  }

  #widen(wanted: number): void {
    if (this.#reach === 0) this.#reach = wanted;
    while (this.#reach < wanted) {
      const joined = new Float64Array(2 * half);
      for (const [bin, times] of this.#counts.entries())
        joined[Math.floor((bin - half) / 2) + half]! += times;
      this.#counts.set(joined);
      this.#reach *= 2;
    }
  }
}

/** From `low`, not above zero, to `high`, not below it; zero has a place of its own. */
function between(low: number, high: number): Grid {
  const scale = Math.max(high - low, 1e-6) / 255;
  return { scale, zeroPoint: Math.max(0, Math.min(255, Math.round(-low / scale))) };
}
