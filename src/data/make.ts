import { compose, normalisation } from '../images/colour.ts';
import type { ColourMap } from '../images/colour.ts';
import type { Rectangle } from '../images/fit.ts';
import type { Picture } from '../images/picture.ts';
import { writePlanes } from '../images/planes.ts';
import type { Pixels } from '../images/planes.ts';
import { preprocessInto } from '../images/preprocess.ts';
import { resample } from '../images/resample.ts';
import { draw } from './draw.ts';
import type { Plan } from './messages.ts';

/** Writes one picture's input `[crops, 3, crop, crop]` at `out[at]`: augmented by chance, or as prediction does it. */
export function makeInput(out: Float32Array, at: number, picture: Picture, plan: Plan, epoch: number, index: number): void {
  const { preprocessing, augmentation, statistics, seed, subtract } = plan;
  if (!augmentation) return preprocessInto(out, at, picture, preprocessing, plan.crops, subtract);
  const { crop } = preprocessing;
  const drawn = draw(augmentation, seed, epoch, index, picture.width, picture.height, crop, statistics);
  const pixels = cut(picture, drawn.box, crop);
  const colours = compose(drawn.colours(() => meanGrey(pixels, crop)), normalisation(preprocessing));
  writePlanes(out, at, pixels, crop, drawn.mirrored, colours, subtract);
  if (drawn.erase) erase(out, at, crop, drawn.erase, fillColour(plan));
}

let resampled = new Float32Array(0);

function cut(picture: Picture, box: Rectangle, size: number): Pixels {
  if (box.width === size && box.height === size) return { data: picture.data, start: (box.top * picture.width + box.left) * 3, rowStride: picture.width * 3 };
  if (resampled.length !== size * size * 3) resampled = new Float32Array(size * size * 3);
  resample(picture, box, size, resampled);
  return { data: resampled, start: 0, rowStride: size * 3 };
}

function meanGrey({ data, start, rowStride }: Pixels, size: number): number {
  let sum = 0;
  for (let y = 0; y < size; y++) for (let x = 0, i = start + y * rowStride; x < size; x++, i += 3) sum += 0.299 * data[i]! + 0.587 * data[i + 1]! + 0.114 * data[i + 2]!;
  return sum / (size * size);
}

/** The mean colour as the network sees it: near 0 where a mean is subtracted. */
function fillColour({ preprocessing, statistics, subtract }: Plan): readonly number[] {
  if (subtract || !statistics) return [0, 0, 0];
  const { matrix, offset }: ColourMap = normalisation(preprocessing);
  return [0, 1, 2].map((c) => [0, 1, 2].reduce((sum, k) => sum + matrix[3 * c + k]! * 255 * statistics.mean[k]!, offset[c]!));
}

function erase(out: Float32Array, at: number, crop: number, { left, top, width, height }: Rectangle, fill: readonly number[]): void {
  for (let c = 0; c < 3; c++) {
    for (let y = top; y < top + height; y++) {
      const row = at + (c * crop + y) * crop + left;
      out.fill(fill[c]!, row, row + width);
    }
  }
}
