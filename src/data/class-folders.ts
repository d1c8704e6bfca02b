import { ensure } from '../errors.ts';
import type { ClassFolder } from './class-folder.ts';
import type { Dataset, DatasetOptions, Sample, Split } from './dataset.ts';
import { atDepth, otherReadings } from './depth.ts';
import { finishDataset } from './split.ts';

/** Folders that name a split, in small letters. */
export const splitFolders: Readonly<Record<string, Split>> = {
  train: 'train',
  training: 'train',
  val: 'val',
  valid: 'val',
  validation: 'val',
  test: 'test',
  testing: 'test',
};

/** What systems leave in folders and nobody put there. */
export function isClutter(name: string): boolean {
  return (
    name.startsWith('.') ||
    name === '__MACOSX' ||
    name === 'Thumbs.db' ||
    name === 'desktop.ini' ||
    name === '@eaDir' ||
    name === 'lost+found' ||
    name === '$RECYCLE.BIN' ||
    name === 'System Volume Information'
  );
}

/** A folder of one split with its folders, each a class. */
export interface SplitFolder {
  readonly split: Split;
  /** `train/`; empty where the whole folder is one split. */
  readonly prefix: string;
  readonly classes: readonly ClassFolder[];
}

/** What lies beside folders and could be meant instead: a list of pictures. */
function listsBeside(root: string, names: readonly string[]): string[] {
  return names
    .filter((name) => /\.(csv|tsv)$/i.test(name))
    .map(
      (name) =>
        `${name} lies beside the folders and is not read: the folders name the classes. To go by ` +
        `it, name ${root}/${name}.`,
    );
}

/**
 * The dataset of folders that name classes. Classes are numbered by their names in code unit order.
 * @param beside the names of files that lie beside the folders.
 * @throws {AlexNetError} where there are no classes or no pictures, or where `val` or `test` has a
 * class that `train` has not.
 */
export async function classFolders(
  root: string,
  read: readonly SplitFolder[],
  options: DatasetOptions,
  beside: readonly string[] = [],
): Promise<Dataset> {
  const { depth } = options;
  const found = read.map((part) => ({ ...part, classes: atDepth(part.classes, depth ?? 1) }));
  const named = found.find(({ split }) => split === 'train') ?? found[0]!;
  const classes = named.classes.filter((folder) => folder.files.length > 0).map(({ name }) => name);
  refuseNone(root, named.classes, classes);
  const other = otherReadings(named.classes, depth);
  const remarks = [...listsBeside(root, beside), ...(other === undefined ? [] : [other])];
  const samples: Sample[] = [];
  for (const { split, prefix, classes: folders } of found) {
    for (const folder of folders) {
      const place = `${prefix}${folder.name}`;
      remarks.push(...remarksOn(place, folder));
      const label = classes.indexOf(folder.name);
      ensure(
        label >= 0 || folder.files.length === 0,
        () =>
          `${root}: ${prefix.slice(0, -1)} has pictures of ${JSON.stringify(folder.name)}, ` +
          `a class that ${named.prefix.slice(0, -1)} has no pictures of.`,
      );
      for (const { name, source } of folder.files)
        samples.push({ source, name: `${place}/${name}`, label, split });
    }
  }
  return finishDataset({ classes, samples, remarks, kind: 'folder', root }, options);
}

function remarksOn(place: string, { files, left }: ClassFolder): string[] {
  const remarks: string[] = [];
  if (left === 1)
    remarks.push(`${place}: 1 file is no picture by its name and content and was left out.`);
  if (left > 1)
    remarks.push(
      `${place}: ${left} files are no pictures by their names and contents and were left out.`,
    );
  if (files.length === 0) remarks.push(`${place}: there are no pictures in this folder.`);
  return remarks;
}

function refuseNone(
  root: string,
  folders: readonly ClassFolder[],
  classes: readonly string[],
): void {
  ensure(
    folders.length > 0,
    () =>
      `${root} has no folders in it. Expected one folder for each class, with its pictures: ` +
      `${root}/cat/*.jpg, ${root}/dog/*.jpg.`,
  );
  ensure(
    classes.length > 0,
    () =>
      `${root} has ${folders.length} ${folders.length === 1 ? 'folder' : 'folders'} ` +
      'but no pictures in them. Expected JPEG, PNG, WebP, GIF, AVIF or TIFF files.',
  );
}
