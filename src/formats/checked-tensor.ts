import { AlexNetError } from '../errors.ts';
import { Checksum } from './checksum.ts';
import { bytesOf } from './tensor.ts';
import type { StoredTensor } from './tensor.ts';

/**
 * In the metadata of our safetensors and ONNX files: a checksum of each tensor's bytes, as JSON by
 * name. Files of others, and older ones of ours, have none.
 */
export const checksumsKey = 'alexnet.checksums';

/** The checksum of bytes in pieces. */
export function checksumOf(pieces: Iterable<Uint8Array>): string {
  const sum = new Checksum();
  for (const piece of pieces) sum.add(piece);
  return sum.hex();
}

/** @returns undefined for what is no object of texts. */
export function parseChecksums(json: string): ReadonlyMap<string, string> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const entries: [string, unknown][] = Object.entries(value);
    return entries.every((entry): entry is [string, string] => typeof entry[1] === 'string')
      ? new Map(entries)
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The same tensor, its bytes held against their checksum whenever all of them are read.
 * @param advice what to do where they do not fit.
 */
export function checkedTensor<Tensor extends StoredTensor>(
  tensor: Tensor,
  sum: string,
  advice = 'Fetch or copy it again.',
): Tensor {
  const check = (bytes: Uint8Array): void => {
    if (checksumOf([bytes]) !== sum)
      throw new AlexNetError(
        `The file is damaged: the numbers of the tensor "${tensor.name}" do not fit their ` +
          `checksum. ${advice}`,
      );
  };
  const readRaw = async (): Promise<Uint8Array<ArrayBuffer>> => {
    const bytes = await tensor.readRaw();
    check(bytes);
    return bytes;
  };
  const read = async (): Promise<Float32Array<ArrayBuffer>> => {
    if (tensor.dtype !== 'f32') await readRaw();
    const values = await tensor.read();
    if (tensor.dtype === 'f32') check(bytesOf(values));
    return values;
  };
  return { ...tensor, read, readRaw };
}
