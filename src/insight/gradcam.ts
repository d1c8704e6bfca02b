import type { Session } from '../engine/engine.ts';
import type { Shape } from '../network/layer.ts';
import { findLayer, inferShapes, volume } from '../network/shapes.ts';
import { guidedBackpropagation } from './gradients.ts';
import { overInput, receptiveCentres } from './receptive.ts';
import { lastMaps, startOf } from './target.ts';
import type { Target } from './target.ts';

export interface GradCam {
  readonly layer: string;
  /** The layer's output shape. */
  readonly shape: Shape;
  /** `[h, w]` of the layer: `max(0, Σ_k weight_k · map_k)`. */
  readonly values: Float32Array;
  /** One a channel: the mean gradient of the target over the channel's places. */
  readonly weights: Float32Array;
  /** The values over the input, `[h, w]` of the input: see {@link overInput}. */
  readonly overInput: Float32Array;
}

export interface GradCamOptions {
  /** A kept layer with maps. Default: the last convolution's ReLU. */
  readonly layer?: string;
}

/**
 * Where in the photograph the network finds what speaks for the target: the maps of a deep layer,
 * each weighted by how much the target grows with it on the mean, summed, negative sums cut off
 * (Selvaraju et al. 2016, arXiv 1610.02391).
 */
export async function gradCam(
  session: Session,
  image: Float32Array,
  target: Target,
  { layer = lastMaps(session.network) }: GradCamOptions = {},
): Promise<GradCam> {
  const shapes = inferShapes(session.network);
  const shape = findLayer(shapes, layer).output;
  await session.forward(image);
  const maps = await session.activation(layer);
  await session.backward(target.layer, startOf(session.network, target, 1));
  const weights = channelMeans(await session.activationGradient(layer), shape);
  const values = weightedSum(maps, weights, shape).map((sum) => Math.max(0, sum));
  return {
    layer,
    shape,
    values,
    weights,
    overInput: overInput(values, receptiveCentres(session.network, layer), shapes[0]!.output),
  };
}

/**
 * Grad-CAM over the input times guided backpropagation, `[c, h, w]`: fine lines, only where the
 * class is (Selvaraju et al. §3.2).
 */
export async function guidedGradCam(
  session: Session,
  image: Float32Array,
  target: Target,
  options: GradCamOptions = {},
): Promise<Float32Array> {
  const { overInput: where } = await gradCam(session, image, target, options);
  const guided = await guidedBackpropagation(session, image, target);
  return guided.map((value, i) => value * where[i % where.length]!);
}

function channelMeans(maps: Float32Array, shape: Shape): Float32Array {
  const places = volume(shape) / shape[0];
  return Float32Array.from(
    { length: shape[0] },
    (_, c) =>
      maps.subarray(c * places, (c + 1) * places).reduce((sum, value) => sum + value, 0) / places,
  );
}

function weightedSum(
  maps: Float32Array,
  weights: Float32Array,
  [channels, height, width]: Shape,
): Float32Array {
  const sums = new Float32Array(height * width);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < sums.length; i++) sums[i]! += weights[c]! * maps[c * sums.length + i]!;
  }
  return sums;
}
