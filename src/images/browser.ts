/** `#images` in a page and in its workers. See `decoder.ts`. */
import { AlexNetError } from '../errors.ts';
import type { DecodeRequest, Decoder, Drawings, PictureFiles } from './decoder.ts';
import { endsEarly } from './ending.ts';
import type { Fit } from './fit.ts';
import type { Picture, Rectangle } from './picture.ts';
import { resamplePicture } from './pixels.ts';
import { UnreadablePicture } from './problem.ts';

export const decoder: Decoder = { decode, resize };
export const drawings: Drawings = { rasterise };

/**
 * The browser decodes and turns upright, on threads of its own; we resize. It decodes what is left
 * of a file that is cut off, so that is looked for first.
 */
async function decode(bytes: Uint8Array, request: DecodeRequest): Promise<Picture> {
  const { format, target } = request;
  if (endsEarly(format, bytes)) throw new Error('The file is cut off.');
  const bitmap = await bitmapOf(bytes, request);
  try {
    const whole = { left: 0, top: 0, width: bitmap.width, height: bitmap.height };
    const to = await target(bitmap.width, bitmap.height);
    return scaled(pixelsOf(bitmap, to?.cut ?? whole), to);
  } finally {
    bitmap.close();
  }
}

async function bitmapOf(
  bytes: Uint8Array,
  { format, colourProfile, orientation }: DecodeRequest,
): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(new Blob([bytes as BlobPart]), {
      colorSpaceConversion: colourProfile === 'ignored' ? 'none' : 'default',
      imageOrientation: orientation === 'ignored' ? 'none' : 'from-image',
    });
  } catch (error) {
    // Chromium and Firefox read no TIFF, and some browsers no AVIF.
    if (format !== 'TIFF' && format !== 'AVIF') throw error;
    throw new UnreadablePicture(
      'unsupported',
      `This browser could not read the ${format}. Convert it to JPEG or PNG.`,
    );
  }
}

/** A box of a bitmap on white, without the fourth channel. */
function pixelsOf(bitmap: ImageBitmap, { left, top, width, height }: Rectangle): Picture {
  const canvas = new OffscreenCanvas(width, height);
  // Kept out of the GPU, where reading back is slow and pixels may be rounded.
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, -left, -top);
  const { data: rgba } = context.getImageData(0, 0, width, height);
  const data = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < data.length; from += 4) {
    data[to++] = rgba[from]!;
    data[to++] = rgba[from + 1]!;
    data[to++] = rgba[from + 2]!;
  }
  return { width, height, data };
}

async function rasterise(svg: string, width: number, height: number): Promise<Uint8Array> {
  if (typeof Image === 'undefined')
    throw new AlexNetError(
      'A worker cannot draw: browsers turn SVG into pixels only in a page. Draw there, and post ' +
        'the pixels to the worker.',
    );
  const image = new Image(width, height);
  image.src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.drawImage(image, 0, 0, width, height);
  return new Uint8Array(context.getImageData(0, 0, width, height).data);
}

async function resize(picture: Picture, to: Fit): Promise<Picture> {
  return scaled(to.cut ? cutOut(picture, to.cut) : picture, to);
}

function scaled(picture: Picture, to: Fit | undefined): Picture {
  return !to || (to.width === picture.width && to.height === picture.height)
    ? picture
    : resamplePicture(picture, to.width, to.height);
}

function cutOut(from: Picture, { left, top, width, height }: Rectangle): Picture {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * from.width + left) * 3;
    data.set(from.data.subarray(start, start + width * 3), y * width * 3);
  }
  return { width, height, data };
}

export const pictureFiles: PictureFiles = {
  readBytes: (path) => Promise.reject(noFiles(path)),
  readMemberBytes: (path) => Promise.reject(noFiles(path)),
};

function noFiles(path: string): UnreadablePicture {
  return new UnreadablePicture(
    'missing',
    'A page cannot read a file by its path. Give the File, its bytes, or raw pixels.',
    path,
  );
}
