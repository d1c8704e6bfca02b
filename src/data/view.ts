import { loadPixelKernels } from '../images/workbench.ts';
import { meanPlanes, meanUnder } from '../images/colour.ts';
import { caffeOffset } from '../images/geometry.ts';
import type { Picture } from '../images/picture.ts';
import type { Preprocessing } from '../images/preprocessing.ts';
import { drawAugmentation } from './augment.ts';
import type { Drawn } from './augment.ts';
import type { Augmentation } from './augmentation.ts';
import { makeInput } from './input.ts';
import type { ColourStatistics } from './statistics.ts';

/** How training changes pictures by chance: what `openBatches` is told. */
export interface ViewPlan {
  readonly preprocessing: Preprocessing;
  readonly meanImage?: Float32Array;
  readonly augmentation: Augmentation;
  readonly statistics?: ColourStatistics;
  readonly seed: number;
}

/** One picture as a training batch of one epoch has it. */
export interface View {
  /** `[3, crop, crop]`. */
  readonly input: Float32Array;
  readonly drawn: Drawn;
  /** What a mean image took off, `[3, crop, crop]`; undefined where the mean is a colour. */
  readonly subtracted: Float32Array | undefined;
}

export interface ViewAt {
  readonly epoch: number;
  /** Which of `dataset.samples`. */
  readonly sample: number;
  /** The sample whose crop and mirror image it shares. Default: its own. */
  readonly leader?: number;
}

/**
 * What a training batch holds of one picture in one epoch, by the functions that fill it.
 * @param picture as `readSource` gives it by the reading of `readingFor`.
 */
export async function trainingView(
  picture: Picture,
  { preprocessing, meanImage, augmentation, statistics, seed }: ViewPlan,
  { epoch, sample, leader = sample }: ViewAt,
): Promise<View> {
  await loadPixelKernels();
  const { crop, resize } = preprocessing;
  const { width, height } = picture;
  const mean = meanPlanes(preprocessing, meanImage);
  const input = new Float32Array(3 * crop * crop);
  const plan = {
    preprocessing,
    mean,
    augmentation,
    statistics,
    seed,
    crops: 1,
    slots: [],
  } as const;
  makeInput(input, 0, picture, plan, epoch, sample, leader);
  const use = { seed, epoch, sample, leader, width, height, crop, statistics };
  const drawn = drawAugmentation(augmentation, use);
  const { box, mirrored } = drawn;
  const place = {
    x: box.left - caffeOffset(width, resize.size),
    y: box.top - caffeOffset(height, resize.size),
    mirrored,
  };
  return { input, drawn, subtracted: meanUnder(mean, preprocessing, place) };
}
