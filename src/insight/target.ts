import { AlexNetError, UsageError } from '../errors.ts';
import type { Network } from '../network/layer.ts';
import { findLayer, formatShape, inferShapes, volume } from '../network/shapes.ts';
import type { LayerShape } from '../network/shapes.ts';

/**
 * One number inside the network that is to be explained: number `unit` of a layer's output `[c, h,
 * w]`, = c·h·w + y·w + x.
 */
export interface Target {
  readonly layer: string;
  readonly unit: number;
}

/** The layer whose output softmax turns into probabilities: the scores, "logits". */
export function logitsLayer(network: Network): string {
  return network.at(-2)!.name;
}

/**
 * The logit of a class: what is explained when one asks "why this class". Not its probability,
 * whose gradient vanishes when the network is sure and also moves with every other class.
 * @throws {UsageError} for a class that the network does not have.
 */
export function classTarget(network: Network, classIndex: number): Target {
  const classes = inferShapes(network).at(-1)!.output[0];
  if (!Number.isInteger(classIndex) || classIndex < 0 || classIndex >= classes) {
    throw new UsageError(
      `There is no class ${classIndex}: this network has ${classes} classes, numbered 0 to ` +
        `${classes - 1}.`,
    );
  }
  return { layer: logitsLayer(network), unit: classIndex };
}

/** @throws {UsageError} for a layer or a channel that the network does not have. */
export function findChannel(network: Network, layer: string, channel: number): LayerShape {
  const shape = findLayer(inferShapes(network), layer);
  const [channels] = shape.output;
  if (!Number.isInteger(channel) || channel < 0 || channel >= channels) {
    throw new UsageError(
      `Layer "${layer}" has no channel ${channel}: its output is ` +
        `${formatShape(shape.output)}, with channels 0 to ${channels - 1}.`,
    );
  }
  return shape;
}

/** The gradient that `Session.backward` starts from, for the same target in `count` images. */
export function startOf(network: Network, { layer, unit }: Target, count: number): Float32Array {
  const size = volume(findLayer(inferShapes(network), layer).output);
  const gradient = new Float32Array(count * size);
  for (let n = 0; n < count; n++) gradient[n * size + unit] = 1;
  return gradient;
}

/**
 * The last convolution's ReLU: the deepest layer whose maps still have places, where Grad-CAM
 * looks.
 */
export function lastMaps(network: Network): string {
  const convolution = network.findLastIndex(({ type }) => type === 'convolution');
  if (convolution < 0)
    throw new AlexNetError(
      'Expected a network with a convolution, but this one has none, so it has no feature ' +
        'maps to look at.',
    );
  const relu = network.findIndex(({ type }, index) => index > convolution && type === 'relu');
  return network[relu < 0 ? convolution : relu]!.name;
}

/**
 * What a session must keep so that every method of this folder works on it: the input, the maps and
 * the scores.
 */
export function keepForExplaining(network: Network, maps: string = lastMaps(network)): string[] {
  return [...new Set([network[0]!.name, maps, logitsLayer(network)])];
}
