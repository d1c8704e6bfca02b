import { ensure } from '../errors.ts';
import type { Session } from '../engine/engine.ts';
import { normal } from '../random/draws.ts';
import { bits, purposes } from '../random/philox.ts';
import { inputGradients } from './gradients.ts';
import type { Target } from './target.ts';
import type { Work } from './work.ts';

export interface SmoothGradOptions extends Work {
  /** Noisy copies. Default 50, from which on the paper saw little change. */
  readonly samples?: number;
  /**
   * Standard deviation of the noise, as a share of the image's largest minus its smallest number.
   * Default 0.15.
   */
  readonly noise?: number;
  /** Where the noise is drawn from. Default 0. */
  readonly seed?: number;
}

/**
 * The mean gradient over noisy copies of the image, `[c, h, w]`: a single gradient jumps from pixel
 * to pixel, its mean does not (Smilkov et al. 2017, arXiv 1706.03825).
 */
export async function smoothGrad(
  session: Session,
  image: Float32Array,
  target: Target,
  { samples = 50, noise = 0.15, seed = 0, ...work }: SmoothGradOptions = {},
): Promise<Float32Array> {
  ensure(
    Number.isInteger(samples) && samples > 0,
    () => `Expected samples to be a whole number above zero but found ${samples}.`,
  );
  ensure(
    noise >= 0 && Number.isFinite(noise),
    () => `Expected noise to be a share of the image's range, 0 or more, but found ${noise}.`,
  );
  const deviation = noise * range(image);
  const mean = new Float64Array(image.length);
  const write = (n: number, out: Float32Array): void => {
    normal(bits({ seed, purpose: purposes.insight, stream: n }), out, deviation);
    for (let i = 0; i < out.length; i++) out[i]! += image[i]!;
  };
  await inputGradients(session, { count: samples, write }, target, work, (gradient) => {
    for (let i = 0; i < gradient.length; i++) mean[i]! += gradient[i]! / samples;
  });
  return Float32Array.from(mean);
}

function range(values: Float32Array): number {
  let least = Infinity;
  let largest = -Infinity;
  for (const value of values) {
    if (value < least) least = value;
    if (value > largest) largest = value;
  }
  return largest - least;
}
