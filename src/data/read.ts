import { decodePicture, resizePicture } from '../images/decode.ts';
import { readBytes, readMemberBytes } from '../images/file.ts';
import type { Resize } from '../images/fit.ts';
import type { Picture } from '../images/picture.ts';
import type { Source } from './dataset.ts';

/** Reads a sample's picture and resizes it. @throws {UnreadablePicture} */
export async function readSource(source: Source, resize: Resize): Promise<Picture> {
  const bytes = await readSourceBytes(source);
  return source.as === 'planes32'
    ? resizePlanes(fromPlanes(bytes), resize)
    : decodePicture(bytes, { resize });
}

/** A sample's bytes as they lie in their file. @throws {UnreadablePicture} */
export function readSourceBytes({ path, offset = 0, bytes }: Source): Promise<Buffer> {
  return bytes === undefined ? readBytes(path) : readMemberBytes(path, offset, bytes);
}

async function resizePlanes(picture: Picture, resize: Resize): Promise<Picture> {
  return resize.size === picture.width ? picture : resizePicture(picture, resize);
}

/** CIFAR's 32×32 red, green and blue planes, interleaved. */
export function fromPlanes(bytes: Uint8Array): Picture {
  const data = new Uint8Array(3 * 1024);
  for (let i = 0; i < 1024; i++) for (let c = 0; c < 3; c++) data[3 * i + c] = bytes[c * 1024 + i]!;
  return { width: 32, height: 32, data };
}
