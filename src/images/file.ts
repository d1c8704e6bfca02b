import { open, stat } from 'node:fs/promises';
import { UnreadablePicture } from './problem.ts';

/** A larger file is no photograph, and reading it would take the machine's memory. */
const maximumBytes = 2 ** 30;

/** A file's bytes, or `bytes` of them from `offset`. @throws {UnreadablePicture} where there is no file to read. Never waits on a pipe or device. */
export async function readBytes(path: string, offset = 0, bytes?: number): Promise<Buffer> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new UnreadablePicture('notAFile', `Expected a file but found ${found.isDirectory() ? 'a folder' : 'a device, pipe or socket'}.`, path);
    const length = bytes ?? found.size - offset;
    if (length > maximumBytes) throw new UnreadablePicture('tooManyBytes', `Expected at most 1 GiB but the file has ${length} bytes.`, path);
    return await readStretch(path, offset, length);
  } catch (error) {
    throw named(error, path);
  }
}

async function readStretch(path: string, offset: number, length: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const buffer = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled);
      if (bytesRead === 0) throw new UnreadablePicture('truncated', `Expected ${length} bytes from byte ${offset} but the file ends after ${filled} of them.`, path);
      filled += bytesRead;
    }
    return buffer;
  } finally {
    await file.close();
  }
}

function named(error: unknown, path: string): unknown {
  if (error instanceof UnreadablePicture || !(error instanceof Error) || !('code' in error)) return error;
  switch (error.code) {
    case 'ENOENT':
      return new UnreadablePicture('missing', 'There is no such file (or a link that leads nowhere).', path);
    case 'EACCES':
    case 'EPERM':
      return new UnreadablePicture('forbidden', 'The file may not be read by this user. Change its permissions.', path);
    default:
      return new UnreadablePicture('unreadable', `The system could not read the file (${error.message}).`, path);
  }
}
