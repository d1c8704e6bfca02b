import type { Preprocessing } from '../images/preprocessing.ts';
import type { Variant } from '../network/variants.ts';

/** ImageNet's mean colour as Caffe's users write it: B, G, R on the scale of 0 to 255. */
export const caffeMean = [104.00698793, 116.66876762, 122.67891434] as const;

/** Neither torchvision nor Caffe looks at colour profiles or EXIF. */
const pixelsAsStored = { colourProfile: 'ignored', orientation: 'ignored' } as const;

/**
 * What published weights of a variant were trained on. Pictures are 8/7 of the crop before it is
 * cut (256 for 224), or 256 where the crop is 227. torchvision and Caffe get their own arithmetic.
 */
export function publishedPreprocessing(variant: Variant | undefined, crop: number): Preprocessing {
  const larger = crop === 227 ? 256 : Math.round((crop * 8) / 7);
  const unit = [1, 1, 1] as const;
  if (variant === 'torchvision') {
    return {
      resize: { how: 'shorterSide', size: larger, geometry: 'torchvision', kernel: 'pillow' },
      ...pixelsAsStored,
      crop,
      channels: 'RGB',
      scale: 1 / 255,
      mean: [0.485, 0.456, 0.406],
      deviation: [0.229, 0.224, 0.225],
    };
  }
  if (variant === 'caffe' || variant === 'caffenet') {
    return {
      resize: { how: 'warp', size: larger, kernel: 'opencv' },
      ...pixelsAsStored,
      crop,
      channels: 'BGR',
      scale: 1,
      mean: caffeMean,
      deviation: unit,
    };
  }
  const [blue, green, red] = caffeMean;
  return {
    resize: { how: 'shorterSide', size: variant === 'small' ? crop : larger },
    crop,
    channels: 'RGB',
    scale: 1,
    mean: [red, green, blue],
    deviation: unit,
  };
}
