import { ensure } from '../errors.ts';
import type { Session } from '../engine/engine.ts';
import { inputGradients } from './gradients.ts';
import type { Images } from './gradients.ts';
import { gaussLegendre } from './quadrature.ts';
import type { Target } from './target.ts';
import type { Work } from './work.ts';

export interface IntegratedGradientsOptions extends Work {
  /**
   * Where the path starts, `[c, h, w]`. Default zeros: with the mean subtracted, a picture of the
   * mean colour.
   */
  readonly baseline?: Float32Array;
  /**
   * Points on the path. Default: 32, doubled up to `maximumSteps` until the sum is within
   * `tolerance`.
   */
  readonly steps?: number;
  /** How far the sum may be from the difference of the outputs, as a share of it. Default 0.005. */
  readonly tolerance?: number;
  /** Default 1024. */
  readonly maximumSteps?: number;
}

export interface IntegratedGradients {
  /** What each number of the input adds to the target, `[c, h, w]`. */
  readonly values: Float32Array;
  readonly sum: number;
  /**
   * The target at the image less the target at the baseline: what `sum` would be with a path of
   * endless steps.
   */
  readonly difference: number;
  readonly steps: number;
}

/**
 * (image − baseline) · ∫₀¹ ∂target/∂input at baseline + t·(image − baseline) dt, by Gauss and
 * Legendre's rule: shares of the output that sum to its change (Sundararajan, Taly, Yan 2017, arXiv
 * 1703.01365).
 */
export async function integratedGradients(
  session: Session,
  image: Float32Array,
  target: Target,
  options: IntegratedGradientsOptions = {},
): Promise<IntegratedGradients> {
  const {
    baseline = new Float32Array(image.length),
    steps,
    tolerance = 0.005,
    maximumSteps = 1024,
    ...work
  } = options;
  ensure(
    baseline.length === image.length,
    () =>
      `Expected a baseline of ${image.length} numbers, as many as the image has, but found ` +
      `${baseline.length}.`,
  );
  ensure(
    steps === undefined || (Number.isInteger(steps) && steps > 0),
    () => `Expected steps to be a whole number above zero but found ${steps}.`,
  );
  const difference = await change(session, image, baseline, target);
  let tried = steps ?? 32;
  for (;;) {
    const values = await integrate(session, image, baseline, target, tried, work);
    const sum = values.reduce((total, value) => total + value, 0);
    const near = Math.abs(sum - difference) <= tolerance * Math.abs(difference);
    if (near || steps !== undefined || tried * 2 > maximumSteps)
      return { values: Float32Array.from(values), sum, difference, steps: tried };
    tried *= 2;
  }
}

async function change(
  session: Session,
  image: Float32Array,
  baseline: Float32Array,
  target: Target,
): Promise<number> {
  const values: number[] = [];
  for (const one of [image, baseline]) {
    await session.forward(one);
    values.push((await session.activation(target.layer))[target.unit]!);
  }
  return values[0]! - values[1]!;
}

async function integrate(
  session: Session,
  image: Float32Array,
  baseline: Float32Array,
  target: Target,
  steps: number,
  work: Work,
): Promise<Float64Array> {
  const { nodes, weights } = await gaussLegendre(steps, work.signal);
  const mean = new Float64Array(image.length);
  const path: Images = {
    count: steps,
    write: (n, out) => {
      for (let i = 0; i < out.length; i++)
        out[i] = baseline[i]! + nodes[n]! * (image[i]! - baseline[i]!);
    },
  };
  await inputGradients(session, path, target, work, (gradient, _, n) => {
    for (let i = 0; i < mean.length; i++) mean[i]! += weights[n]! * gradient[i]!;
  });
  return mean.map((value, i) => value * (image[i]! - baseline[i]!));
}
