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
 * What a mean image takes off: {@link meanCrop}, or all of it divided by the deviation where it
 * moves with the crop.
 */
export function meanPlanes(
  preprocessing: Preprocessing,
  meanImage?: Float32Array,
): Float32Array | undefined {
  if (!movesWithCrop(preprocessing)) return meanCrop(preprocessing, meanImage);
  const { size } = preprocessing.resize;
  return meanCrop({ ...preprocessing, crop: size }, meanImage);
}

/** Where a crop lies in the central size×size square. */
export interface CropPlace {
  readonly x: number;
  readonly y: number;
  readonly mirrored: boolean;
}

/**
 * What is taken off one crop, `[3, crop, crop]`.
 * @param planes as {@link meanPlanes} gives them.
 */
export function meanUnder(
  planes: Float32Array | undefined,
  preprocessing: Preprocessing,
  { x, y, mirrored }: CropPlace,
): Float32Array | undefined {
  if (planes === undefined || !movesWithCrop(preprocessing)) return planes;
  const { crop, resize } = preprocessing;
  const out = new Float32Array(3 * crop * crop);
  for (let row = 0; row < 3 * crop; row++) {
    const line = Math.floor(row / crop) * resize.size + y + (row % crop);
    const from = line * resize.size + x;
    const under = planes.subarray(from, from + crop);
    out.set(mirrored ? under.toReversed() : under, row * crop);
  }
  return out;
}

/** Whether a mean image is taken off where the crop lies, and mirrored with it. */
export function movesWithCrop({ mean }: Preprocessing): boolean {
  return 'tensor' in mean && mean.at === 'crop';
}

/**
 * The central crop of a mean image, divided by the deviation: what is subtracted from every crop,
 * wherever it was cut (as the authors' code does).
 * @param meanImage `[3, size, size]` in the network's channel order, in units of p · scale.
 * @returns `[3, crop, crop]`, or undefined where the mean is one number per channel.
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
    `Expected a mean image of 3·${size}·${size} = ${3 * size * size} numbers ` +
      `(tensor ${mean.tensor}) but found ${meanImage?.length ?? 'none'}.`,
  );
  const margin = (size - crop) >> 1;
  return Float32Array.from({ length: 3 * crop * crop }, (_, i) => {
    const c = Math.floor(i / (crop * crop));
    const y = Math.floor(i / crop) % crop;
    return meanImage[(c * size + y + margin) * size + (i % crop) + margin]! / deviation[c]!;
  });
}
