import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { Header, Pax } from 'tar';
import { reason } from '#platform';
import { AlexNetError, ensure } from '../../errors.ts';

export interface Member {
  readonly name: string;
  /** Where its bytes begin in the outermost file. */
  readonly offset: number;
  readonly bytes: number;
}

/** A tar archive: a whole file, or a member of another archive. */
export interface TarFile {
  readonly path: string;
  readonly offset?: number;
  readonly bytes?: number;
}

/** So many headers between two breaths of the event loop. */
const headersAtOnce = 512;

/** Names and attributes that are longer than this are no names. */
const maximumExtension = 2 ** 20;

/** Tar pads an archive with zeros to a whole record; the largest that is in use has 10 MiB. */
const maximumPadding = 16 * 2 ** 20;

/**
 * Lists the files in a tar archive without reading what is in them: only headers are read, so any
 * member can be read later from its place. Knows the names of ustar, GNU and pax.
 * @throws {AlexNetError} where the archive ends early (a member that goes past its end, no block of
 * zeros after the last, or more than padding behind that block) or is none.
 */
export async function* tarMembers(archive: TarFile): AsyncGenerator<Member> {
  const file = opened(archive.path);
  try {
    const start = archive.offset ?? 0;
    const end = archive.bytes === undefined ? fstatSync(file).size : start + archive.bytes;
    let extended: Pax | undefined;
    let longName: string | undefined;
    for (let at = start, count = 1; ; count++) {
      const block = read(file, at, Math.min(512, Math.max(0, end - at)));
      const cut = block.length === 0 || (block.length < 512 && at > start);
      ensure(!cut, () => cutOff(archive.path, `byte ${at}`));
      const header = parsed(block, extended);
      if (header?.nullBlock) return await refuseMore(file, at, end, archive.path);
      if (!header?.cksumValid) throw noMember(archive.path, at, at === start, block);
      const size = header.size ?? 0;
      const body = { offset: at + 512, bytes: size };
      const whole = Number.isSafeInteger(size) && size >= 0 && body.offset + size <= end;
      ensure(whole, () => cutOff(archive.path, header.path ?? `the member at byte ${at}`));
      at += 512 + Math.ceil(size / 512) * 512;
      if (header.type === 'ExtendedHeader')
        extended = Pax.parse(extension(file, body, archive.path), extended);
      else if (header.type === 'NextFileHasLongPath')
        longName = extension(file, body, archive.path).replace(/\0.*$/s, '');
      else {
        if (header.type === 'File' || header.type === 'OldFile' || header.type === 'ContiguousFile')
          yield { name: longName ?? header.path ?? '', ...body };
        extended = undefined;
        longName = undefined;
      }
      if (count % headersAtOnce === 0) await setImmediate();
    }
  } finally {
    closeSync(file);
  }
}

function opened(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw new AlexNetError(`${path} cannot be read: ${reason(error)}.`, { cause: error });
  }
}

/** Undefined where a block is none, or holds numbers that are none. */
function parsed(block: Buffer, extended: Pax | undefined): Header | undefined {
  try {
    return block.length === 512 ? new Header(block, 0, extended) : undefined;
  } catch {
    return undefined;
  }
}

function cutOff(path: string, where: string): string {
  return (
    `${path} is no whole tar archive: it ends early, in ${where}. ` +
    'Copy or download it again, or pack it again.'
  );
}

function noMember(path: string, at: number, first: boolean, block: Uint8Array): AlexNetError {
  const packed = compressions.find(([start]) => start.every((byte, i) => block[i] === byte));
  if (first && packed !== undefined)
    return new AlexNetError(
      `${path} is compressed with ${packed[1]}, and its members cannot be read from their ` +
        'places. Unpack it to a .tar first.',
    );
  if (first)
    return new AlexNetError(
      `${path} is no tar archive: its first bytes are no header of a member. ` +
        'Copy or download it again, or take it out of the folder.',
    );
  return new AlexNetError(
    `${path} is no whole tar archive: byte ${at} should begin a member and does not. ` +
      'Copy or download it again.',
  );
}

/** What archives are compressed with, by their first bytes. */
const compressions: readonly (readonly [readonly number[], string])[] = [
  [[0x1f, 0x8b], 'gzip'],
  [[0x42, 0x5a, 0x68], 'bzip2'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'xz'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'zstd'],
  [[0x50, 0x4b, 0x03, 0x04], 'ZIP'],
];

/**
 * An archive ends with zeros. Where more than a record of them follows, or anything else, its rest
 * was never written (a download that took its place on the disk first), or a second archive was
 * joined to it: both would be lost in silence.
 */
async function refuseMore(file: number, from: number, end: number, path: string): Promise<void> {
  for (let at = from, count = 1; at < end; count++) {
    const piece = read(file, at, Math.min(2 ** 16, end - at));
    const other = piece.findIndex((byte) => byte !== 0);
    ensure(
      other < 0,
      () =>
        `${path} is no whole tar archive: its end is marked at byte ${from}, but more follows at ` +
        `byte ${at + other}. Copy or download it again; archives that were joined, take apart.`,
    );
    at += piece.length;
    ensure(
      piece.length > 0 && at - from <= maximumPadding,
      () =>
        `${path} is no whole tar archive: there are only zeros from byte ${from} on, more than ` +
        'any padding. Copy or download it again.',
    );
    if (count % headersAtOnce === 0) await setImmediate();
  }
}

/** What a header says that is a member of its own. */
function extension(file: number, { offset, bytes }: Omit<Member, 'name'>, path: string): string {
  ensure(
    bytes <= maximumExtension,
    () => `${path} is no whole tar archive: a name has ${bytes} bytes. Copy or download it again.`,
  );
  return read(file, offset, bytes).toString('utf8');
}

/** A member's bytes, for small members while listing. */
export function readMember(path: string, { offset, bytes }: Member): Buffer {
  const file = opened(path);
  try {
    return read(file, offset, bytes);
  } finally {
    closeSync(file);
  }
}

function read(file: number, offset: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const bytes = readSync(file, buffer, filled, length - filled, offset + filled);
    if (bytes === 0) break;
    filled += bytes;
  }
  return buffer.subarray(0, filled);
}

/**
 * A member as it stands in an archive: header and padded body. Names longer than ustar's get a pax
 * header.
 */
export function tarBlock(name: string, body: Uint8Array): Buffer {
  const header = new Header({
    path: name,
    mode: 0o644,
    size: body.length,
    type: 'File',
    mtime: new Date(0),
    uid: 0,
    gid: 0,
    uname: '',
    gname: '',
  });
  const block = Buffer.alloc(512);
  const pax = header.encode(block, 0) ? new Pax({ path: name }).encode() : Buffer.alloc(0);
  return Buffer.concat([pax, block, body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
}

/** What ends an archive. */
export const tarEnd = Buffer.alloc(1024);
