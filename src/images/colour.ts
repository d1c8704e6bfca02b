import { ensure } from '../errors.ts';
import type { Preprocessing } from './preprocessing.ts';

/**
 * An affine map from 8-bit RGB to the network's input channels: `out[c] = Σ matrix[3c + k] · rgb[k]
 * + offset[c]`. All that is done to colours (order, scale, mean, noise, brightness, contrast,
 * saturation) is one such map, so a pixel costs the same whatever a recipe asks for.
 */
export interface ColourMap {
  /** Row by row, `[3, 3]`. */
  readonly matrix: readonly number[];
  readonly offset: readonly number[];
}

export const identityColours: ColourMap = {
  matrix: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  offset: [0, 0, 0],
};

/**
 * `(p · scale − mean) / deviation` in the network's channel order. A mean image is not part of it:
 * see {@link meanCrop}.
 */
export function normalisation({ channels, scale, mean, deviation }: Preprocessing): ColourMap {
  const order = channels === 'RGB' ? [0, 1, 2] : [2, 1, 0];
  const matrix = order.flatMap((from, c) =>
    [0, 1, 2].map((k) => (k === from ? scale / deviation[c]! : 0)),
  );
  const offset = 'tensor' in mean ? [0, 0, 0] : mean.map((m, c) => 0 - m / deviation[c]!);
  return { matrix, offset };
}

/** The map that does `first`, then `second`. */
export function compose(first: ColourMap, second: ColourMap): ColourMap {
  const row = (c: number, values: (k: number) => number): number =>
    [0, 1, 2].reduce((sum, k) => sum + second.matrix[3 * c + k]! * values(k), 0);
  return {
    matrix: [0, 1, 2].flatMap((c) => [0, 1, 2].map((k) => row(c, (j) => first.matrix[3 * j + k]!))),
    offset: [0, 1, 2].map((c) => row(c, (j) => first.offset[j]!) + second.offset[c]!),
  };
}

/**
 * The central crop of a mean image, divided by the deviation: what is subtracted from every crop,
 * wherever it was cut (as the authors' code does).
 * @param meanImage `[3, size, size]` in the network's channel order, in units of p · scale.
 * @returns `[3, crop, crop]`, or undefined where the mean is one number a channel.
 */
export function meanCrop(
  preprocessing: Preprocessing,
  meanImage?: Float32Array,
): Float32Array | undefined {
  const {
    mean,
    deviation,
    crop,
    resize: { size },
  } = preprocessing;
  if (!('tensor' in mean)) return undefined;
  ensure(
    meanImage?.length === 3 * size * size,
    `Expected a mean image of 3·${size}·${size} = ${3 * size * size} numbers (tensor ${mean.tensor}) but found ${meanImage?.length ?? 'none'}.`,
  );
  const margin = (size - crop) >> 1;
  return Float32Array.from({ length: 3 * crop * crop }, (_, i) => {
    const c = Math.floor(i / (crop * crop));
    const y = Math.floor(i / crop) % crop;
    return meanImage[(c * size + y + margin) * size + (i % crop) + margin]! / deviation[c]!;
  });
}
