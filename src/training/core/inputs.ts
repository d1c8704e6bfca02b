import type { Measured } from '../../data/measure.ts';
import type { ColourStatistics } from '../../data/statistics.ts';
import type { Preprocessing } from '../../images/preprocessing.ts';
import type { Blueprint } from './blueprint.ts';
import type { Settings } from './settings.ts';

/** How pictures become the network's input, with what was measured for it. */
export interface Inputs {
  readonly preprocessing: Preprocessing;
  readonly meanImage?: Float32Array;
  readonly statistics?: ColourStatistics;
}

type Triple = readonly [number, number, number];

/** Measures the training pictures' colours. @param meanImage whether a mean image is wanted. */
export type Measure = (resize: Preprocessing['resize'], meanImage: boolean) => Promise<Measured>;

/**
 * How pictures become the network's input. The training pictures are measured where the settings
 * ask for their own mean, deviation or principal components.
 */
export async function inputsFor(
  { settings, model, input }: Pick<Blueprint, 'settings' | 'model' | 'input'>,
  measure: Measure,
): Promise<Inputs> {
  const ownNetwork = settings.variant !== null || settings.network !== undefined;
  if (model === undefined || ownNetwork) return inputsOf(settings, input, measure);
  // A model's own preprocessing goes on to hold; only what chance needs is measured anew.
  const { preprocessing, meanImage } = model;
  const { statistics } = await inputsOf(settings, preprocessing.crop, measure);
  return { preprocessing, ...(meanImage && { meanImage }), ...(statistics && { statistics }) };
}

async function inputsOf(settings: Settings, crop: number, measure: Measure): Promise<Inputs> {
  const { resize: how, size, channels, scale, mean, deviation } = settings.preprocessing;
  const { pca, erase } = settings.augmentation;
  const resize = { how, size: size ?? sizeFor(crop) };
  const given = typeof mean !== 'string' && typeof deviation !== 'string';
  if (given && !pca && !erase)
    return { preprocessing: { resize, crop, channels, scale, mean, deviation } };
  const meanImage = mean === 'image' || mean === 'imageAtCrop';
  return fromMeasured(settings, resize, crop, await measure(resize, meanImage));
}

function fromMeasured(
  { preprocessing }: Settings,
  resize: Preprocessing['resize'],
  crop: number,
  { statistics, meanImage }: Measured,
): Inputs {
  const { channels, scale, mean, deviation } = preprocessing;
  const own = ([red, green, blue]: Triple): Triple => {
    const inUnits = [red, green, blue].map((fraction) => fraction * 255 * scale) as [
      number,
      number,
      number,
    ];
    return channels === 'RGB' ? inUnits : (inUnits.toReversed() as [number, number, number]);
  };
  const atLeastOne = ([a, b, c]: Triple): Triple => [
    Math.max(a, scale),
    Math.max(b, scale),
    Math.max(c, scale),
  ];
  return {
    preprocessing: {
      resize,
      crop,
      channels,
      scale,
      mean: meanOf(mean, own(statistics.mean)),
      deviation: deviation === 'colour' ? atLeastOne(own(statistics.deviation)) : deviation,
    },
    statistics,
    ...(meanImage && { meanImage: reordered(meanImage, channels, scale) }),
  };
}

function meanOf(mean: Settings['preprocessing']['mean'], measured: Triple): Preprocessing['mean'] {
  switch (mean) {
    case 'image':
      return { tensor: 'mean' };
    case 'imageAtCrop':
      return { tensor: 'mean', at: 'crop' };
    case 'colour':
      return measured;
    default:
      return mean;
  }
}

/** 256 for inputs of 224 and 227; larger by the same eighth for others: 37 for 32, 73 for 64. */
export function sizeFor(crop: number): number {
  return crop >= 224 && crop <= 256 ? 256 : Math.round((crop * 8) / 7);
}

/** A mean image `[3, size, size]` of RGB bytes in the network's channel order and scale. */
function reordered(
  image: Float32Array,
  channels: Preprocessing['channels'],
  scale: number,
): Float32Array {
  const plane = image.length / 3;
  const out = new Float32Array(image.length);
  for (let c = 0; c < 3; c++) {
    const from = channels === 'RGB' ? c : 2 - c;
    for (let i = 0; i < plane; i++) out[c * plane + i] = image[from * plane + i]! * scale;
  }
  return out;
}
