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
  /** Whether no side grows and one shrinks. */
  readonly smaller: boolean;
  /** The middle of a very long picture, which is all that is looked at. */
  readonly cut?: Rectangle;
}

/**
 * A picture more than this many times longer than wide is cut to its middle first: a 1×3000 strip
 * would become 256×768000.
 */
export const longestAspect = 4;

/**
 * The size a width×height picture is resized to. The longer side is rounded to the nearest pixel.
 */
export function fit(width: number, height: number, resize: Resize): Fit {
  if (resize.how === 'warp')
    return {
      width: resize.size,
      height: resize.size,
      smaller: width >= resize.size && height >= resize.size && width + height > 2 * resize.size,
    };
  const shorter = Math.min(width, height);
  const longest = shorter * longestAspect;
  const cut = { width: Math.min(width, longest), height: Math.min(height, longest) };
  const factor = resize.size / shorter;
  const size = {
    width: Math.round(cut.width * factor),
    height: Math.round(cut.height * factor),
    smaller: factor < 1,
  };
  if (cut.width === width && cut.height === height) return size;
  return {
    ...size,
    cut: { left: (width - cut.width) >> 1, top: (height - cut.height) >> 1, ...cut },
  };
}
