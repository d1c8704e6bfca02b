import { pictureFiles } from '#images';
import { AlexNetError, ensure } from '../errors.ts';
import { meanPlanes, meanUnder, normalisation } from './colour.ts';
import type { CropPlace } from './colour.ts';
import { decodePicture, resizePicture } from './decode.ts';
import type { DecodeOptions } from './decode.ts';
import type { Resize } from './fit.ts';
import { caffeOffset, torchvisionOffset } from './geometry.ts';
import type { Picture } from './picture.ts';
import { paintPlanes } from './pixels.ts';
import type { Preprocessing, Reading } from './preprocessing.ts';
import { UnreadablePicture } from './problem.ts';

/**
 * What a picture can come from: a file (its path, in a page the File), its bytes, or raw pixels.
 */
export type PictureInput = string | Blob | Uint8Array | Picture;

/**
 * Decodes and resizes as a model wants it. @throws {UnreadablePicture} with the file's name where
 * it has one.
 */
export async function loadPicture(
  input: PictureInput,
  reading: Reading & Pick<DecodeOptions, 'maximumPixels'>,
): Promise<Picture> {
  if (typeof reading !== 'object' || reading === null || !('resize' in reading))
    throw new AlexNetError(
      'Expected loadPicture(input, reading) to be told how the picture is read, such as ' +
        "model.preprocessing or { resize: { how: 'shorterSide', size: 256 } }, but found " +
        `${reading === undefined ? 'nothing' : JSON.stringify(reading)}.`,
    );
  const { resize } = reading;
  if (typeof input === 'string') {
    try {
      return await decodePicture(await pictureFiles.readBytes(input), reading);
    } catch (error) {
      throw error instanceof UnreadablePicture
        ? new UnreadablePicture(error.kind, error.detail, input)
        : error;
    }
  }
  refuseOther(input);
  if (input instanceof Uint8Array) return decodePicture(input, reading);
  if (!('data' in input)) return decodePicture(await bytesOf(input), reading);
  ensure(
    input.data.length === input.width * input.height * 3 && input.data.length > 0,
    () =>
      `Expected raw pixels [${input.height}, ${input.width}, 3] = ` +
      `${input.width * input.height * 3} bytes but found ${input.data.length}.`,
  );
  return resizePicture(input, resize);
}

/** For callers that no compiler held to the type. */
function refuseOther(input: unknown): void {
  const known =
    typeof input === 'object' && input !== null && ('data' in input || 'arrayBuffer' in input);
  ensure(
    known || input instanceof Uint8Array,
    () =>
      "Expected a picture: a file's path, a File or Blob, the bytes of an encoded picture, or " +
      `{width, height, data}, but found ${input === null ? 'null' : typeof input}.`,
  );
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
  checkCrops(crops);
  const out = new Float32Array(crops * 3 * preprocessing.crop ** 2);
  preprocessInto(out, 0, picture, preprocessing, crops, meanPlanes(preprocessing, meanImage));
  return out;
}

/** For callers that no compiler held to the type. */
export function checkCrops(crops: number): void {
  ensure(
    crops === 1 || crops === 10,
    () => `Expected crops to be 1 or 10 but found ${JSON.stringify(crops)}.`,
  );
}

/** {@link preprocess} into `out` from `at`, with what the mean takes off ready made. */
export function preprocessInto(
  out: Float32Array,
  at: number,
  picture: Picture,
  preprocessing: Preprocessing,
  crops: 1 | 10,
  mean?: Float32Array,
): void {
  const { crop, resize } = preprocessing;
  const { width, height } = picture;
  ensure(
    Math.min(width, height) === resize.size && crop <= resize.size,
    () =>
      `Expected a picture whose shorter side is ${resize.size} pixels, and a crop no larger, ` +
      `but found ${width}×${height} and a crop of ${crop}.`,
  );
  const colours = normalisation(preprocessing);
  const { left, top } = squarePlace(picture, resize);
  cropPlaces(picture, preprocessing, crops).forEach((place, i) => {
    const { x, y, mirrored } = place;
    const box = { left: left + x, top: top + y, width: crop, height: crop };
    const subtract = meanUnder(mean, preprocessing, place);
    paintPlanes(out, at + i * 3 * crop * crop, picture, box, crop, { mirrored, colours, subtract });
  });
}

/** Where the central size×size square of a resized picture begins. */
export function squarePlace(
  { width, height }: Pick<Picture, 'width' | 'height'>,
  { size, geometry }: Resize,
): { readonly left: number; readonly top: number } {
  const begin = geometry === 'torchvision' ? torchvisionOffset : caffeOffset;
  return { left: begin(width, size), top: begin(height, size) };
}

/** Where crops lie in the central square of a resized picture. */
export function cropPlaces(
  picture: Pick<Picture, 'width' | 'height'>,
  { crop, resize }: Preprocessing,
  crops: 1 | 10,
): CropPlace[] {
  const room = resize.size - crop;
  const centre = centrePlace(picture, crop, resize);
  if (crops === 1) return [{ ...centre, mirrored: false }];
  const five = [{ x: 0, y: 0 }, { x: room, y: 0 }, { x: 0, y: room }, { x: room, y: room }, centre];
  return [false, true].flatMap((mirrored) => five.map((place) => ({ ...place, mirrored })));
}

/**
 * Ours and Caffe's lies in the middle of the square, torchvision's in the middle of the picture.
 */
function centrePlace(
  picture: Pick<Picture, 'width' | 'height'>,
  crop: number,
  resize: Resize,
): { readonly x: number; readonly y: number } {
  if (resize.geometry !== 'torchvision') {
    const place = caffeOffset(resize.size, crop);
    return { x: place, y: place };
  }
  const { left, top } = squarePlace(picture, resize);
  return {
    x: torchvisionOffset(picture.width, crop) - left,
    y: torchvisionOffset(picture.height, crop) - top,
  };
}
