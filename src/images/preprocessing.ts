import type { ResampleKernel } from './resample.ts';

/**
 * From a decoded photograph to the network's input. It belongs to the model file, so that
 * prediction does what training did.
 *
 * A pixel's byte p (0–255) becomes `(p · scale − mean) / deviation`, per channel.
 *
 * What may be left out was added later: left out, it is as it was in every file before.
 */
export interface Preprocessing {
  /**
   * `shorterSide`: scaled until the shorter side has `size` pixels; `warp`: squeezed to size×size
   * (Caffe).
   */
  readonly resize: {
    readonly how: 'shorterSide' | 'warp';
    readonly size: number;
    /**
     * Where half pixels go. Ours: the longer side is rounded, and crops begin at half of what is
     * over, rounded down. `torchvision`: the longer side is truncated, and the centre crop begins
     * at half of what is over, a half pixel to the even place.
     */
    readonly geometry?: 'torchvision';
    /**
     * Whose arithmetic, in every byte, on a picture that is decoded at full size: `pillow` is
     * bilinear with antialiasing, `opencv` without. Ours: antialiased too, and JPEGs are scaled
     * while they are decoded where that is faster.
     */
    readonly kernel?: ResampleKernel;
  };
  /**
   * Ours: colours are brought to sRGB by the file's profile. torchvision and Caffe take no notice.
   */
  readonly colourProfile?: 'ignored';
  /** Ours: turned upright as EXIF says. torchvision and Caffe take no notice. */
  readonly orientation?: 'ignored';
  /** The square that is cut out: the network's input, in pixels. */
  readonly crop: number;
  /** Order of the channels in the network's input; `mean` and `deviation` are in that order. */
  readonly channels: 'RGB' | 'BGR';
  /** 1 (the networks of 2012) or 1/255 (torchvision). */
  readonly scale: number;
  /**
   * One number per channel, in units of p · scale; or the name of the model file's tensor `[3,
   * resize.size, resize.size]` that holds a mean image. Of that the central crop is taken off
   * whatever the picture's crop (the authors' code); or, `at: 'crop'`, what lies under the crop,
   * mirrored with it (Caffe).
   */
  readonly mean:
    readonly [number, number, number] | { readonly tensor: string; readonly at?: 'crop' };
  readonly deviation: readonly [number, number, number];
}

/** What of it concerns the way from a file to a resized picture, before anything is cut. */
export interface Reading extends Pick<Preprocessing, 'resize' | 'colourProfile' | 'orientation'> {
  /** Whether pictures that are smaller are made larger. Default true. */
  readonly enlarge?: boolean;
}

/** Whether two give the same pixels. */
export function sameReading(a: Reading, b: Reading): boolean {
  return (
    a.resize.how === b.resize.how &&
    a.resize.size === b.resize.size &&
    a.resize.geometry === b.resize.geometry &&
    a.resize.kernel === b.resize.kernel &&
    a.colourProfile === b.colourProfile &&
    a.orientation === b.orientation &&
    (a.enlarge ?? true) === (b.enlarge ?? true)
  );
}
