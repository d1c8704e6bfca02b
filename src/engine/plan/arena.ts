/**
 * The steps of a pass between which something matters, both included: a layer's forward step is its
 * index, its backward step is `backwardStep()` in `runs.ts`.
 */
export interface Lifetime {
  readonly from: number;
  readonly to: number;
}

export const always: Lifetime = { from: -Infinity, to: Infinity };

/** One step's own scratch. */
export function during(step: number): Lifetime {
  return { from: step, to: step };
}

/** A piece of memory; `at` is its offset once the arena is laid out. */
export interface Region {
  /** Rounded up to whole units of alignment, slack included. */
  readonly bytes: number;
  readonly life: Lifetime;
  at: number;
}

export interface ArenaOptions {
  /** The lowest offset that is given out. */
  readonly start: number;
  /** Every offset is a multiple of it. */
  readonly alignment: number;
  /** Bytes behind a region that nobody else gets: for reads, never writes, past its end. */
  readonly slack: number;
}

/**
 * Plans who lies where in one memory, whatever that is made of: regions whose lifetimes do not
 * overlap may share bytes.
 */
export class Arena {
  readonly #options: ArenaOptions;
  readonly #regions: Region[] = [];

  constructor(options: ArenaOptions) {
    this.#options = options;
  }

  region(bytes: number, life: Lifetime = always): Region {
    const { alignment, slack } = this.#options;
    const region = { bytes: Math.ceil((bytes + slack) / alignment) * alignment, life, at: 0 };
    this.#regions.push(region);
    return region;
  }

  /**
   * Gives every region its place, the largest first, each as low as it can go. Returns the end of
   * all, in bytes.
   */
  layOut(): number {
    const { start } = this.#options;
    /** By their places, the lowest first. */
    const placed: Region[] = [];
    let end = start;
    for (const region of this.#regions.toSorted((a, b) => b.bytes - a.bytes)) {
      let at = start;
      for (const other of placed) {
        if (!overlap(other.life, region.life)) continue;
        if (at + region.bytes <= other.at) break;
        at = Math.max(at, other.at + other.bytes);
      }
      region.at = at;
      end = Math.max(end, at + region.bytes);
      const next = placed.findIndex((other) => other.at > at);
      placed.splice(next < 0 ? placed.length : next, 0, region);
    }
    return end;
  }
}

function overlap(a: Lifetime, b: Lifetime): boolean {
  return a.from <= b.to && b.from <= a.to;
}
