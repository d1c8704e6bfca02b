import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { byName, isClutter } from '../class-folders.ts';

export interface Entry {
  readonly name: string;
  readonly path: string;
  readonly kind: 'file' | 'folder';
}

/**
 * A folder's files and folders in a fixed order, links followed. A link that leads nowhere is a
 * file, so that it is noticed.
 */
export async function entries(folder: string): Promise<Entry[]> {
  const found = (await readdir(folder, { withFileTypes: true })).filter(
    (entry) => !isClutter(entry.name),
  );
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

export interface Found {
  readonly path: string;
  /** The path below the folder, with `/` on every system. */
  readonly name: string;
}

/**
 * All files below a folder, in a fixed order, links followed, but not back up: no folder lies in
 * itself.
 */
export async function filesBelow(folder: string): Promise<Found[]> {
  return descend(folder, '', [await realpath(folder)]);
}

async function descend(folder: string, prefix: string, above: readonly string[]): Promise<Found[]> {
  const found: Found[] = [];
  for (const { name, path, kind } of await entries(folder)) {
    if (kind === 'file') {
      found.push({ path, name: prefix + name });
      continue;
    }
    const real = await realpath(path);
    if (!above.some((folderAbove) => folderAbove === real || folderAbove.startsWith(real + sep)))
      found.push(...(await descend(path, `${prefix}${name}/`, [...above, real])));
  }
  return found;
}
