import { pictureFiles } from '#images';
import { decodePicture, resizePicture } from '../images/decode.ts';
import { fit } from '../images/fit.ts';
import type { Reading } from '../images/preprocessing.ts';
import type { Picture } from '../images/picture.ts';
import { bytesOf } from '../images/preprocess.ts';
import type { Source } from './dataset.ts';

/** Reads a sample's picture and resizes it. @throws {UnreadablePicture} */
export async function readSource(source: Source, reading: Reading): Promise<Picture> {
  const bytes = await readSourceBytes(source);
  const pixels = rawPixels(source, bytes);
  if (pixels === undefined) return decodePicture(bytes, reading);
  const { resize } = reading;
  const { width, height, smaller } = fit(pixels.width, pixels.height, resize);
  const asItIs = reading.enlarge === false && !smaller;
  return asItIs || (width === pixels.width && height === pixels.height)
    ? pixels
    : resizePicture(pixels, resize);
}

/** The pixels of a sample that is no picture file. */
export function rawPixels({ content, as }: Source, bytes: Uint8Array): Picture | undefined {
  if (content !== undefined && 'data' in content) return content;
  return as === 'planes32' ? fromPlanes(bytes) : undefined;
}

/**
 * A sample's bytes as they lie in their file, or the pixels where there are only those. @throws
 * {UnreadablePicture}
 */
export async function readSourceBytes(source: Source): Promise<Uint8Array> {
  const { path, offset = 0, bytes, content } = source;
  if (content instanceof Uint8Array) return content;
  if (content !== undefined) return 'data' in content ? content.data : bytesOf(content);
  if (bytes === undefined) return pictureFiles.readBytes(path);
  return pictureFiles.readMemberBytes(path, offset, bytes);
}

/** CIFAR's 32×32 red, green and blue planes, interleaved. */
function fromPlanes(bytes: Uint8Array): Picture {
  const data = new Uint8Array(3 * 1024);
  for (let i = 0; i < 1024; i++) for (let c = 0; c < 3; c++) data[3 * i + c] = bytes[c * 1024 + i]!;
  return { width: 32, height: 32, data };
}
