import { createHash } from 'node:crypto';
import { decodePicture, resizePicture } from '../../images/decode.ts';
import type { Picture } from '../../images/picture.ts';
import { UnreadablePicture } from '../../images/problem.ts';
import type { Inspection, Item } from '../messages.ts';
import { rawPixels, readSourceBytes } from '../read-source.ts';

/** Looks at one picture for `data check`. @throws {UnreadablePicture} */
export async function inspect({ index, from }: Item): Promise<Inspection> {
  if (!('source' in from)) throw new Error('Only sources are inspected.');
  const { source } = from;
  const bytes = await readSourceBytes(source);
  const pixels = rawPixels(source, bytes);
  const { picture, damage } = pixels
    ? { picture: pixels, damage: undefined }
    : await decodeStrictly(bytes);
  const { width, height } = picture;
  return {
    index,
    width,
    height,
    grey: isGrey(picture),
    bytes: createHash('sha256').update(bytes).digest('hex'),
    look: await look(picture),
    damage,
  };
}

async function decodeStrictly(
  bytes: Uint8Array,
): Promise<{ picture: Picture; damage: string | undefined }> {
  try {
    return { picture: await decodePicture(bytes, { strict: true }), damage: undefined };
  } catch (error) {
    if (!(error instanceof UnreadablePicture) || error.kind !== 'damaged') throw error;
    return { picture: await decodePicture(bytes), damage: error.detail };
  }
}

/** Whether no pixel has a colour, up to what JPEG adds. */
function isGrey({ data }: Picture): boolean {
  for (let i = 0; i < data.length; i += 3) {
    if (
      Math.max(data[i]!, data[i + 1]!, data[i + 2]!) -
        Math.min(data[i]!, data[i + 1]!, data[i + 2]!) >
      8
    )
      return false;
  }
  return true;
}

const lookSize = 16;

/**
 * The difference hash: of a picture squeezed to 17×16 greys, whether each is clearly brighter than
 * its left neighbour. The same picture in another size, format or quality gives the same bits or
 * nearly so.
 */
async function look(picture: Picture): Promise<string> {
  const width = lookSize + 1;
  const { data } = await resizePicture(picture, { how: 'warp', size: width });
  const grey = (x: number, y: number): number =>
    0.299 * data[(y * width + x) * 3]! +
    0.587 * data[(y * width + x) * 3 + 1]! +
    0.114 * data[(y * width + x) * 3 + 2]!;
  let bits = '';
  for (let y = 0; y < lookSize; y++)
    for (let x = 0; x < lookSize; x++) bits += grey(x + 1, y) > grey(x, y) + 2 ? '1' : '0';
  return BigInt(`0b${bits}`).toString(16).padStart(64, '0');
}
