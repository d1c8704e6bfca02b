import { isPictureFile } from '../../images/node/is-picture.ts';
import { classFolders, splitFolders } from '../class-folders.ts';
import type { ClassFolder } from '../class-folder.ts';
import type { Dataset, DatasetOptions, Split } from '../dataset.ts';
import { entries, filesBelow } from './walk.ts';
import type { Entry } from './walk.ts';

/**
 * A folder with one folder per class, pictures anywhere below it; or with `train` and `val` or
 * `test`, which have such folders. Without a `train` folder all samples are `train`.
 * @throws {AlexNetError} as {@link classFolders} does.
 */
export async function imageFolder(root: string, options: DatasetOptions = {}): Promise<Dataset> {
  const inside = await entries(root);
  const found = await Promise.all(
    splitParts(root, inside).map(async ({ split, prefix, path }) => ({
      split,
      prefix,
      classes: await classesIn(path),
    })),
  );
  const beside = inside.filter(({ kind }) => kind === 'file').map(({ name }) => name);
  return classFolders(root, found, options, beside);
}

interface Part {
  readonly split: Split;
  readonly prefix: string;
  readonly path: string;
}

/** Its `train`, `val` and `test`; or the folder itself. */
function splitParts(root: string, inside: readonly Entry[]): Part[] {
  const parts = inside.flatMap(({ name, path, kind }) => {
    const split = kind === 'folder' ? splitFolders[name.toLowerCase()] : undefined;
    return split ? [{ split, prefix: `${name}/`, path }] : [];
  });
  return parts.length > 0 ? parts : [{ split: 'train', prefix: '', path: root }];
}

async function classesIn(path: string): Promise<ClassFolder[]> {
  const folders = (await entries(path)).filter(({ kind }) => kind === 'folder');
  const found: ClassFolder[] = [];
  for (const folder of folders) found.push(await classIn(folder));
  return found;
}

async function classIn({ name, path }: Entry): Promise<ClassFolder> {
  const all = await filesBelow(path);
  const wanted = await Promise.all(all.map((found) => isPictureFile(found.path)));
  const files = all
    .filter((_, i) => wanted[i])
    .map((file) => ({ name: file.name, source: { path: file.path } }));
  return { name, files, left: all.length - files.length };
}
