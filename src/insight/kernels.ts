import { ensure } from '../errors.ts';
import { describeWaves, directednessOf, spectrum } from './fourier.ts';
import type { Waves } from './fourier.ts';
import { energy, patternOf } from './pattern.ts';
import type { Pattern } from './pattern.ts';

export type KernelKind = 'edge' | 'blob' | 'colour' | 'noise' | 'dead';

/** What each kind is, in words for a page. */
export const kernelKinds: Readonly<Record<KernelKind, string>> = {
  edge: 'edge: light and dark in stripes of one direction',
  blob: 'corner or blob: light and dark in no single direction',
  colour: 'colour: tells colours apart more than light from dark',
  noise: 'noise: nothing that stands out of its grain',
  dead: 'dead: far weaker than the others',
};

/** A first-layer kernel, told by what it responds to. Measured on what stands out of its grain. */
export interface KernelDescription extends Waves {
  readonly kernel: number;
  readonly kind: KernelKind;
  /** Euclidean norm of its weights. */
  readonly norm: number;
  /** The share of its energy that stands out of its grain: below 0.13 nothing is seen in it. */
  readonly pattern: number;
  /**
   * The share of the pattern's power that lies along one line of its spectrum, which is where
   * stripes of one direction have theirs, whatever their profile: about 0.75 for a bar or a grating
   * that runs through, 0.4 for a spot.
   */
  readonly directedness: number;
  /**
   * Share of the pattern's energy that is difference of colours rather than light and dark: 0 grey,
   * 1 pure colour.
   */
  readonly colour: number;
}

/** Below this share of the strongest kernel's norm a kernel is dead. */
export const deadShare = 0.1;

/*
 * Where one kind ends and the next begins: between what a person calls one and the other, of the
 * 167 kernels in testing/goldens/kernels.json.
 */
const seenShare = 0.13;
const colourShare = 0.4;
/** From this share on stripes of one direction are what a kernel is made of. */
export const directedShare = 0.57;

/**
 * Tells every kernel of a first layer by what it is. Its grain, left over from the initial values,
 * is taken away first; light and dark and the colours are measured apart, so that a bar is a bar in
 * whatever tint. Angle and frequency are those of light and dark, for a kernel of colour those of
 * its strongest mixture of channels, so that an edge between two colours of one lightness has the
 * direction that it has.
 * @param weight `[kernels, channels, height, width]`.
 */
export function describeKernels(
  weight: Float32Array,
  [kernels, channels, height, width]: readonly [number, number, number, number],
): KernelDescription[] {
  const size = channels * height * width;
  ensure(
    weight.length === kernels * size,
    () =>
      `Expected ${kernels}×${channels}×${height}×${width} = ${kernels * size} weights but ` +
      `found ${weight.length}.`,
  );
  const each = Array.from({ length: kernels }, (_, k) => weight.subarray(k * size, (k + 1) * size));
  const norms = each.map((kernel) => Math.sqrt(kernel.reduce((sum, w) => sum + w * w, 0)));
  const strongest = Math.max(...norms);
  return each.map((kernel, k) => {
    const pattern = patternOf(kernel, channels, height, width);
    const colour = colourOf(pattern);
    const shares = colour < colourShare ? [1] : strongestMixture(pattern.shown);
    const shown = mixtureOf(pattern.shown, shares);
    const found = {
      pattern: pattern.share,
      colour,
      ...describeWaves(spectrum(mixtureOf(pattern.planes, shares), height, width)),
      // One colour all over has no direction, whatever its small differences have.
      directedness:
        colour >= colourShare && variedShare(shown) < 0.5
          ? 0
          : directednessOf(spectrum(shown, height, width), Math.max(height, width)),
    };
    return {
      kernel: k,
      kind: norms[k]! <= deadShare * strongest ? 'dead' : kindOf(found),
      norm: norms[k]!,
      ...found,
    };
  });
}

function kindOf({
  pattern,
  colour,
  directedness,
}: Pick<KernelDescription, 'pattern' | 'colour' | 'directedness'>): KernelKind {
  if (pattern < seenShare) return 'noise';
  if (colour >= colourShare) return 'colour';
  return directedness >= directedShare ? 'edge' : 'blob';
}

function colourOf({ shown }: Pattern): number {
  const all = shown.reduce((sum, plane) => sum + energy(plane), 0);
  return all === 0 ? 0 : 1 - energy(shown[0]!) / all;
}

/** The share of its energy that is not its mean. */
function variedShare(plane: Float64Array): number {
  const all = energy(plane);
  const mean = plane.reduce((sum, value) => sum + value, 0) / plane.length;
  return all === 0 ? 0 : 1 - (plane.length * mean * mean) / all;
}

/**
 * The shares, of length 1, of the mixture of planes that has the most energy; by power
 * iteration.
 */
function strongestMixture(planes: readonly Float64Array[]): number[] {
  let shares = planes.map((_, k) => 1 + k / 100);
  for (let step = 0; step < 50; step++) {
    const mixed = mixtureOf(planes, shares);
    const next = planes.map((plane) => plane.reduce((sum, value, i) => sum + value * mixed[i]!, 0));
    const length = Math.hypot(...next);
    if (length === 0) break;
    shares = next.map((value) => value / length);
  }
  return shares;
}

function mixtureOf(planes: readonly Float64Array[], shares: readonly number[]): Float64Array {
  return planes[0]!.map((_, i) =>
    shares.reduce((sum, share, k) => sum + share * planes[k]![i]!, 0),
  );
}
