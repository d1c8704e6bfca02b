import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's own folder: this file is `<package>/dist/engine/onednn/paths.js`. */
export const packageFolder = fileURLToPath(new URL('../../..', import.meta.url));

export const sourceFolder = join(packageFolder, 'native');

/** Where the addon may stand, the first choice first: in the package, or, where that is read-only, in the user's cache. */
export function buildFolders(): string[] {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return [join(packageFolder, 'build', 'native'), join(cache, 'alexnet', `native-${process.platform}-${process.arch}`)];
}

export function builtAddons(): string[] {
  return buildFolders().map((folder) => join(folder, 'alexnet.node'));
}
