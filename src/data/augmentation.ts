import type { Reading } from '../images/preprocessing.ts';

/**
 * What chance does to a training picture: plain data, part of a recipe. Everything left out is not
 * done.
 */
export interface Augmentation {
  readonly crop: Crop;
  /** The chance of a mirror image, left to right. Default 0. */
  readonly mirror?: number;
  /**
   * So many pictures one after another in a batch share the draws of their crop and their mirror
   * image (the authors' code: 32); default: each has its own.
   */
  readonly chunk?: number;
  readonly pca?: ColourNoise;
  /**
   * Each factor is drawn evenly from [1 − x, 1 + x]; applied in the order brightness, contrast,
   * saturation.
   */
  readonly jitter?: {
    readonly brightness?: number;
    readonly contrast?: number;
    readonly saturation?: number;
  };
  /** The chance that colours are taken away. */
  readonly grey?: number;
  /**
   * With this chance a rectangle of `area` (fractions of the crop) is replaced by the mean colour
   * (Zhong et al. 2017).
   */
  readonly erase?: { readonly chance: number; readonly area: readonly [number, number] };
}

/**
 * The paper's colour noise (§4.1): adds `[p1 p2 p3]·[α1s1 α2s2 α3s3]`, α ~ N(0, deviation), drawn
 * once per picture and use.
 */
export interface ColourNoise {
  readonly deviation: number;
  /**
   * What s is: `eigenvalue` (default), the paper's text, λ; `deviation`, the authors' code, √λ, and
   * the picture less its mean is then divided by 1 + deviation, so that its contrast stays near
   * that of pictures without noise.
   */
  readonly scale?: 'eigenvalue' | 'deviation';
  /** Epochs after which there is none any more. Default: it never ends. */
  readonly until?: number;
}

/**
 * - `centre`: the middle, where validation looks too: nothing is left to chance;
 * - `square`: a square of the crop's size anywhere in the central size×size square of the resized
 *   picture (the paper, Caffe);
 * - `picture`: the same anywhere in the resized picture;
 * - `resized`: a rectangle of a random `area` (fractions of the picture) and `aspect`
 *   (width/height, drawn evenly in its logarithm), resampled to the crop's size (Szegedy et al.
 *   2014);
 * - `original`: the same of the picture as it was before it is resized, so that a small area is as
 *   sharp as the photograph (torchvision's RandomResizedCrop). Of larger pictures `kept` pixels of
 *   the shorter side are kept.
 */
export type Crop =
  | { readonly from: 'centre' }
  | { readonly from: 'square' }
  | { readonly from: 'picture' }
  | {
      readonly from: 'resized';
      readonly area: readonly [number, number];
      readonly aspect: readonly [number, number];
    }
  | {
      readonly from: 'original';
      readonly area: readonly [number, number];
      readonly aspect: readonly [number, number];
      readonly kept: number;
    };

/** How a picture is read that will be augmented so; without augmentation as prediction reads it. */
export function readingFor(reading: Reading, augmentation: Augmentation | undefined): Reading {
  const { resize, colourProfile, orientation } = reading;
  const crop = augmentation?.crop;
  const colours = { ...(colourProfile && { colourProfile }), ...(orientation && { orientation }) };
  if (crop?.from !== 'original') return { resize, ...colours };
  return { resize: { how: 'shorterSide', size: crop.kept }, enlarge: false, ...colours };
}
