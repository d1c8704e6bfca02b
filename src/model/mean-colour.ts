import type { Model } from './model.ts';

/** The model with its mean image's mean colour in the place of the image, where it has one. */
export function withMeanColour(model: Model): Model {
  const { meanImage, preprocessing, ...rest } = model;
  if (meanImage === undefined || !('tensor' in preprocessing.mean)) return model;
  const plane = meanImage.length / 3;
  const colour = (channel: number): number => {
    const part = meanImage.subarray(channel * plane, (channel + 1) * plane);
    return part.reduce((sum, value) => sum + value, 0) / plane;
  };
  return { ...rest, preprocessing: { ...preprocessing, mean: [colour(0), colour(1), colour(2)] } };
}
