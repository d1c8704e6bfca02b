import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { reason } from '#platform';
import { AlexNetError } from '../../errors.ts';
import { byName } from '../class-folder.ts';
import { isClutter } from '../class-folders.ts';

export interface Entry {
  readonly name: string;
  readonly path: string;
  readonly kind: 'file' | 'folder';
}

/**
 * A folder's files and folders in a fixed order, links followed. A link that leads nowhere is a
 * file, so that it is noticed. @throws {AlexNetError} where the folder may not be read.
 */
export async function entries(folder: string): Promise<Entry[]> {
  const inside = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw unreadableFolder(folder, error);
  });
  const found = inside.filter((entry) => !isClutter(entry.name));
  const all = await Promise.all(
    found.map(async (entry): Promise<Entry> => {
      const path = join(folder, entry.name);
      const isFolder = entry.isSymbolicLink()
        ? await stat(path).then(
            (target) => target.isDirectory(),
            () => false,
          )
        : entry.isDirectory();
      return { name: entry.name, path, kind: isFolder ? 'folder' : 'file' };
    }),
  );
  return all.toSorted(byName);
}

function unreadableFolder(folder: string, error: unknown): AlexNetError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' && folder.includes('\uFFFD'))
    return new AlexNetError(
      `The folder ${folder} cannot be read: its name is not UTF-8. Rename it (convmv, detox).`,
      { cause: error },
    );
  const forbidden = code === 'EACCES' || code === 'EPERM';
  return new AlexNetError(
    `The folder ${folder} cannot be read: ${reason(error)}.` +
      (forbidden ? ' Change its permissions, or move it away.' : ''),
    { cause: error },
  );
}

export interface Found {
  readonly path: string;
  /** The path below the folder, with `/` on every system. */
  readonly name: string;
}

/**
 * All files below a folder, in a fixed order, links followed, but not back up: no folder lies in
 * itself.
 * @throws {AlexNetError} for a folder that may not be read.
 */
export async function filesBelow(folder: string): Promise<Found[]> {
  const found: Found[] = [];
  for await (const one of walk(folder)) {
    if ('error' in one) throw one.error;
    found.push(one);
  }
  return found;
}

export interface Unreadable {
  readonly path: string;
  readonly error: AlexNetError;
}

/** As {@link filesBelow}, one by one; a folder that may not be read is told, and the rest goes on. */
export async function* walk(
  folder: string,
  prefix = '',
  above: readonly string[] = [],
): AsyncGenerator<Found | Unreadable> {
  let inside: Entry[];
  let real: string;
  try {
    real = await realpath(folder).catch((error: unknown) => {
      throw unreadableFolder(folder, error);
    });
    if (above.some((folderAbove) => folderAbove === real || folderAbove.startsWith(real + sep)))
      return;
    inside = await entries(folder);
  } catch (error) {
    if (!(error instanceof AlexNetError)) throw error;
    yield { path: folder, error };
    return;
  }
  for (const { name, path, kind } of inside) {
    if (kind === 'file') yield { path, name: prefix + name };
    else yield* walk(path, `${prefix}${name}/`, [...above, real]);
  }
}
