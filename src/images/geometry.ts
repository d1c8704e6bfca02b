import { roundHalfEven } from './rounding.ts';

/**
 * torchvision's `Resize(size)`: the shorter side becomes `size`, the longer one is cut down to a
 * whole number.
 */
export function torchvisionSize(
  width: number,
  height: number,
  size: number,
): { readonly width: number; readonly height: number } {
  const longer = Math.trunc((size * Math.max(width, height)) / Math.min(width, height));
  return width <= height ? { width: size, height: longer } : { width: longer, height: size };
}

/**
 * Where torchvision's `CenterCrop(crop)` begins on a side: half of what is over, a half pixel to
 * the even place.
 */
export function torchvisionOffset(side: number, crop: number): number {
  return roundHalfEven((side - crop) / 2);
}

/** Where Caffe's centre crop begins on a side: half of what is over, rounded down. */
export function caffeOffset(side: number, crop: number): number {
  return Math.floor((side - crop) / 2);
}
