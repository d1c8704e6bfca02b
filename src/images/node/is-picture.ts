import { open, stat } from 'node:fs/promises';
import { promisedBy } from '../endings.ts';
import { isPictureContent, sniff, sniffBytes } from '../sniff.ts';

/**
 * Which files of a folder are pictures, in this one place. A name that promises a picture counts,
 * so that a bad one is reported; one that promises something else does not; else the content
 * decides.
 */
export async function isPictureFile(path: string): Promise<boolean> {
  const promised = promisedBy(path);
  if (promised !== undefined) return promised === 'picture';
  return isPictureContent(await head(path).then(sniff, () => undefined));
}

/** Opening a pipe would wait for whoever writes into it. */
async function head(path: string): Promise<Uint8Array> {
  if (!(await stat(path)).isFile()) return new Uint8Array();
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(sniffBytes), 0, sniffBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
