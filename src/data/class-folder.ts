import type { Source } from './dataset.ts';

export interface ClassFolder {
  readonly name: string;
  /** Its pictures, in order; `name` is the path below it. */
  readonly files: readonly { readonly name: string; readonly source: Source }[];
  /** Files that are no pictures. */
  readonly left: number;
}

/** By code units: the same order on every system and in every language. */
export function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}
