import { ensure } from '../errors.ts';
import { describeWaves, spectrum } from './fourier.ts';
import type { Waves } from './fourier.ts';

export type KernelKind = 'edge' | 'blob' | 'colour' | 'noise' | 'dead';

/** What each kind is, in words for a page. */
export const kernelKinds: Readonly<Record<KernelKind, string>> = {
  edge: 'edge: stripes in one direction',
  blob: 'corner or blob: no single direction',
  colour: 'colour contrast: tells colours apart, not light from dark',
  noise: 'noise: no pattern that the spectrum could tell from chance',
  dead: 'dead: far weaker than the others',
};

/** A first-layer kernel, told by what it responds to. */
export interface KernelDescription extends Waves {
  readonly kernel: number;
  readonly kind: KernelKind;
  /** Euclidean norm of its weights. */
  readonly norm: number;
  /**
   * Share of its energy that is difference of colours rather than light and dark: 0 grey, 1 pure
   * colour.
   */
  readonly colour: number;
}

/** Below this share of the strongest kernel's norm a kernel is dead. */
export const deadShare = 0.1;
/** From this share of its energy on a kernel is one of colour. */
const colourShare = 0.6;
const directed = 0.5;
/**
 * White noise of 11×11 has about 0.12 of its power under one peak and a single wave about 0.9; less
 * than 0.01 of its energy is its mean.
 */
const concentrated = 0.3;

/**
 * Tells every kernel of a first layer by what it is, measured from its energy, its colours and its
 * Fourier spectrum. The spectrum is that of the kernel's strongest mixture of channels (first
 * principal component), so that an edge between two colours of one lightness is seen as the edge
 * that it is.
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
    const waves = describeWaves(
      spectrum(strongestMixture(kernel, channels), height, width),
      1 / Math.max(height, width),
    );
    const colour = colourOf(kernel, channels);
    return {
      kernel: k,
      kind: kindOf(
        norms[k]!,
        strongest,
        colour,
        Math.max(waves.concentration, flatnessOf(kernel, channels)),
        waves,
      ),
      norm: norms[k]!,
      colour,
      ...waves,
    };
  });
}

function kindOf(
  norm: number,
  strongest: number,
  colour: number,
  pattern: number,
  { directedness }: Waves,
): KernelKind {
  if (norm <= deadShare * strongest) return 'dead';
  if (pattern < concentrated) return 'noise';
  if (colour >= colourShare) return 'colour';
  return directedness >= directed ? 'edge' : 'blob';
}

/** The share of its energy that is the mean of each channel: near 1 for one colour all over. */
function flatnessOf(kernel: Float32Array, channels: number): number {
  const places = kernel.length / channels;
  const energy = (values: Float32Array): number => values.reduce((sum, w) => sum + w * w, 0);
  const means = Float32Array.from({ length: channels }, (_, c) =>
    kernel.subarray(c * places, (c + 1) * places).reduce((sum, w) => sum + w / places, 0),
  );
  const all = energy(kernel);
  return all === 0 ? 0 : (places * energy(means)) / all;
}

/** Of the energy around each place's mean over the channels, its share of all. */
function colourOf(kernel: Float32Array, channels: number): number {
  const places = kernel.length / channels;
  let all = 0;
  let grey = 0;
  for (let i = 0; i < places; i++) {
    let sum = 0;
    for (let c = 0; c < channels; c++) {
      sum += kernel[c * places + i]!;
      all += kernel[c * places + i]! ** 2;
    }
    grey += sum ** 2 / channels;
  }
  return all === 0 ? 0 : 1 - grey / all;
}

/**
 * The weights of the channels, of length 1, that give the sum over the channels the most energy; by
 * power iteration.
 */
function strongestMixture(kernel: Float32Array, channels: number): Float64Array {
  const places = kernel.length / channels;
  const channel = (c: number): Float32Array => kernel.subarray(c * places, (c + 1) * places);
  let mixture = Array.from({ length: channels }, (_, c) => 1 + c / 100);
  let mixed = new Float64Array(places);
  for (let step = 0; step < 50; step++) {
    mixed = new Float64Array(places);
    for (const [c, share] of mixture.entries())
      for (const [i, w] of channel(c).entries()) mixed[i]! += share * w;
    const next = mixture.map((_, c) => channel(c).reduce((sum, w, i) => sum + w * mixed[i]!, 0));
    const length = Math.hypot(...next);
    if (length === 0) break;
    mixture = next.map((value) => value / length);
  }
  return mixed;
}
