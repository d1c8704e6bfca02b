import sharp from 'sharp';
import type { Sharp } from 'sharp';
import { fit } from './fit.ts';
import type { Fit, Resize } from './fit.ts';
import type { Picture } from './picture.ts';
import { resamplePicture } from './pixels.ts';
import { UnreadablePicture } from './problem.ts';
import { sniff } from './sniff.ts';
import type { PictureFormat } from './sniff.ts';

/** 2²⁸ pixels, 16,384 × 16,384: more than any camera gives. */
export const maximumPixels = 2 ** 28;

export interface DecodeOptions {
  /** Scaled while decoding, which for JPEG is many times faster than after. Default: left as it is. */
  readonly resize?: Resize;
  /** Refused before decoding. Default {@link maximumPixels}. */
  readonly maximumPixels?: number;
  /** Refuse what decodes with warnings too (a JPEG with wrong bytes in the middle). Default false. */
  readonly strict?: boolean;
}

/**
 * Decodes a JPEG, PNG, WebP, GIF (its first frame), AVIF or TIFF, told by its content. Grey, CMYK, 16 bit and colour
 * profiles become 8-bit sRGB, EXIF orientation is applied, transparency is laid on white.
 * @throws {UnreadablePicture} for whatever is not such a picture.
 */
export async function decodePicture(bytes: Uint8Array, options: DecodeOptions = {}): Promise<Picture> {
  const format = pictureFormat(bytes);
  const image = sharp(bytes, { failOn: options.strict === true ? 'warning' : format === 'TIFF' ? 'error' : 'truncated', limitInputPixels: false });
  try {
    const { width, height } = (await image.metadata()).autoOrient;
    const limit = options.maximumPixels ?? maximumPixels;
    if (width * height > limit) throw new UnreadablePicture('tooManyPixels', `Expected at most ${limit} pixels but the picture has ${width}×${height} = ${width * height}.`);
    return await pixels(image.autoOrient(), options.resize && fit(width, height, options.resize));
  } catch (error) {
    throw error instanceof UnreadablePicture ? error : decodeProblem(format, bytes, error);
  }
}

/** Resizes a picture that is already decoded, with the filter of {@link decodePicture}. */
export async function resizePicture(picture: Picture, resize: Resize): Promise<Picture> {
  const { width, height, data } = picture;
  return pixels(sharp(data, { raw: { width, height, channels: 3 } }), fit(width, height, resize));
}

/** Bilinear, widened where it shrinks so that nothing aliases. sharp shrinks, because it can begin while decoding; our own kernels enlarge, because they are faster. */
async function pixels(image: Sharp, target?: Fit): Promise<Picture> {
  let steps = image.flatten({ background: '#ffffff' }).toColourspace('srgb');
  if (target?.cut) steps = steps.extract(target.cut);
  if (target?.smaller) steps = steps.resize(target.width, target.height, { fit: 'fill', kernel: 'linear' });
  const { data, info } = await steps.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  const picture = { width: info.width, height: info.height, data: info.channels === 3 ? data : threeChannels(data, info.channels) };
  return !target || (target.width === info.width && target.height === info.height) ? picture : resamplePicture(picture, target.width, target.height);
}

/** Grey (one channel, or two with alpha) to RGB; more than three: the first three. */
function threeChannels(data: Uint8Array, channels: number): Uint8Array {
  const out = new Uint8Array((data.length / channels) * 3);
  for (let from = 0, to = 0; from < data.length; from += channels) for (let c = 0; c < 3; c++) out[to++] = data[from + (channels < 3 ? 0 : c)]!;
  return out;
}

function pictureFormat(bytes: Uint8Array): PictureFormat {
  if (bytes.length === 0) throw new UnreadablePicture('empty', 'The file is empty.');
  const content = sniff(bytes);
  const readable = 'Expected a JPEG, PNG, WebP, GIF, AVIF or TIFF picture';
  if (content === undefined) throw new UnreadablePicture('notAPicture', `${readable} but the file's first bytes are of no known kind.`);
  if ('picture' in content) return content.picture;
  const picture = / (picture|drawing|document)/.test(content.other);
  throw new UnreadablePicture(picture ? 'unsupported' : 'notAPicture', `${readable} but found ${content.other}.${picture ? ' Convert it to JPEG or PNG.' : ''}`);
}

function decodeProblem(format: PictureFormat, bytes: Uint8Array, error: unknown): UnreadablePicture {
  const message = error instanceof Error ? error.message : String(error);
  const reason = message.split('\n').findLast((line) => /[a-z]/i.test(line) && !line.includes('bad seek'))?.trim() ?? '';
  if (endsEarly(format, bytes, message)) return new UnreadablePicture('truncated', `The ${format} ends too early: the file is cut off. Copy it again from where it came from.`);
  return new UnreadablePicture('damaged', `The ${format} is damaged${reason === '' ? '' : ` (${reason})`}.`);
}

/** Decoders name a missing end in their own ways, or not at all. */
function endsEarly(format: PictureFormat, bytes: Uint8Array, message: string): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (/premature end|unexpected end|insufficient input|outside of file/i.test(message)) return true;
  switch (format) {
    case 'PNG':
      return !buffer.includes('IEND');
    case 'WebP':
      return buffer.length < 12 || buffer.readUInt32LE(4) + 8 > buffer.length;
    case 'TIFF':
      return message.includes('bad seek') || buffer.length < 8 || (buffer[0] === 0x49 ? buffer.readUInt32LE(4) : buffer.readUInt32BE(4)) >= buffer.length;
    default:
      return false;
  }
}
