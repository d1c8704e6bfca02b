import type { Inspection } from './messages.ts';

export interface Repetition {
  readonly index: number;
  /** The first sample that shows the same. */
  readonly first: number;
  /** Whether the very bytes are the same. */
  readonly bytes: boolean;
}

/** Two looks that differ in no more of their 256 bits are the same picture. */
const maximumDifferent = 7;
const bandDigits = 8;
/** A look with fewer bits set is nearly flat: many pictures have it. */
const leastSet = 16;
/**
 * Looks in one band are compared with so many others at most, so that a large set cannot take
 * forever.
 */
const maximumCompared = 64;

/**
 * Samples that repeat an earlier one. Looks are compared only where one of their eight bands of 32
 * bits is equal: with at most seven different bits one must be.
 */
export function samePictures(inspections: readonly Inspection[]): Repetition[] {
  const byBytes = new Map<string, number>();
  const bands = new Map<string, Inspection[]>();
  return inspections.flatMap((inspection): Repetition[] => {
    const { index, bytes, look } = inspection;
    const same = byBytes.get(bytes);
    if (same !== undefined) return [{ index, first: same, bytes: true }];
    byBytes.set(bytes, index);
    const like = distance(look, flat) < leastSet ? undefined : lookedUp(inspection, bands);
    return like === undefined ? [] : [{ index, first: like, bytes: false }];
  });
}

const flat = '0'.repeat(64);

/** The first that looks like it; and remembers it for those that follow. */
function lookedUp(inspection: Inspection, bands: Map<string, Inspection[]>): number | undefined {
  const { look } = inspection;
  let found: number | undefined;
  for (let at = 0; at < look.length; at += bandDigits) {
    const key = `${at}:${look.slice(at, at + bandDigits)}`;
    const others = bands.get(key) ?? [];
    for (const other of others)
      if (distance(look, other.look) <= maximumDifferent && sameShape(inspection, other))
        found = Math.min(found ?? Infinity, other.index);
    if (others.length < maximumCompared) bands.set(key, [...others, inspection]);
  }
  return found;
}

/** Resized pictures keep their aspect, up to a pixel. */
function sameShape(a: Inspection, b: Inspection): boolean {
  return Math.abs(a.width / a.height / (b.width / b.height) - 1) < 0.05;
}

const setBits = Uint8Array.from(
  { length: 16 },
  (_, nibble) => [1, 2, 4, 8].filter((bit) => nibble & bit).length,
);

function distance(a: string, b: string): number {
  let different = 0;
  for (let i = 0; i < a.length; i++)
    different += setBits[Number.parseInt(a[i]!, 16) ^ Number.parseInt(b[i]!, 16)]!;
  return different;
}
