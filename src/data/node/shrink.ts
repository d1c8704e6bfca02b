import sharp from 'sharp';
import { decodePicture } from '../../images/decode.ts';
import type { Picture } from '../../images/picture.ts';
import { sniff } from '../../images/sniff.ts';
import type { Item, Packed } from '../messages.ts';
import { rawPixels, readSourceBytes } from '../read-source.ts';

/** Few photographs show a difference from 95, at two thirds of its bytes. */
const quality = 92;

/**
 * A sample's picture for a shard: its shorter side `size` pixels or less. A JPEG that is small
 * enough, upright and not in print colours keeps its own bytes; raw pixels, as CIFAR's, become a
 * PNG, which loses nothing.
 * @throws {UnreadablePicture}
 */
export async function shrink({ index, from }: Item, size: number): Promise<Packed> {
  if (!('source' in from)) throw new Error('Only sources are packed.');
  const bytes = await readSourceBytes(from.source);
  const pixels = rawPixels(from.source, bytes);
  if (pixels) return { index, ending: 'png', bytes: await encoded(pixels).png().toBuffer() };
  const picture = await decodePicture(bytes, {
    resize: { how: 'shorterSide', size },
    enlarge: false,
  });
  return {
    index,
    ending: 'jpg',
    bytes: (await isPlainJpeg(bytes, size))
      ? bytes
      : await encoded(picture).jpeg({ quality }).toBuffer(),
  };
}

function encoded({ width, height, data }: Picture): ReturnType<typeof sharp> {
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** Only JPEGs are asked: of others the header may be one that this reading of it refuses. */
async function isPlainJpeg(bytes: Uint8Array, size: number): Promise<boolean> {
  const content = sniff(bytes);
  if (content === undefined || !('picture' in content) || content.picture !== 'JPEG') return false;
  const {
    width,
    height,
    orientation = 1,
    space,
    hasProfile,
  } = await sharp(bytes, { failOn: 'none', limitInputPixels: false }).metadata();
  return (
    Math.min(width, height) <= size &&
    orientation === 1 &&
    (space === 'srgb' || space === 'b-w') &&
    !hasProfile
  );
}
