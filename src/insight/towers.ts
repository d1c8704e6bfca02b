import { ensure } from '../errors.ts';
import { permutation } from '../random/draws.ts';
import { bits, purposes } from '../random/philox.ts';
import type { KernelDescription } from './kernels.ts';

/** The kernels of one tower, counted and measured. */
export interface TowerColours {
  readonly kernels: number;
  /** Dead ones and noise: nothing shows in them, so they have no colour. */
  readonly blank: number;
  /** Those that tell light from dark. */
  readonly grey: number;
  /** Those that tell colours apart. */
  readonly colour: number;
  /** The mean share of colour of those that show something; null where none does. */
  readonly share: number | null;
}

/** Whether groups of numbers differ more than groups dealt at random would. */
export interface PermutationTest {
  /** Largest mean of a group less the smallest. */
  readonly difference: number;
  /** (1 + dealings that differ as much) ÷ (1 + dealings). */
  readonly p: number;
  readonly permutations: number;
  readonly seed: number;
}

/** Grey against colour in each of `towers` equal runs of kernels. */
export function towerColours(
  kernels: readonly KernelDescription[],
  towers: number,
): TowerColours[] {
  return perTower(kernels, towers).map((members) => {
    const shown = members.filter(shows);
    const colour = shown.filter(({ kind }) => kind === 'colour').length;
    return {
      kernels: members.length,
      blank: members.length - shown.length,
      grey: shown.length - colour,
      colour,
      share: shown.length === 0 ? null : mean(shown.map((kernel) => kernel.colour)),
    };
  });
}

/**
 * Whether the towers differ in how much colour their kernels have. Undefined where a tower has
 * fewer than two kernels that show something: nothing can be told from them.
 */
export function colourTest(
  kernels: readonly KernelDescription[],
  towers: number,
  options: { readonly permutations: number; readonly seed: number },
): PermutationTest | undefined {
  const shares = perTower(kernels, towers).map((members) =>
    members.filter(shows).map(({ colour }) => colour),
  );
  if (shares.some(({ length }) => length < 2)) return undefined;
  return permutationTest(shares, options);
}

/**
 * Deals the numbers of all groups out anew, again and again, into groups of the same sizes: how
 * often do their means differ as much as those of the real groups (Fisher 1935, §21; Ernst 2004,
 * “Permutation Methods”)? The real dealing counts as one of them, so p is never 0.
 */
export function permutationTest(
  groups: readonly (readonly number[])[],
  { permutations, seed }: { readonly permutations: number; readonly seed: number },
): PermutationTest {
  const all = groups.flat();
  const sizes = groups.map(({ length }) => length);
  ensure(
    groups.length > 1 && sizes.every((size) => size > 0),
    () => `Expected two groups of numbers or more, none empty, but found ${sizes.join(' and ')}.`,
  );
  const found = spread(all, sizes);
  let asMuch = 0;
  for (let n = 0; n < permutations; n++) {
    const words = bits({ seed, purpose: purposes.insight, index: 6, stream: n });
    const dealt = Array.from(permutation(words, all.length), (place) => all[place]!);
    // Sums of the same numbers in another order differ in their last bits.
    if (spread(dealt, sizes) >= found - 1e-12 * Math.abs(found)) asMuch++;
  }
  return { difference: found, p: (1 + asMuch) / (1 + permutations), permutations, seed };
}

/** The largest mean of the groups that stand one after another, less the smallest. */
function spread(values: readonly number[], sizes: readonly number[]): number {
  let from = 0;
  const means = sizes.map((size) => {
    from += size;
    return mean(values.slice(from - size, from));
  });
  return Math.max(...means) - Math.min(...means);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function shows({ kind }: KernelDescription): boolean {
  return kind !== 'dead' && kind !== 'noise';
}

/** Towers are equal runs of a layer's kernels. */
export function perTower<T>(kernels: readonly T[], towers: number): T[][] {
  const size = kernels.length / towers;
  ensure(
    Number.isInteger(size),
    () => `Expected a number of kernels that ${towers} divides but found ${kernels.length}.`,
  );
  return Array.from({ length: towers }, (_, tower) =>
    kernels.slice(tower * size, (tower + 1) * size),
  );
}
