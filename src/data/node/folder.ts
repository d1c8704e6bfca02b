import { AlexNetError, ensure } from '../../errors.ts';
import { isPictureFile } from '../../images/node/is-picture.ts';
import type { Dataset, DatasetOptions, Sample, Split } from '../dataset.ts';
import { finishDataset } from '../split.ts';
import { entries, filesBelow } from './walk.ts';
import type { Entry, Found } from './walk.ts';

const splitFolders: Readonly<Record<string, Split>> = {
  train: 'train',
  training: 'train',
  val: 'val',
  valid: 'val',
  validation: 'val',
  test: 'test',
  testing: 'test',
};

/**
 * A folder with one folder a class, pictures anywhere below it; or with `train` and `val` or
 * `test`, which have such folders. Classes are numbered by their names in code unit order. Without
 * a `train` folder all samples are `train`.
 * @throws {AlexNetError} where there are no classes or no pictures, or where `val` or `test` has a
 * class that `train` has not.
 */
export async function imageFolder(root: string, options: DatasetOptions = {}): Promise<Dataset> {
  const parts = await splitParts(root);
  const found = await Promise.all(
    parts.map(async ({ split, prefix, path }) => ({
      split,
      prefix,
      classes: await classFolders(path),
    })),
  );
  const named = found.find(({ split }) => split === 'train') ?? found[0]!;
  const remarks: string[] = [];
  const classes = named.classes.filter((folder) => folder.files.length > 0).map(({ name }) => name);
  refuseNone(root, named.classes, classes);
  const samples: Sample[] = [];
  for (const { split, prefix, classes: folders } of found) {
    for (const { name, files, left } of folders) {
      if (left > 0)
        remarks.push(
          `${prefix}${name}: ${left} ${left === 1 ? 'file is no picture by its name and content and was' : 'files are no pictures by their names and contents and were'} left out.`,
        );
      if (files.length === 0)
        remarks.push(`${prefix}${name}: there are no pictures in this folder.`);
      const label = classes.indexOf(name);
      ensure(
        label >= 0 || files.length === 0,
        () =>
          `${root}: ${prefix.slice(0, -1)} has pictures of ${JSON.stringify(name)}, a class that ${named.prefix.slice(0, -1)} has no pictures of.`,
      );
      for (const file of files)
        samples.push({
          source: { path: file.path },
          name: `${prefix}${name}/${file.name}`,
          label,
          split,
        });
    }
  }
  return finishDataset({ classes, samples, remarks, kind: 'folder', root }, options);
}

interface Part {
  readonly split: Split;
  readonly prefix: string;
  readonly path: string;
}

/** Its `train`, `val` and `test`; or the folder itself. */
async function splitParts(root: string): Promise<Part[]> {
  const inside = await entries(root).catch((error: unknown) => {
    throw new AlexNetError(
      `${root} cannot be opened as a folder of pictures (${error instanceof Error ? error.message : String(error)}).`,
    );
  });
  const parts = inside.flatMap(({ name, path, kind }) => {
    const split = kind === 'folder' ? splitFolders[name.toLowerCase()] : undefined;
    return split ? [{ split, prefix: `${name}/`, path }] : [];
  });
  return parts.length > 0 ? parts : [{ split: 'train', prefix: '', path: root }];
}

interface ClassFolder {
  readonly name: string;
  readonly files: readonly Found[];
  /** Files that are no pictures. */
  readonly left: number;
}

async function classFolders(path: string): Promise<ClassFolder[]> {
  const folders = (await entries(path)).filter(({ kind }) => kind === 'folder');
  const found: ClassFolder[] = [];
  for (const folder of folders) found.push(await classFolder(folder));
  return found;
}

async function classFolder({ name, path }: Entry): Promise<ClassFolder> {
  const all = await filesBelow(path);
  const wanted = await Promise.all(all.map((found) => isPictureFile(found.path)));
  const files = all.filter((_, i) => wanted[i]);
  return { name, files, left: all.length - files.length };
}

function refuseNone(
  root: string,
  folders: readonly ClassFolder[],
  classes: readonly string[],
): void {
  ensure(
    folders.length > 0,
    () =>
      `${root} has no folders in it. Expected one folder for each class, with its pictures: ${root}/cat/*.jpg, ${root}/dog/*.jpg.`,
  );
  ensure(
    classes.length > 0,
    () =>
      `${root} has ${folders.length} ${folders.length === 1 ? 'folder' : 'folders'} but no pictures in them. Expected JPEG, PNG, WebP, GIF, AVIF or TIFF files.`,
  );
}
