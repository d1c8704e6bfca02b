/**
 * From a decoded photograph to the network's input. It belongs to the model file, so that
 * prediction does what training did.
 *
 * A pixel's byte p (0–255) becomes `(p · scale − mean) / deviation`, per channel.
 */
export interface Preprocessing {
  /**
   * `shorterSide`: scaled until the shorter side has `size` pixels; `warp`: squeezed to size×size
   * (Caffe).
   */
  readonly resize: { readonly how: 'shorterSide' | 'warp'; readonly size: number };
  /** The square that is cut out: the network's input, in pixels. */
  readonly crop: number;
  /** Order of the channels in the network's input; `mean` and `deviation` are in that order. */
  readonly channels: 'RGB' | 'BGR';
  /** 1 (the networks of 2012) or 1/255 (torchvision). */
  readonly scale: number;
  /**
   * One number a channel, in units of p · scale; or the name of the model file's tensor `[3,
   * resize.size, resize.size]` that holds a mean image, cut at the same place as the crop's centre.
   */
  readonly mean: readonly [number, number, number] | { readonly tensor: string };
  readonly deviation: readonly [number, number, number];
}
