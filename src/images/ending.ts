import type { PictureFormat } from './sniff.ts';

/**
 * Whether a picture file that cannot be decoded is cut off, rather than wrong inside: told by its
 * structure, because libvips mixes up the words of decoders that fail at the same time.
 */
export function endsEarly(format: PictureFormat, bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    return ends[format](view, bytes);
  } catch (error) {
    if (error instanceof RangeError) return true; // a length field points past the end
    throw error;
  }
}

const ends: Readonly<Record<PictureFormat, (view: DataView, bytes: Uint8Array) => boolean>> = {
  JPEG: (view, bytes) => !includes(bytes, endOfImage, scanStart(view)),
  PNG: (_, bytes) => !includes(bytes, lastChunk, 0),
  WebP: (view) => view.getUint32(4, true) + 8 > view.byteLength,
  GIF: (_, bytes) => bytes.findLast((byte) => byte !== 0) !== trailer,
  AVIF: boxesEnd,
  TIFF: stripsEnd,
};

const endOfImage = [0xff, 0xd9];
/** IEND */
const lastChunk = [0x49, 0x45, 0x4e, 0x44];
const trailer = 0x3b;

/** Whether `pattern` stands somewhere in `bytes`, `from` or later. */
function includes(bytes: Uint8Array, pattern: readonly number[], from: number): boolean {
  for (let at = bytes.indexOf(pattern[0]!, from); at >= 0; at = bytes.indexOf(pattern[0]!, at + 1))
    if (pattern.every((byte, i) => bytes[at + i] === byte)) return true;
  return false;
}

/** Where the first scan of a JPEG begins: an end marker before it belongs to a thumbnail. */
function scanStart(view: DataView): number {
  let at = 2;
  while (view.getUint16(at) !== 0xffda) at += 2 + view.getUint16(at + 2);
  return at;
}

/** Whether the boxes of an ISO media file go on past its end. */
function boxesEnd(view: DataView): boolean {
  let at = 0;
  while (at < view.byteLength) {
    const size = view.getUint32(at);
    if (size === 0) return false;
    at += size === 1 ? Number(view.getBigUint64(at + 8)) : Math.max(8, size);
  }
  return at > view.byteLength;
}

/** Bytes of one value by its type (TIFF 6.0, section 2). */
const valueBytes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8];
/** Tags of where strips or tiles begin, each with that of their lengths. */
const places = [
  [273, 279],
  [324, 325],
] as const;

/** Whether anything that the first directory of a TIFF points to lies past the end. */
function stripsEnd(view: DataView): boolean {
  const little = view.getUint8(0) === 0x49;
  const short = (at: number): number => view.getUint16(at, little);
  const long = (at: number): number => view.getUint32(at, little);
  const directory = long(4);
  const values = new Map<number, number[]>();
  for (let entry = 0; entry < short(directory); entry++) {
    const at = directory + 2 + 12 * entry;
    const tag = short(at);
    const size = valueBytes[short(at + 2)] ?? 1;
    const count = long(at + 4);
    const from = count * size <= 4 ? at + 8 : long(at + 8);
    if (from + count * size > view.byteLength) return true;
    if (!places.some((pair) => pair.some((placeTag) => placeTag === tag))) continue;
    const value = (i: number): number => (size === 2 ? short(from + 2 * i) : long(from + 4 * i));
    values.set(
      tag,
      Array.from({ length: count }, (_, i) => value(i)),
    );
  }
  return places.some(([offsets, lengths]) =>
    values
      .get(offsets)
      ?.some((offset, i) => offset + (values.get(lengths)?.[i] ?? 0) > view.byteLength),
  );
}
