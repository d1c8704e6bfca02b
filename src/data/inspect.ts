import { createHash } from 'node:crypto';
import { decodePicture, resizePicture } from '../images/decode.ts';
import { readBytes } from '../images/file.ts';
import type { Picture } from '../images/picture.ts';
import { UnreadablePicture } from '../images/problem.ts';
import type { Inspection, Item } from './messages.ts';
import { fromPlanes } from './read.ts';

/** Looks at one picture for `data check`. @throws {UnreadablePicture} */
export async function inspect({ index, from }: Item): Promise<Inspection> {
  if (!('source' in from)) throw new Error('Only sources are inspected.');
  const { source } = from;
  const bytes = await readBytes(source.path, source.offset, source.bytes);
  const { picture, damage } = source.as === 'planes32' ? { picture: fromPlanes(bytes), damage: undefined } : await decodeStrictly(bytes);
  const { width, height } = picture;
  return { index, width, height, grey: isGrey(picture), bytes: createHash('sha256').update(bytes).digest('hex'), look: await look(picture), damage };
}

async function decodeStrictly(bytes: Uint8Array): Promise<{ picture: Picture; damage: string | undefined }> {
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
    if (Math.max(data[i]!, data[i + 1]!, data[i + 2]!) - Math.min(data[i]!, data[i + 1]!, data[i + 2]!) > 8) return false;
  }
  return true;
}

/**
 * The difference hash: of a picture squeezed to 9×8 greys, whether each is brighter than its left neighbour. The same
 * picture in another size, format or quality gives the same bits or nearly so.
 */
async function look(picture: Picture): Promise<string> {
  const size = 9;
  const { data } = await resizePicture(picture, { how: 'warp', size });
  const grey = (x: number, y: number): number => data[(y * size + x) * 3]! * 299 + data[(y * size + x) * 3 + 1]! * 587 + data[(y * size + x) * 3 + 2]! * 114;
  let bits = 0n;
  for (let y = 0; y < 8; y++) for (let x = 0; x < 8; x++) bits = (bits << 1n) | (grey(x + 1, y) > grey(x, y) ? 1n : 0n);
  return bits.toString(16).padStart(16, '0');
}
