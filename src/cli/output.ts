import { randomBytes } from 'node:crypto';
import { open, realpath, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { AlexNetError } from '../errors.ts';
import { isSigned, signedBytes } from '../formats/signature.ts';
import { reason, withFile } from '#platform';

export interface OutputRules {
  /** The flag that names it, for errors: `--out`. */
  readonly flag?: string;
  /** Files that the same command reads: they are never written over. */
  readonly inputs?: readonly string[];
  /** Also over a file that alexnet did not make. */
  readonly force?: boolean;
}

/**
 * Whether a file may be written, asked before any work is done: its folder takes files, it is none
 * of the inputs, and what lies there already alexnet made itself (or it is empty).
 * @throws {AlexNetError} naming the file and what to do.
 */
export async function checkOutput(
  path: string,
  { flag, inputs = [], force = false }: OutputRules = {},
): Promise<void> {
  const named = flag === undefined ? path : `${flag} ${path}`;
  await checkReplaceable(path, named, inputs, force);
  await tryFolder(path, named);
}

async function checkReplaceable(
  path: string,
  named: string,
  inputs: readonly string[],
  force: boolean,
): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isFile())
    throw new AlexNetError(
      `${named} cannot be written: it is ${found.isDirectory() ? 'a folder' : 'no regular file'}.`,
    );
  const place = await realpath(path);
  for (const input of inputs) {
    const other = await stat(input).catch(() => undefined);
    const same = other?.dev === found.dev && other.ino === found.ino;
    if (same || (await realpath(input).catch(() => undefined)) === place)
      throw new AlexNetError(
        `${named} is what this command reads, and is not written over. Name another file.`,
      );
  }
  if (force || (await isOurs(path))) return;
  throw new AlexNetError(
    `${named} exists, and alexnet did not make it. Name another file, or write over it with ` +
      '--force.',
  );
}

async function isOurs(path: string): Promise<boolean> {
  return withFile(path, async (file) => {
    const start = new Uint8Array(Math.min(file.size, signedBytes));
    await file.read(start, 0);
    return file.size === 0 || isSigned(start);
  });
}

/** The only sure way to know whether a folder takes a file is to put one there. */
async function tryFolder(path: string, named: string): Promise<void> {
  const place = resolve(path);
  const trial = join(dirname(place), `.${basename(place)}.${randomBytes(6).toString('hex')}.part`);
  try {
    await (await open(trial, 'wx')).close();
  } catch (error) {
    throw new AlexNetError(`${named} could not be written: ${reason(error)}.`, { cause: error });
  } finally {
    await rm(trial, { force: true }).catch(() => undefined);
  }
}
