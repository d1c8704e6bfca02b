import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { UnreadablePicture } from '../problem.ts';

/** A larger file is no photograph, and reading it would take the machine's memory. */
const maximumBytes = 2 ** 30;

/**
 * A file's bytes. @throws {UnreadablePicture} where there is no file to read. Never waits on a pipe
 * or device.
 */
export async function readBytes(path: string): Promise<Buffer> {
  try {
    const length = await sizeOf(path);
    const file = await open(path);
    try {
      return await readStretch(file, path, 0, length);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw named(error, path);
  }
}

/**
 * `bytes` bytes of a file from `offset`: a member of an archive. The file stays open for the next
 * one. @throws {UnreadablePicture}
 */
export async function readMemberBytes(
  path: string,
  offset: number,
  bytes: number,
): Promise<Buffer> {
  try {
    return await readStretch(await archive(path), path, offset, bytes);
  } catch (error) {
    throw named(error, path);
  }
}

const archives = new Map<string, Promise<FileHandle>>();
const maximumArchives = 32;

/**
 * An archive that is open, or is opened now; of many the one that was asked for longest ago is
 * closed.
 */
function archive(path: string): Promise<FileHandle> {
  const file = archives.get(path) ?? sizeOf(path).then(() => open(path));
  archives.delete(path);
  archives.set(path, file);
  file.catch(() => archives.delete(path));
  const [oldest] = archives;
  if (oldest && archives.size > maximumArchives) {
    archives.delete(oldest[0]);
    // Node waits for reads that are under way.
    void oldest[1].then((handle) => handle.close()).catch(() => {});
  }
  return file;
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path);
  if (!found.isFile())
    throw new UnreadablePicture(
      'notAFile',
      `Expected a file but found ${found.isDirectory() ? 'a folder' : 'a device, pipe or socket'}.`,
      path,
    );
  return found.size;
}

async function readStretch(
  file: FileHandle,
  path: string,
  offset: number,
  length: number,
): Promise<Buffer> {
  if (length > maximumBytes)
    throw new UnreadablePicture(
      'tooManyBytes',
      `Expected at most ${maximumBytes} bytes but the file has ${length}.`,
      path,
    );
  const buffer = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0)
      throw new UnreadablePicture(
        'truncated',
        `Expected ${length} bytes from byte ${offset} but the file ends after ${filled} of them.`,
        path,
      );
    filled += bytesRead;
  }
  return buffer;
}

function named(error: unknown, path: string): unknown {
  if (error instanceof UnreadablePicture || !(error instanceof Error) || !('code' in error))
    return error;
  switch (error.code) {
    case 'ENOENT':
      return new UnreadablePicture(
        'missing',
        path.includes('\uFFFD')
          ? 'The file cannot be opened: its name is not UTF-8. Rename it (convmv, detox).'
          : 'There is no such file (or a link that leads nowhere).',
        path,
      );
    case 'EACCES':
    case 'EPERM':
      return new UnreadablePicture(
        'forbidden',
        'The file may not be read by this user. Change its permissions.',
        path,
      );
    default:
      return new UnreadablePicture(
        'unreadable',
        `The system could not read the file (${error.message}).`,
        path,
      );
  }
}
