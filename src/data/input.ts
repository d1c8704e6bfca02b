import { compose, meanUnder, normalisation } from '../images/colour.ts';
import type { ColourMap } from '../images/colour.ts';
import { caffeOffset } from '../images/geometry.ts';
import type { Picture, Rectangle } from '../images/picture.ts';
import { meanGrey, paintPlanes } from '../images/pixels.ts';
import { preprocessInto } from '../images/preprocess.ts';
import { drawAugmentation } from './augment.ts';
import type { Plan } from './messages.ts';

/**
 * Writes one picture's input `[crops, 3, crop, crop]` at `out[at]`: augmented by chance, or as
 * prediction does it.
 */
export function makeInput(
  out: Float32Array,
  at: number,
  picture: Picture,
  plan: Plan,
  epoch: number,
  index: number,
  leader?: number,
): void {
  const { preprocessing, augmentation, statistics, seed, mean } = plan;
  if (!augmentation) return preprocessInto(out, at, picture, preprocessing, plan.crops, mean);
  const { crop } = preprocessing;
  const { width, height } = picture;
  const use = { seed, epoch, sample: index, leader, width, height, crop, statistics };
  const drawn = drawAugmentation(augmentation, use);
  const colours = compose(
    drawn.colours(() => meanGrey(picture, drawn.box)),
    normalisation(preprocessing),
  );
  const { mirrored, box } = drawn;
  const { size } = preprocessing.resize;
  const x = box.left - caffeOffset(width, size);
  const y = box.top - caffeOffset(height, size);
  const subtract = meanUnder(mean, preprocessing, { x, y, mirrored });
  paintPlanes(out, at, picture, box, crop, { mirrored, colours, subtract });
  // After the mean is gone: what is less than it becomes less so too.
  if (drawn.contrast !== 1) scale(out, at, 3 * crop * crop, drawn.contrast);
  if (drawn.erase) erase(out, at, crop, drawn.erase, fillColour(plan));
}

function scale(out: Float32Array, at: number, length: number, factor: number): void {
  for (let i = at; i < at + length; i++) out[i]! *= factor;
}

/** The mean colour as the network sees it: near 0 where a mean is subtracted. */
function fillColour({ preprocessing, statistics, mean }: Plan): readonly number[] {
  if (mean || !statistics) return [0, 0, 0];
  const { matrix, offset }: ColourMap = normalisation(preprocessing);
  return [0, 1, 2].map((c) =>
    [0, 1, 2].reduce((sum, k) => sum + matrix[3 * c + k]! * 255 * statistics.mean[k]!, offset[c]!),
  );
}

function erase(
  out: Float32Array,
  at: number,
  crop: number,
  { left, top, width, height }: Rectangle,
  fill: readonly number[],
): void {
  for (let c = 0; c < 3; c++) {
    for (let y = top; y < top + height; y++) {
      const row = at + (c * crop + y) * crop + left;
      out.fill(fill[c]!, row, row + width);
    }
  }
}
