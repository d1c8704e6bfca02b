import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's own folder: this file is `<package>/dist/engine/onednn/node/paths.js`. */
export const packageFolder = fileURLToPath(new URL('../../../..', import.meta.url));

export const sourceFolder = join(packageFolder, 'native');

/**
 * Where the addon may stand, the first choice first: in the package, or, where that is read-only,
 * in the user's cache.
 */
export function buildFolders(): string[] {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return [
    join(packageFolder, 'build', 'native'),
    join(cache, 'alexnet', `native-${process.platform}-${process.arch}`),
  ];
}

/**
 * The addon's file, the first choice first; `ALEXNET_NATIVE` names another build, one with a
 * sanitizer say.
 */
export function builtAddons(): string[] {
  const given = process.env['ALEXNET_NATIVE'];
  return given === undefined
    ? buildFolders().map((folder) => join(folder, 'alexnet.node'))
    : [given];
}
