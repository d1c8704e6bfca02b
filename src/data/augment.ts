import type { Rectangle } from '../images/picture.ts';
import type { ColourMap } from '../images/colour.ts';
import { compose, identityColours } from '../images/colour.ts';
import { normal } from '../random/draws.ts';
import { bits, purposes } from '../random/philox.ts';
import type { Augmentation, ColourNoise, Crop } from './augmentation.ts';
import type { ColourStatistics } from './statistics.ts';

/** What chance decided for one use of one picture. */
export interface Drawn {
  /** In the picture as it is kept. Cut where it has the crop's size, resampled otherwise. */
  readonly box: Rectangle;
  readonly mirrored: boolean;
  /** From 8-bit RGB to changed 8-bit RGB (not clamped). Contrast turns about `grey`. */
  readonly colours: (meanGrey: () => number) => ColourMap;
  /** Multiplies the picture less its mean. */
  readonly contrast: number;
  /** A rectangle of the crop to be erased. */
  readonly erase?: Rectangle;
  /** What {@link Drawn.colours} is made of, for people. */
  readonly told: ColourDraws;
}

/** Factors, and what the colour noise adds. */
export interface ColourDraws {
  readonly brightness: number;
  readonly contrast: number;
  /** 0 where the colours were taken away. */
  readonly saturation: number;
  readonly noise?: NoiseDraw;
}

export interface NoiseDraw {
  /** α1 to α3: how far along each principal axis. */
  readonly alphas: readonly number[];
  /** To red, green and blue, in 8-bit units. */
  readonly added: readonly number[];
}

/**
 * Words of the augmentation sequence that belong to one picture; stream = epoch, counter = {@link
 * wordsPerPicture} · sample.
 */
const wordsPerPicture = 64;

/**
 * The places of each decision's words: part of what a seed means, so never changed, only added to.
 */
const place = {
  mirror: 0,
  x: 1,
  y: 2,
  rectangle: 4,
  pca: 24,
  brightness: 32,
  contrast: 33,
  saturation: 34,
  grey: 35,
  erase: 40,
} as const;

/** One use of one picture. */
export interface Use {
  readonly seed: number;
  readonly epoch: number;
  readonly sample: number;
  /** The sample whose draws of crop and mirror image this one shares. Default: its own. */
  readonly leader?: number | undefined;
  /** Of the picture as it is kept. */
  readonly width: number;
  readonly height: number;
  readonly crop: number;
  readonly statistics?: ColourStatistics | undefined;
}

/** Draws for one sample in one epoch: the same on every machine, with any number of workers. */
export function drawAugmentation(
  augmentation: Augmentation,
  { seed, epoch, sample, leader = sample, width, height, crop, statistics }: Use,
): Drawn {
  const words = bits({ seed, purpose: purposes.augmentation, stream: epoch });
  const chanceOf = (index: number): Chance => {
    const raw = new Uint32Array(wordsPerPicture);
    words(index * wordsPerPicture, wordsPerPicture, raw);
    return (i) => (raw[i]! >>> 8) / 2 ** 24;
  };
  const chance = chanceOf(sample);
  const shared = leader === sample ? chance : chanceOf(leader);
  const box = cropBox(augmentation.crop, width, height, crop, shared);
  const noise = noiseIn(augmentation, epoch);
  const told: ColourDraws = {
    ...jitterIn(augmentation, chance),
    ...(noise && statistics && { noise: drawNoise(words, sample, noise, statistics) }),
  };
  const erase = eraseBox(augmentation, crop, chance);
  return {
    box,
    mirrored: shared(place.mirror) < (augmentation.mirror ?? 0),
    colours: (meanGrey) => colourMap(told, meanGrey),
    contrast: noise?.scale === 'deviation' ? 1 / (1 + noise.deviation) : 1,
    ...(erase && { erase }),
    told,
  };
}

/** The colour noise of an epoch: it may have ended. */
function noiseIn({ pca }: Augmentation, epoch: number): ColourNoise | undefined {
  return pca?.until !== undefined && epoch >= pca.until ? undefined : pca;
}

type Chance = (place: number) => number;

function cropBox(
  crop: Crop,
  width: number,
  height: number,
  size: number,
  chance: Chance,
): Rectangle {
  if (crop.from === 'resized' || crop.from === 'original')
    return resizedBox(crop, width, height, chance);
  if (crop.from === 'centre') return centreBox(width, height, size);
  const square = crop.from === 'square' ? Math.min(width, height) : undefined;
  const within = (length: number, word: number): number => {
    const room = square ?? length;
    return ((length - room) >> 1) + Math.floor(chance(word) * (room - size + 1));
  };
  return { left: within(width, place.x), top: within(height, place.y), width: size, height: size };
}

/** Where validation looks too: in the middle of the central square. */
function centreBox(width: number, height: number, size: number): Rectangle {
  const square = Math.min(width, height);
  const begin = (length: number): number => ((length - square) >> 1) + ((square - size) >> 1);
  return { left: begin(width), top: begin(height), width: size, height: size };
}

/** Ten tries, then the largest rectangle of an allowed aspect in the middle: torchvision's rule. */
function resizedBox(
  { area, aspect }: Extract<Crop, { from: 'resized' | 'original' }>,
  width: number,
  height: number,
  chance: Chance,
): Rectangle {
  for (let attempt = 0; attempt < 10; attempt++) {
    const pixels = width * height * between(area, chance(place.rectangle + 2 * attempt));
    const ratio = Math.exp(
      between(
        [Math.log(aspect[0]), Math.log(aspect[1])],
        chance(place.rectangle + 2 * attempt + 1),
      ),
    );
    const w = Math.round(Math.sqrt(pixels * ratio));
    const h = Math.round(Math.sqrt(pixels / ratio));
    if (w < 1 || h < 1 || w > width || h > height) continue;
    return {
      left: Math.floor(chance(place.x) * (width - w + 1)),
      top: Math.floor(chance(place.y) * (height - h + 1)),
      width: w,
      height: h,
    };
  }
  const ratio = Math.min(aspect[1], Math.max(aspect[0], width / height));
  const w = Math.min(width, Math.round(height * ratio));
  const h = Math.min(height, Math.round(width / ratio));
  return { left: (width - w) >> 1, top: (height - h) >> 1, width: w, height: h };
}

function eraseBox({ erase }: Augmentation, crop: number, chance: Chance): Rectangle | undefined {
  if (!erase || chance(place.erase) >= erase.chance) return undefined;
  const pixels = crop * crop * between(erase.area, chance(place.erase + 1));
  const ratio = Math.exp(between([Math.log(0.3), Math.log(1 / 0.3)], chance(place.erase + 2)));
  const width = Math.min(crop, Math.max(1, Math.round(Math.sqrt(pixels * ratio))));
  const height = Math.min(crop, Math.max(1, Math.round(Math.sqrt(pixels / ratio))));
  return {
    left: Math.floor(chance(place.erase + 3) * (crop - width + 1)),
    top: Math.floor(chance(place.erase + 4) * (crop - height + 1)),
    width,
    height,
  };
}

/** `[p1 p2 p3]·[α1s1 α2s2 α3s3]`, in 8-bit units; eigenvalues are of colours from 0 to 1. */
function drawNoise(
  words: ReturnType<typeof bits>,
  sample: number,
  { deviation, scale }: ColourNoise,
  { eigenvalues, eigenvectors }: ColourStatistics,
): NoiseDraw {
  const alphas = new Float64Array(3);
  normal(words, alphas, deviation, sample * wordsPerPicture + place.pca);
  const sizes = scale === 'deviation' ? eigenvalues.map((value) => Math.sqrt(value)) : eigenvalues;
  const added = [0, 1, 2].map(
    (c) =>
      255 * [0, 1, 2].reduce((sum, k) => sum + eigenvectors[k]![c]! * alphas[k]! * sizes[k]!, 0),
  );
  return { alphas: [...alphas], added };
}

const greyWeights = [0.299, 0.587, 0.114] as const;

function jitterIn(
  { jitter = {}, grey = 0 }: Augmentation,
  chance: Chance,
): Omit<ColourDraws, 'noise'> {
  const factor = (strength: number | undefined, word: number): number =>
    strength ? between([1 - strength, 1 + strength], chance(word)) : 1;
  return {
    brightness: factor(jitter.brightness, place.brightness),
    contrast: factor(jitter.contrast, place.contrast),
    saturation:
      grey > 0 && chance(place.grey) < grey ? 0 : factor(jitter.saturation, place.saturation),
  };
}

function colourMap(
  { brightness, contrast, saturation, noise }: ColourDraws,
  meanGrey: () => number,
): ColourMap {
  let map = identityColours;
  if (brightness !== 1 || contrast !== 1)
    map = scaled(
      brightness * contrast,
      contrast === 1 ? 0 : (1 - contrast) * brightness * meanGrey(),
    );
  if (saturation !== 1)
    map = compose(map, {
      matrix: [0, 1, 2].flatMap((c) =>
        [0, 1, 2].map((k) => (1 - saturation) * greyWeights[k]! + (c === k ? saturation : 0)),
      ),
      offset: [0, 0, 0],
    });
  return noise ? compose(map, { ...identityColours, offset: noise.added }) : map;
}

function scaled(gain: number, add: number): ColourMap {
  return { matrix: [gain, 0, 0, 0, gain, 0, 0, 0, gain], offset: [add, add, add] };
}

function between([low, high]: readonly [number, number], chance: number): number {
  return low + (high - low) * chance;
}
