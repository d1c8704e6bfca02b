import type { ReluRule, Session } from '../engine/engine.ts';
import { volume, inferShapes } from '../network/shapes.ts';
import { startOf } from './target.ts';
import type { Target } from './target.ts';
import { inParts } from './work.ts';
import type { Work } from './work.ts';

/**
 * `count` images that are made when they are needed: `write(n, out)` fills the n-th `[c, h, w]`.
 */
export interface Images {
  readonly count: number;
  readonly write: (n: number, out: Float32Array) => void;
}

export interface GradientsOptions extends Work {
  /** ReLU's rule backward. Default `plain`. */
  readonly relu?: ReluRule;
}

/**
 * One image's input gradient, and the target's own value there. Both are valid during the call
 * only.
 */
export type TakeGradient = (gradient: Float32Array, value: number, n: number) => void;

/**
 * The gradient of one number inside the network with respect to the input, for many images, in
 * batches of the session's.
 * @param session mode `inspection` or `training`, keeping the input and the target's layer ({@link
 * keepForExplaining}).
 */
export async function inputGradients(
  session: Session,
  images: Images,
  target: Target,
  { relu = 'plain', ...work }: GradientsOptions,
  take: TakeGradient,
): Promise<void> {
  const { network } = session;
  const size = volume(inferShapes(network)[0]!.output);
  await inParts(images.count, session.batch, work, async (first, count) => {
    const batch = new Float32Array(count * size);
    for (let n = 0; n < count; n++)
      images.write(first + n, batch.subarray(n * size, (n + 1) * size));
    await session.forward(batch);
    const values = await session.activation(target.layer);
    await session.backward(target.layer, startOf(network, target, count), { relu });
    const gradients = await session.activationGradient(network[0]!.name);
    for (let n = 0; n < count; n++)
      take(
        gradients.subarray(n * size, (n + 1) * size),
        values[(n * values.length) / count + target.unit]!,
        first + n,
      );
  });
}

/** The gradient at one image, `[c, h, w]`. */
export async function inputGradient(
  session: Session,
  image: Float32Array,
  target: Target,
  options: GradientsOptions = {},
): Promise<Float32Array> {
  let gradient = new Float32Array(0);
  await inputGradients(
    session,
    { count: 1, write: (_, out) => out.set(image) },
    target,
    options,
    (found) => {
      gradient = found.slice();
    },
  );
  return gradient;
}

/**
 * How much the target would change with each number of the input: |∂target/∂input|, `[c, h, w]`
 * (Simonyan, Vedaldi, Zisserman 2013, arXiv 1312.6034, §3).
 */
export async function saliency(
  session: Session,
  image: Float32Array,
  target: Target,
): Promise<Float32Array> {
  return (await inputGradient(session, image, target)).map(Math.abs);
}

/**
 * The gradient where every ReLU lets pass only what is positive on both ways, `[c, h, w]`
 * (Springenberg et al. 2014, arXiv 1412.6806).
 */
export function guidedBackpropagation(
  session: Session,
  image: Float32Array,
  target: Target,
): Promise<Float32Array> {
  return inputGradient(session, image, target, { relu: 'guided' });
}

/**
 * The target projected down to the pixels, `[c, h, w]`: convolutions transposed, maxima put back
 * where they stood ("switches"), and at every ReLU only what is positive on the way down (Zeiler
 * and Fergus 2013, arXiv 1311.2901, §2.1). LRN, which that paper does not undo, passes by its
 * gradient.
 */
export function deconvnet(
  session: Session,
  image: Float32Array,
  target: Target,
): Promise<Float32Array> {
  return inputGradient(session, image, target, { relu: 'deconvnet' });
}
