import type { Preprocessing } from './preprocessing.ts';

export type Resize = Preprocessing['resize'];

export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Fit {
  readonly width: number;
  readonly height: number;
  /** The middle of a very long picture, which is all that is looked at. */
  readonly cut?: Rectangle;
}

/** A picture more than this many times longer than wide is cut to its middle first: a 1×3000 strip would become 256×768000. */
export const longestAspect = 4;

/**
 * The size a width×height picture is resized to. The longer side is rounded to the nearest pixel.
 * @param enlarge whether a picture that is smaller than asked for is made larger. Default yes.
 */
export function fit(width: number, height: number, resize: Resize, enlarge = true): Fit {
  if (resize.how === 'warp') return { width: resize.size, height: resize.size };
  const shorter = Math.min(width, height);
  const longest = shorter * longestAspect;
  const cutWidth = Math.min(width, longest);
  const cutHeight = Math.min(height, longest);
  const factor = (enlarge ? resize.size : Math.min(resize.size, shorter)) / shorter;
  const size = { width: Math.round(cutWidth * factor), height: Math.round(cutHeight * factor) };
  if (cutWidth === width && cutHeight === height) return size;
  return { ...size, cut: { left: (width - cutWidth) >> 1, top: (height - cutHeight) >> 1, width: cutWidth, height: cutHeight } };
}
