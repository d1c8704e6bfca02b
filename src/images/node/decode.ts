import type { Sharp } from 'sharp';
import type { DecodeRequest } from '../decoder.ts';
import type { Fit } from '../fit.ts';
import { plainJpeg } from '../jpeg.ts';
import type { Picture } from '../picture.ts';
import { resamplePicture } from '../pixels.ts';
import type { PictureFormat } from '../sniff.ts';
import { loadSharp } from './sharp.ts';

/** Scaled while it is decoded, which for JPEG is many times faster than after. */
export async function decode(
  bytes: Uint8Array,
  { format, strict, colourProfile, orientation, target }: DecodeRequest,
): Promise<Picture> {
  const plain = format === 'JPEG' ? plainJpeg(bytes) : undefined;
  const sharp = await loadSharp();
  const image = sharp(bytes, {
    failOn: failOn(format, strict),
    limitInputPixels: false,
    ignoreIcc: colourProfile === 'ignored',
  });
  if (plain) return pixels(image, await target(plain.width, plain.height));
  const asStored = await image.metadata();
  const upright = orientation === 'applied';
  const { width, height } = upright ? asStored.autoOrient : asStored;
  const to = await target(width, height);
  return pixels(inPlainColours(upright ? image.autoOrient() : image), to);
}

function failOn(format: PictureFormat, strict: boolean): 'warning' | 'error' | 'truncated' {
  if (strict) return 'warning';
  return format === 'TIFF' ? 'error' : 'truncated';
}

export async function resize({ width, height, data }: Picture, to: Fit): Promise<Picture> {
  const sharp = await loadSharp();
  return pixels(sharp(data, { raw: { width, height, channels: 3 } }), to);
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
