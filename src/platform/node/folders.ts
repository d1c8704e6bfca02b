import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder, and those above it that are missing. Node's own `recursive` never ends where a
 * folder exists but takes no others (`/proc`).
 * @returns the topmost folder that was made; undefined where all were there.
 * @throws what the system says; `reason` has it in words.
 */
export async function makeFolders(path: string): Promise<string | undefined> {
  const missing: string[] = [];
  let place = resolve(path);
  for (; !(await isFolder(place)); place = dirname(place)) missing.push(place);
  for (const folder of missing.toReversed()) await makeFolder(folder);
  return missing.at(-1);
}

/** @throws where something else lies there. */
async function isFolder(path: string): Promise<boolean> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return true;
    throw new Error('it is a file and not a folder');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Another process may make it at the same time. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    if (!(await isFolder(path))) throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
