import { AlexNetError } from '../errors.ts';

/**
 * Where a codec reads from: a file, a Blob, bytes in memory. A codec reads what describes the
 * tensors, checks it against `size`, and leaves the tensors' own bytes where they are until
 * somebody asks for them; so 240 MB are never held twice.
 */
export interface ByteSource {
  /** In bytes. */
  readonly size: number;
  /**
   * Fills all of `into` with the bytes from `position` on. The caller has checked that they lie
   * within `size`.
   */
  read(into: Uint8Array, position: number): Promise<void>;
}

/** Bytes that are in memory already. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    async read(into, position) {
      into.set(bytes.subarray(position, position + into.length));
    },
  };
}

/** A browser's file. */
export function blobSource(blob: Blob): ByteSource {
  return {
    size: blob.size,
    async read(into, position) {
      into.set(new Uint8Array(await blob.slice(position, position + into.length).arrayBuffer()));
    },
  };
}

/**
 * A part of another source, itself a source that starts at 0. @throws {AlexNetError} where the part
 * is not all inside.
 */
export function partOf(source: ByteSource, start: number, size: number, what: string): ByteSource {
  checkRange(source, start, size, what);
  return { size, read: (into, position) => source.read(into, start + position) };
}

/** Reads `length` bytes; the check against the size comes before the allocation. */
export async function readBytes(
  source: ByteSource,
  position: number,
  length: number,
  what: string,
): Promise<Uint8Array<ArrayBuffer>> {
  checkRange(source, position, length, what);
  const bytes = new Uint8Array(length);
  await source.read(bytes, position);
  return bytes;
}

/** @throws {AlexNetError} unless bytes `position … position + length − 1` lie inside the source. */
export function checkRange(
  source: ByteSource,
  position: number,
  length: number,
  what: string,
): void {
  const fits =
    Number.isSafeInteger(position) &&
    Number.isSafeInteger(length) &&
    position >= 0 &&
    length >= 0 &&
    position + length <= source.size;
  if (!fits)
    throw new AlexNetError(
      `The file is damaged or incomplete: ${what} should be ${length} bytes from byte ` +
        `${position} on, but there are ${source.size} bytes.`,
    );
}

/**
 * Bytes as UTF-8 text, all of it: a mark of the byte order is a character like others. @throws
 * {AlexNetError} where they are not.
 */
export function decodeText(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new AlexNetError(`The file is damaged: ${what} is not valid UTF-8 text.`);
  }
}
