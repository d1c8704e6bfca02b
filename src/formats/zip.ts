/**
 * Zip archives (PKWARE APPNOTE 6.3), as PyTorch and NumPy write them: stored or deflated, with or
 * without zip64.
 */
import { AlexNetError } from '../errors.ts';
import { crc32 } from './crc32.ts';
import { checkRange, decodeText, partOf, readBytes } from './source.ts';
import type { ByteSource } from './source.ts';

export interface ZipEntry {
  readonly name: string;
  /** Unpacked, in bytes. */
  readonly size: number;
  /** Its unpacked content. Of the deflated entries only the one read last is held. */
  readonly content: ByteSource;
}

const maximumEntries = 20_000;

export function isZip(start: Uint8Array): boolean {
  return (
    start[0] === 0x50 &&
    start[1] === 0x4b &&
    ((start[2] === 3 && start[3] === 4) || (start[2] === 5 && start[3] === 6))
  );
}

/**
 * The entries of an archive by name.
 * @throws {AlexNetError} for entries that overlap, lie outside or are named twice, for encryption
 * and methods other than deflate, and for archives that would unpack to more than ten times their
 * size. Whoever reads an entry from its start to its end, in whatever steps, is told where it does
 * not fit its checksum.
 */
export async function readZip(source: ByteSource): Promise<ReadonlyMap<string, ZipEntry>> {
  const records = await readDirectory(source);
  const unpacked = records.reduce((sum, { size }) => sum + size, 0);
  if (unpacked > 10 * source.size)
    throw new AlexNetError(
      `The zip archive of ${source.size} bytes would unpack to ${unpacked}, more than ten ` +
        'times as much. It is not unpacked.',
    );
  const entries = new Map<string, ZipEntry>();
  const inflater = new Inflater();
  let covered = 0;
  for (const record of records.toSorted((a, b) => a.header - b.header)) {
    if (record.header < covered)
      throw damaged(`the entry "${record.name}" overlaps the one before it`);
    if (entries.has(record.name)) throw damaged(`the entry "${record.name}" is there twice`);
    const packed = await locate(source, record);
    covered = packed.end;
    const content = record.deflated ? inflater.source(packed.content, record) : packed.content;
    entries.set(record.name, {
      name: record.name,
      size: record.size,
      content: checked(content, record),
    });
  }
  return entries;
}

interface Record {
  readonly name: string;
  readonly deflated: boolean;
  readonly packedSize: number;
  readonly size: number;
  /** Zero where the writer left it out, as PyTorch does when asked to. */
  readonly checksum: number;
  /** Where its local header starts. */
  readonly header: number;
}

async function readDirectory(source: ByteSource): Promise<Record[]> {
  const { count, size, start } = await findDirectory(source);
  if (count > maximumEntries)
    throw damaged(`it says it has ${count} entries; more than ${maximumEntries} are not read`);
  const bytes = await readBytes(source, start, size, 'the directory of the zip archive');
  const records: Record[] = [];
  let at = 0;
  while (records.length < count) {
    if (at + 46 > bytes.length)
      throw damaged(`its directory ends after ${records.length} of ${count} entries`);
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, bytes.length - at);
    if (view.getUint32(0, true) !== 0x02014b50)
      throw damaged(`its directory is not one at entry ${records.length}`);
    const [nameLength, extraLength, commentLength] = [
      view.getUint16(28, true),
      view.getUint16(30, true),
      view.getUint16(32, true),
    ];
    const next = at + 46 + nameLength + extraLength + commentLength;
    if (next > bytes.length) throw damaged(`its directory ends inside entry ${records.length}`);
    records.push(
      parseRecord(
        view,
        decodeText(bytes.subarray(at + 46, at + 46 + nameLength), 'a name in the zip archive'),
        46 + nameLength,
        extraLength,
      ),
    );
    at = next;
  }
  return records;
}

function parseRecord(
  view: DataView,
  name: string,
  extraStart: number,
  extraLength: number,
): Record {
  const method = view.getUint16(10, true);
  if ((view.getUint16(8, true) & 1) !== 0) throw damaged(`the entry "${name}" is encrypted`);
  if (method !== 0 && method !== 8)
    throw damaged(
      `the entry "${name}" is packed by method ${method}; only stored (0) and deflate (8) are read`,
    );
  const [size, packedSize, header] = widen(
    view,
    [view.getUint32(24, true), view.getUint32(20, true), view.getUint32(42, true)],
    extraStart,
    extraLength,
    name,
  );
  if (method === 0 && size !== packedSize)
    throw damaged(`the entry "${name}" is stored, but its two sizes are ${size} and ${packedSize}`);
  return {
    name,
    deflated: method === 8,
    packedSize,
    size,
    checksum: view.getUint32(16, true),
    header,
  };
}

/** Replaces sizes of 2³²−1 by the 64-bit ones of the zip64 extra field. */
function widen(
  view: DataView,
  sizes: [number, number, number],
  start: number,
  length: number,
  name: string,
): [number, number, number] {
  if (sizes.every((size) => size !== 0xffffffff)) return sizes;
  for (let at = start; at + 4 <= start + length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    let from = at + 4;
    const end = Math.min(from + view.getUint16(at + 2, true), start + length);
    return sizes.map((size) => {
      if (size !== 0xffffffff) return size;
      if (from + 8 > end) throw damaged(`the zip64 sizes of the entry "${name}" are missing`);
      from += 8;
      return Number(view.getBigUint64(from - 8, true));
    }) as [number, number, number];
  }
  throw damaged(`the zip64 sizes of the entry "${name}" are missing`);
}

/** The record at the very end, behind it a comment of at most 65,535 bytes. */
async function findDirectory(
  source: ByteSource,
): Promise<{ count: number; size: number; start: number }> {
  const length = Math.min(source.size, 22 + 65_535);
  const from = source.size - length;
  const tail = await readBytes(source, from, length, 'the end of the zip archive');
  const view = new DataView(tail.buffer);
  for (let at = length - 22; at >= 0; at--) {
    if (
      view.getUint32(at, true) !== 0x06054b50 ||
      at + 22 + view.getUint16(at + 20, true) !== length
    )
      continue;
    const [count, size, start] = [
      view.getUint16(at + 10, true),
      view.getUint32(at + 12, true),
      view.getUint32(at + 16, true),
    ];
    if (count !== 0xffff && size !== 0xffffffff && start !== 0xffffffff)
      return { count, size, start };
    return wideDirectory(source, from + at);
  }
  throw damaged('its directory is missing, so it is not whole');
}

async function wideDirectory(
  source: ByteSource,
  end: number,
): Promise<{ count: number; size: number; start: number }> {
  const locator = new DataView((await readBytes(source, end - 20, 20, 'the zip64 locator')).buffer);
  if (locator.getUint32(0, true) !== 0x07064b50) throw damaged('its zip64 locator is missing');
  const record = new DataView(
    (
      await readBytes(
        source,
        Number(locator.getBigUint64(8, true)),
        56,
        'the zip64 directory record',
      )
    ).buffer,
  );
  if (record.getUint32(0, true) !== 0x06064b50)
    throw damaged('its zip64 directory record is missing');
  return {
    count: Number(record.getBigUint64(32, true)),
    size: Number(record.getBigUint64(40, true)),
    start: Number(record.getBigUint64(48, true)),
  };
}

/**
 * The local header says again what the directory said, and how long its own name and extra field
 * are.
 */
async function locate(
  source: ByteSource,
  { name, header, packedSize }: Record,
): Promise<{ content: ByteSource; end: number }> {
  const what = `the entry "${name}" of the zip archive`;
  const view = new DataView((await readBytes(source, header, 30, what)).buffer);
  if (view.getUint32(0, true) !== 0x04034b50)
    throw damaged(`the entry "${name}" is not where the directory says`);
  const nameLength = view.getUint16(26, true);
  const local = await readBytes(source, header + 30, nameLength, what);
  if (decodeText(local, what) !== name)
    throw damaged(`the entry "${name}" has another name in its own header`);
  const start = header + 30 + nameLength + view.getUint16(28, true);
  checkRange(source, start, packedSize, what);
  return { content: partOf(source, start, packedSize, what), end: start + packedSize };
}

/**
 * Follows whoever reads from the start on, and compares at the end. Reads that begin behind what
 * was seen tell nothing.
 */
function checked(content: ByteSource, { name, checksum }: Record): ByteSource {
  if (checksum === 0) return content;
  let seen = 0;
  let found = 0;
  return {
    size: content.size,
    async read(into, position) {
      await content.read(into, position);
      const end = position + into.length;
      if (position > seen || end <= seen) return;
      found = crc32(into.subarray(seen - position), found);
      seen = end;
      if (seen === content.size && found !== checksum)
        throw damaged(`the content of the entry "${name}" does not fit its checksum`);
    },
  };
}

/**
 * Unpacks deflated entries into memory, each into exactly the size that the directory gives, and
 * keeps the last.
 */
class Inflater {
  #last: { readonly name: string; readonly bytes: Promise<Uint8Array> } | undefined;

  source(packed: ByteSource, { name, size }: Record): ByteSource {
    return {
      size,
      read: async (into, position) => {
        if (this.#last?.name !== name) this.#last = { name, bytes: inflate(packed, name, size) };
        into.set((await this.#last.bytes).subarray(position, position + into.length));
      },
    };
  }
}

/** The platform's own inflate, behind a count that stops at `size`. */
async function inflate(packed: ByteSource, name: string, size: number): Promise<Uint8Array> {
  const out = new Uint8Array(size);
  let done = 0;
  try {
    const unpacked = new Blob([await readBytes(packed, 0, packed.size, name)])
      .stream()
      .pipeThrough(new DecompressionStream('deflate-raw'));
    for (const reader = unpacked.getReader(); ;) {
      const { value, done: ended } = await reader.read();
      if (ended) break;
      if (done + value.length > size) {
        await reader.cancel();
        done = Infinity;
        break;
      }
      out.set(value, done);
      done += value.length;
    }
  } catch {
    done = -1;
  }
  if (done !== size)
    throw damaged(
      `the entry "${name}" does not unpack to the ${size} bytes that the directory gives`,
    );
  return out;
}

function damaged(why: string): AlexNetError {
  return new AlexNetError(`The zip archive is damaged or not supported: ${why}.`);
}

export interface ZipPart {
  readonly name: string;
  readonly size: number;
  /**
   * Gives exactly `size` bytes, the same each time: it is asked once for the checksum and once to
   * be written.
   */
  readonly pieces: () => Iterable<Uint8Array>;
}

/** An archive of stored entries, in pieces. Total size below 4 GiB. */
export function* writeZip(parts: readonly ZipPart[]): Generator<Uint8Array> {
  const directory: Uint8Array[] = [];
  let position = 0;
  for (const { name, size, pieces } of parts) {
    let checksum = 0;
    for (const piece of pieces()) checksum = crc32(piece, checksum);
    const encoded = new TextEncoder().encode(name);
    directory.push(headerOf('directory', encoded, size, checksum, position), encoded);
    const header = headerOf('local', encoded, size, checksum, position);
    yield header;
    yield encoded;
    yield* pieces();
    position += header.length + encoded.length + size;
  }
  if (position >= 0xffffffff)
    throw new AlexNetError(
      `The zip archive would have ${position} bytes; 4 GiB and more are not written.`,
    );
  yield* directory;
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, parts.length, true);
  end.setUint16(10, parts.length, true);
  end.setUint32(12, size, true);
  end.setUint32(16, position, true);
  yield new Uint8Array(end.buffer);
}

/**
 * The two kinds of header share eleven fields; the directory's has a version before and a place
 * behind.
 */
function headerOf(
  kind: 'local' | 'directory',
  name: Uint8Array,
  size: number,
  checksum: number,
  position: number,
): Uint8Array {
  const shift = kind === 'local' ? 0 : 2;
  const view = new DataView(new ArrayBuffer(kind === 'local' ? 30 : 46));
  view.setUint32(0, kind === 'local' ? 0x04034b50 : 0x02014b50, true);
  if (kind === 'directory') {
    view.setUint16(4, 20, true);
    view.setUint32(42, position, true);
  }
  view.setUint16(4 + shift, 20, true);
  view.setUint16(6 + shift, 0x800, true);
  view.setUint16(12 + shift, 0x21, true);
  view.setUint32(14 + shift, checksum, true);
  view.setUint32(18 + shift, size, true);
  view.setUint32(22 + shift, size, true);
  view.setUint16(26 + shift, name.length, true);
  return new Uint8Array(view.buffer);
}
