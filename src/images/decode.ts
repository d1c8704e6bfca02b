import type { Sharp } from 'sharp';
import { endsEarly } from './ending.ts';
import { fit } from './fit.ts';
import type { Fit, Resize } from './fit.ts';
import { plainJpeg } from './jpeg.ts';
import type { Picture } from './picture.ts';
import { resamplePicture } from './pixels.ts';
import { UnreadablePicture } from './problem.ts';
import { loadSharp } from './sharp.ts';
import { sniff } from './sniff.ts';
import type { PictureFormat } from './sniff.ts';

/** 2²⁸ pixels, 16,384 × 16,384: more than any camera gives. */
export const maximumPixels = 2 ** 28;

export interface DecodeOptions {
  /**
   * Scaled while decoding, which for JPEG is many times faster than after. Default: left as it is.
   */
  readonly resize?: Resize;
  /** Whether pictures smaller than that are made larger. Default true. */
  readonly enlarge?: boolean;
  /** Refused before decoding. Default {@link maximumPixels}. */
  readonly maximumPixels?: number;
  /**
   * Refuse what decodes with warnings too (a JPEG with wrong bytes in the middle). Default false.
   */
  readonly strict?: boolean;
}

/**
 * Decodes a JPEG, PNG, WebP, GIF (its first frame), AVIF or TIFF, told by its content. Grey, CMYK,
 * 16 bit and colour profiles become 8-bit sRGB, EXIF orientation is applied, transparency is laid
 * on white.
 * @throws {UnreadablePicture} for whatever is not such a picture.
 */
export async function decodePicture(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): Promise<Picture> {
  const format = pictureFormat(bytes);
  const plain = format === 'JPEG' ? plainJpeg(bytes) : undefined;
  const sharp = await loadSharp();
  const image = sharp(bytes, {
    failOn: options.strict === true ? 'warning' : format === 'TIFF' ? 'error' : 'truncated',
    limitInputPixels: false,
  });
  try {
    const { width, height } = plain ?? (await image.metadata()).autoOrient;
    const limit = options.maximumPixels ?? maximumPixels;
    if (width * height > limit)
      throw new UnreadablePicture(
        'tooManyPixels',
        `Expected at most ${limit} pixels but the picture has ${width}×${height} = ${width * height}.`,
      );
    const target = options.resize && fit(width, height, options.resize);
    return await pixels(
      plain ? image : inPlainColours(image.autoOrient()),
      options.enlarge === false && !target?.smaller ? undefined : target,
    );
  } catch (error) {
    throw error instanceof UnreadablePicture ? error : decodeProblem(format, bytes);
  }
}

/** Resizes a picture that is already decoded, with the filter of {@link decodePicture}. */
export async function resizePicture(picture: Picture, resize: Resize): Promise<Picture> {
  const { width, height, data } = picture;
  const sharp = await loadSharp();
  return pixels(sharp(data, { raw: { width, height, channels: 3 } }), fit(width, height, resize));
}

function inPlainColours(image: Sharp): Sharp {
  return image.flatten({ background: '#ffffff' }).toColourspace('srgb');
}

/**
 * Bilinear, widened where it shrinks so that nothing aliases. sharp shrinks, because it can begin
 * while decoding; our own kernels enlarge, because they are faster.
 */
async function pixels(image: Sharp, target?: Fit): Promise<Picture> {
  let steps = image;
  if (target?.cut) steps = steps.extract(target.cut);
  if (target?.smaller)
    steps = steps.resize(target.width, target.height, { fit: 'fill', kernel: 'linear' });
  const { data, info } = await steps.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  const picture = {
    width: info.width,
    height: info.height,
    data: info.channels === 3 ? data : threeChannels(data, info.channels),
  };
  return !target || (target.width === info.width && target.height === info.height)
    ? picture
    : resamplePicture(picture, target.width, target.height);
}

/** Grey (one channel, or two with alpha) to RGB; more than three: the first three. */
function threeChannels(data: Uint8Array, channels: number): Uint8Array {
  const out = new Uint8Array((data.length / channels) * 3);
  for (let from = 0, to = 0; from < data.length; from += channels)
    for (let c = 0; c < 3; c++) out[to++] = data[from + (channels < 3 ? 0 : c)]!;
  return out;
}

function pictureFormat(bytes: Uint8Array): PictureFormat {
  if (bytes.length === 0) throw new UnreadablePicture('empty', 'The file is empty.');
  const content = sniff(bytes);
  const readable = 'Expected a JPEG, PNG, WebP, GIF, AVIF or TIFF picture';
  if (content === undefined)
    throw new UnreadablePicture(
      'notAPicture',
      `${readable} but the file's first bytes are of no known kind.`,
    );
  if ('picture' in content) return content.picture;
  const picture = / (picture|drawing|document)/.test(content.other);
  throw new UnreadablePicture(
    picture ? 'unsupported' : 'notAPicture',
    `${readable} but found ${content.other}.${picture ? ' Convert it to JPEG or PNG.' : ''}`,
  );
}

function decodeProblem(format: PictureFormat, bytes: Uint8Array): UnreadablePicture {
  if (endsEarly(format, bytes))
    return new UnreadablePicture(
      'truncated',
      `The ${format} ends too early: the file is cut off. Copy it again from where it came from.`,
    );
  return new UnreadablePicture(
    'damaged',
    `The ${format} is damaged: what is in it cannot be decoded without errors.`,
  );
}
