import type { PictureFormat } from './sniff.ts';

/**
 * Whether a picture file that cannot be decoded is cut off, rather than wrong inside: told by its
 * structure, because libvips mixes up the words of decoders that fail at the same time.
 */
export function endsEarly(format: PictureFormat, bytes: Uint8Array): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    return ends[format](buffer);
  } catch (error) {
    if (error instanceof RangeError) return true; // a length field points past the end
    throw error;
  }
}

const ends: Readonly<Record<PictureFormat, (buffer: Buffer) => boolean>> = {
  JPEG: (buffer) => !buffer.includes(Buffer.of(0xff, 0xd9), scanStart(buffer)),
  PNG: (buffer) => !buffer.includes('IEND'),
  WebP: (buffer) => buffer.readUInt32LE(4) + 8 > buffer.length,
  GIF: (buffer) => !/;\0*$/.test(buffer.toString('latin1', Math.max(0, buffer.length - 512))),
  AVIF: boxesEnd,
  TIFF: stripsEnd,
};

/** Where the first scan of a JPEG begins: an end marker before it belongs to a thumbnail. */
function scanStart(buffer: Buffer): number {
  let at = 2;
  while (buffer.readUInt16BE(at) !== 0xffda) at += 2 + buffer.readUInt16BE(at + 2);
  return at;
}

/** Whether the boxes of an ISO media file go on past its end. */
function boxesEnd(buffer: Buffer): boolean {
  let at = 0;
  while (at < buffer.length) {
    const size = buffer.readUInt32BE(at);
    if (size === 0) return false;
    at += size === 1 ? Number(buffer.readBigUInt64BE(at + 8)) : Math.max(8, size);
  }
  return at > buffer.length;
}

/** Bytes of one value by its type (TIFF 6.0, section 2). */
const valueBytes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8];
/** Tags of where strips or tiles begin, each with that of their lengths. */
const places = [
  [273, 279],
  [324, 325],
] as const;

/** Whether anything that the first directory of a TIFF points to lies past the end. */
function stripsEnd(buffer: Buffer): boolean {
  const little = buffer[0] === 0x49;
  const short = (at: number): number =>
    little ? buffer.readUInt16LE(at) : buffer.readUInt16BE(at);
  const long = (at: number): number => (little ? buffer.readUInt32LE(at) : buffer.readUInt32BE(at));
  const directory = long(4);
  const values = new Map<number, number[]>();
  for (let entry = 0; entry < short(directory); entry++) {
    const at = directory + 2 + 12 * entry;
    const size = valueBytes[short(at + 2)] ?? 1;
    const count = long(at + 4);
    const from = count * size <= 4 ? at + 8 : long(at + 8);
    if (from + count * size > buffer.length) return true;
    if (places.some((pair) => pair.some((tag) => tag === short(at))))
      values.set(
        short(at),
        Array.from({ length: count }, (_, i) =>
          size === 2 ? short(from + 2 * i) : long(from + 4 * i),
        ),
      );
  }
  return places.some(([offsets, lengths]) =>
    values
      .get(offsets)
      ?.some((offset, i) => offset + (values.get(lengths)?.[i] ?? 0) > buffer.length),
  );
}
