/** A piece of the session's memory; `at` is its byte address once the arena is laid out. */
export interface Region {
  readonly bytes: number;
  /** The steps of the plan between which its content matters, both included. */
  from: number;
  to: number;
  at: number;
}

/** Below this lie the kernels' own constants. */
const start = 65536;
const alignment = 64;
/** Vectors may read, never write, a little past a region's end. */
const slack = 128;

/** Plans who lies where: regions whose lives do not overlap may share bytes. */
export class Arena {
  readonly #regions: Region[] = [];

  /** A region for the whole life of the session, or for steps `from … to` of every run. */
  region(bytes: number, from = -Infinity, to = Infinity): Region {
    const region = { bytes: Math.ceil((bytes + slack) / alignment) * alignment, from, to, at: 0 };
    this.#regions.push(region);
    return region;
  }

  /**
   * Gives every region its place, the largest first, each as low as it can go. Returns the end of
   * all, in bytes.
   */
  layOut(): number {
    /** By their places, the lowest first. */
    const placed: Region[] = [];
    let end = start;
    for (const region of this.#regions.toSorted((a, b) => b.bytes - a.bytes)) {
      let at = start;
      for (const other of placed) {
        if (other.from > region.to || region.from > other.to) continue;
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
