import { closeSync, openSync, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { Header, Pax } from 'tar';
import { AlexNetError } from '../../errors.ts';

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

/**
 * Lists the files in a tar archive without reading what is in them: only headers are read, so any
 * member can be read later from its place. Knows the names of ustar, GNU and pax.
 * @throws {AlexNetError} where the archive is cut off or is none.
 */
export async function* tarMembers(archive: TarFile): AsyncGenerator<Member> {
  const file = openSync(archive.path, 'r');
  try {
    const start = archive.offset ?? 0;
    let extended: Pax | undefined;
    let longName: string | undefined;
    for (
      let at = start, count = 1;
      archive.bytes === undefined || at < start + archive.bytes;
      count++
    ) {
      const block = read(file, at, 512);
      if (block.length === 0) return;
      const header = block.length === 512 ? new Header(block, 0, extended) : undefined;
      if (header?.nullBlock) return;
      if (!header?.cksumValid)
        throw new AlexNetError(
          `${archive.path} is no whole tar archive: byte ${at} should begin a member and does not. Copy or download it again.`,
        );
      const size = header.size ?? 0;
      const body = { offset: at + 512, bytes: size };
      at += 512 + Math.ceil(size / 512) * 512;
      if (header.type === 'ExtendedHeader')
        extended = Pax.parse(read(file, body.offset, size).toString('utf8'), extended);
      else if (header.type === 'NextFileHasLongPath')
        longName = read(file, body.offset, size).toString('utf8').replace(/\0.*$/s, '');
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

/** A member's bytes, for small members while listing. */
export function readMember(path: string, { offset, bytes }: Member): Buffer {
  const file = openSync(path, 'r');
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
