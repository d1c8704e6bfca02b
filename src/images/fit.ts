import { torchvisionSize } from './geometry.ts';
import type { Rectangle } from './picture.ts';
import type { Preprocessing } from './preprocessing.ts';
import type { ResampleKernel } from './resample.ts';

export type Resize = Preprocessing['resize'];

export interface Fit {
  readonly width: number;
  readonly height: number;
  /** Whether no side grows and one shrinks. */
  readonly smaller: boolean;
  /** The middle of a very long picture, which is all that is looked at. */
  readonly cut?: Rectangle;
}

/** What a resampling like its makers' gives: a window of the whole result. */
export interface ExactFit {
  readonly width: number;
  readonly height: number;
  readonly kernel: ResampleKernel;
  /** All of it, or the middle of a very long picture. */
  readonly window: Rectangle;
}

/**
 * A picture more than this many times longer than wide is cut to its middle first: a 1×3000 strip
 * would become 256×768000.
 */
export const longestAspect = 4;

/** The size a width×height picture is resized to. */
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
  const size = { ...wholeSize(cut.width, cut.height, resize), smaller: resize.size < shorter };
  if (cut.width === width && cut.height === height) return size;
  return {
    ...size,
    cut: { left: (width - cut.width) >> 1, top: (height - cut.height) >> 1, ...cut },
  };
}

/** The same where the resampling is to be its makers'; undefined where it is ours. */
export function exactFit(width: number, height: number, resize: Resize): ExactFit | undefined {
  if (resize.kernel === undefined) return undefined;
  const whole = wholeSize(width, height, resize);
  const across = middle(whole.width, resize.size);
  const down = middle(whole.height, resize.size);
  return {
    ...whole,
    kernel: resize.kernel,
    window: { left: across.begin, top: down.begin, width: across.length, height: down.length },
  };
}

function wholeSize(
  width: number,
  height: number,
  { how, size, geometry }: Resize,
): { readonly width: number; readonly height: number } {
  if (how === 'warp') return { width: size, height: size };
  if (geometry === 'torchvision') return torchvisionSize(width, height, size);
  const factor = size / Math.min(width, height);
  return { width: Math.round(width * factor), height: Math.round(height * factor) };
}

/**
 * The middle of a side that is very long. It begins at an even pixel and ends as far from the other
 * end, so that a centre crop of it lies where that of the whole side does.
 */
function middle(side: number, size: number): { readonly begin: number; readonly length: number } {
  const over = Math.max(0, side - size * longestAspect);
  const begin = 2 * Math.floor(over / 4);
  return { begin, length: side - 2 * begin };
}
