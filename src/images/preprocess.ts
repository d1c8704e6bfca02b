import { pictureFiles } from '#images';
import { ensure } from '../errors.ts';
import { meanCrop, normalisation } from './colour.ts';
import { decodePicture, resizePicture } from './decode.ts';
import type { Picture } from './picture.ts';
import { paintPlanes } from './pixels.ts';
import type { Preprocessing } from './preprocessing.ts';
import { UnreadablePicture } from './problem.ts';

/** What a picture can come from: a file (its path, in a page the File), its bytes, or raw pixels. */
export type PictureInput = string | Blob | Uint8Array | Picture;

/**
 * Decodes and resizes as a model wants it. @throws {UnreadablePicture} with the file's name where
 * it has one.
 */
export async function loadPicture(
  input: PictureInput,
  { resize }: Pick<Preprocessing, 'resize'>,
): Promise<Picture> {
  if (typeof input === 'string') {
    try {
      return await decodePicture(await pictureFiles.readBytes(input), { resize });
    } catch (error) {
      throw error instanceof UnreadablePicture
        ? new UnreadablePicture(error.kind, error.detail, input)
        : error;
    }
  }
  if (input instanceof Uint8Array) return decodePicture(input, { resize });
  if (!('data' in input)) return decodePicture(await bytesOf(input), { resize });
  ensure(
    input.data.length === input.width * input.height * 3 && input.data.length > 0,
    () =>
      `Expected raw pixels [${input.height}, ${input.width}, 3] = ${input.width * input.height * 3} bytes but found ${input.data.length}.`,
  );
  return resizePicture(input, resize);
}

/** The bytes of a page's file. */
export async function bytesOf(blob: Blob): Promise<Uint8Array> {
  return new Uint8Array(await blob.arrayBuffer());
}

/**
 * The network's input for one resized picture: its centre crop, or the ten crops of the paper
 * (§4.1) cut from the central size×size square: upper left, upper right, lower left, lower right,
 * centre, then the mirror images of these.
 * @param picture as {@link loadPicture} gives it.
 * @param meanImage needed where `preprocessing.mean` names a tensor: `[3, size, size]`.
 * @returns `[crops, 3, crop, crop]`.
 */
export function preprocess(
  picture: Picture,
  preprocessing: Preprocessing,
  crops: 1 | 10 = 1,
  meanImage?: Float32Array,
): Float32Array {
  const out = new Float32Array(crops * 3 * preprocessing.crop ** 2);
  preprocessInto(out, 0, picture, preprocessing, crops, meanCrop(preprocessing, meanImage));
  return out;
}

/** {@link preprocess} into `out` from `at`, with the mean's central crop ready made. */
export function preprocessInto(
  out: Float32Array,
  at: number,
  picture: Picture,
  preprocessing: Preprocessing,
  crops: 1 | 10,
  subtract?: Float32Array,
): void {
  const {
    crop,
    resize: { size },
  } = preprocessing;
  const { width, height } = picture;
  ensure(
    Math.min(width, height) === size && crop <= size,
    () =>
      `Expected a picture whose shorter side is ${size} pixels, and a crop no larger, but found ${width}×${height} and a crop of ${crop}.`,
  );
  const colours = normalisation(preprocessing);
  const left = (width - size) >> 1;
  const top = (height - size) >> 1;
  cropPlaces(size - crop, crops).forEach(({ x, y, mirrored }, i) => {
    paintPlanes(
      out,
      at + i * 3 * crop * crop,
      picture,
      { left: left + x, top: top + y, width: crop, height: crop },
      crop,
      { mirrored, colours, subtract },
    );
  });
}

function cropPlaces(room: number, crops: 1 | 10): { x: number; y: number; mirrored: boolean }[] {
  const centre = { x: room >> 1, y: room >> 1 };
  if (crops === 1) return [{ ...centre, mirrored: false }];
  const five = [{ x: 0, y: 0 }, { x: room, y: 0 }, { x: 0, y: room }, { x: room, y: room }, centre];
  return [false, true].flatMap((mirrored) => five.map((place) => ({ ...place, mirrored })));
}
