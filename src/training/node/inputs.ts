import type { Dataset } from '../../data/dataset.ts';
import type { Measured } from '../../data/measure.ts';
import { measureColours } from '../../data/measure.ts';
import type { ColourStatistics } from '../../data/statistics.ts';
import type { DataWorkers } from '../../data/workers.ts';
import type { Preprocessing } from '../../images/preprocessing.ts';
import type { Settings } from '../core/settings.ts';

/** How pictures become the network's input, with what was measured for it. */
export interface Inputs {
  readonly preprocessing: Preprocessing;
  readonly meanImage?: Float32Array;
  readonly statistics?: ColourStatistics;
}

type Triple = readonly [number, number, number];

/**
 * Measures the training pictures where the settings ask for their own mean, deviation or principal
 * components.
 */
export async function inputsFor(
  settings: Settings,
  crop: number,
  dataset: Dataset,
  workers: DataWorkers,
): Promise<Inputs> {
  const { preprocessing, augmentation } = settings;
  const resize = { how: preprocessing.resize, size: preprocessing.size ?? sizeFor(crop) };
  const meanImage = preprocessing.mean === 'image' || preprocessing.mean === 'imageAtCrop';
  if (
    !meanImage &&
    preprocessing.mean !== 'colour' &&
    preprocessing.deviation !== 'colour' &&
    !augmentation.pca &&
    !augmentation.erase
  ) {
    return {
      preprocessing: {
        resize,
        crop,
        channels: preprocessing.channels,
        scale: preprocessing.scale,
        mean: preprocessing.mean,
        deviation: preprocessing.deviation,
      },
    };
  }
  const measured = await measureColours(dataset, { resize, workers, meanImage });
  return fromMeasured(settings, resize, crop, measured);
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

function meanOf(mean: Settings['preprocessing']['mean'], colour: Triple): Preprocessing['mean'] {
  switch (mean) {
    case 'image':
      return { tensor: 'mean' };
    case 'imageAtCrop':
      return { tensor: 'mean', at: 'crop' };
    case 'colour':
      return colour;
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
