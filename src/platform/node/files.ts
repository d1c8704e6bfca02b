/** The platform's files on Node; `platform.ts` says what each does. */
import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { AlexNetError } from '../../errors.ts';
import type { OpenFile } from '../platform.ts';

export async function withFile<T>(path: string, use: (file: OpenFile) => Promise<T>): Promise<T> {
  const file = await openFile(path);
  try {
    const { size } = await file.stat();
    return await use({ size, read: (into, position) => readFully(file, into, position, path) });
  } finally {
    await file.close();
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    // Asked before it is opened: a FIFO would keep everything waiting for somebody who writes.
    if ((await stat(path)).isFile()) {
      const file = await open(path, 'r');
      if ((await file.stat()).isFile()) return file;
      await file.close();
    }
  } catch (error) {
    throw new AlexNetError(`${path} could not be opened: ${reason(error)}.`, { cause: error });
  }
  throw new AlexNetError(`${path} is not a file.`);
}

async function readFully(
  file: FileHandle,
  into: Uint8Array,
  position: number,
  path: string,
): Promise<void> {
  for (let done = 0; done < into.length;) {
    const { bytesRead } = await file.read(into, done, into.length - done, position + done);
    if (bytesRead === 0) throw new AlexNetError(`${path} became shorter while it was read.`);
    done += bytesRead;
  }
}

export async function fileBeside(
  path: string,
  name: string,
): Promise<{ path: string } | 'missing' | 'outside'> {
  const folder = await realpath(dirname(resolve(path)));
  const place = await realpath(join(folder, name)).catch(() => undefined);
  if (place === undefined) return 'missing';
  return place.startsWith(folder.endsWith(sep) ? folder : folder + sep)
    ? { path: place }
    : 'outside';
}

export function isUnfinished(name: string): boolean {
  return /^\..+\.[0-9a-f]{12}\.part$/.test(name);
}

export async function writeWhole(path: string, pieces: Iterable<Uint8Array>): Promise<void> {
  const place = resolve(path);
  // Loaded where it is used: it takes Node some milliseconds, which `--help` need not wait for.
  const { randomBytes } = await import('node:crypto');
  const beside = join(dirname(place), `.${basename(place)}.${randomBytes(6).toString('hex')}.part`);
  try {
    await writePieces(beside, pieces);
    await rename(beside, place);
  } catch (error) {
    await rm(beside, { force: true });
    if (error instanceof AlexNetError || !isSystemError(error)) throw error;
    throw new AlexNetError(`${path} could not be written: ${reason(error)}.`, { cause: error });
  }
  await flushFolder(dirname(place));
}

async function writePieces(path: string, pieces: Iterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'wx');
  try {
    for (const piece of pieces) await file.appendFile(piece);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * So that the new name survives a power cut too. Some systems (Windows) cannot open folders; there
 * the rename has to do.
 */
async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}

export function reason(error: unknown): string {
  if (!isSystemError(error)) return error instanceof Error ? error.message : String(error);
  return words[error.code ?? ''] ?? `the system said ${error.code ?? error.message}`;
}

const words: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'permission was denied',
  EPERM: 'permission was denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'part of its path is not a folder',
  ENOSPC: 'the disk is full',
  EEXIST: 'there is something already',
  EROFS: 'the disk is read-only',
};
