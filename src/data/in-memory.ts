import { ensure } from '../errors.ts';
import { promisedBy } from '../images/endings.ts';
import type { Picture } from '../images/picture.ts';
import { bytesOf } from '../images/preprocess.ts';
import { isPictureContent, sniff, sniffBytes } from '../images/sniff.ts';
import { byName } from './class-folder.ts';
import { classFolders, isClutter, splitFolders } from './class-folders.ts';
import type { ClassFolder } from './class-folder.ts';
import type { SplitFolder } from './class-folders.ts';
import type { Dataset, DatasetOptions, Sample, Split } from './dataset.ts';
import { finishDataset } from './split.ts';

/** A picture with its class, in memory. */
export interface LabelledPicture {
  /** A file's content, told by it; or raw pixels. */
  readonly picture: Blob | Uint8Array | Picture;
  readonly label: string;
  /** Default `<label>/<number>`, from 0 in each class. */
  readonly name?: string;
  /** Default `train`. */
  readonly split?: Split;
}

/**
 * A dataset of pictures that lie in memory, in their order; classes are numbered by their names.
 * @throws {AlexNetError} where there are none, or two of one name.
 */
export async function picturesInMemory(
  pictures: Iterable<LabelledPicture>,
  options: DatasetOptions = {},
): Promise<Dataset> {
  const all = [...pictures];
  ensure(all.length > 0, 'Expected pictures for a dataset but found none.');
  const classes = [...new Set(all.map(({ label }) => label))].toSorted();
  const indices = new Map(classes.map((label, i) => [label, i]));
  const counts = new Map<string, number>();
  const names = new Set<string>();
  const samples = all.map(({ picture, label, split = 'train', ...given }): Sample => {
    const number = counts.get(label) ?? 0;
    counts.set(label, number + 1);
    const name = given.name ?? `${label}/${number}`;
    ensure(!names.has(name), () => `Expected each picture's own name but found two "${name}".`);
    names.add(name);
    const source = { path: name, content: picture };
    return { source, name, label: indices.get(label)!, split };
  });
  const root = 'pictures in memory';
  return finishDataset({ classes, samples, remarks: [], kind: 'memory', root }, options);
}

/** A file of a folder that a page was given: chosen (`webkitRelativePath`), or dropped. */
export type FolderFile = File | { readonly path: string; readonly blob: Blob };

/**
 * The dataset of a folder whose files a page holds: the same that `imageFolder` makes of the folder
 * itself. Every path begins with the folder's own name: `photos/cat/1.jpg`.
 * @throws {AlexNetError} as `imageFolder` does.
 */
export async function filesInMemory(
  files: Iterable<FolderFile>,
  options: DatasetOptions = {},
): Promise<Dataset> {
  const found = [...files].map(placed).filter(({ folders }) => !folders.some(isClutter));
  ensure(found.length > 0, 'Expected the files of a folder but found none.');
  const root = found[0]!.root;
  const top = folderOf(found);
  const parts = [...top.folders].toSorted(byEntry).flatMap(([name, folder]) => {
    const split = splitFolders[name.toLowerCase()];
    return split === undefined ? [] : [{ split, prefix: `${name}/`, folder }];
  });
  const whole = { split: 'train', prefix: '', folder: top } as const;
  const splits: SplitFolder[] = [];
  for (const { split, prefix, folder } of parts.length > 0 ? parts : [whole])
    splits.push({ split, prefix, classes: await classesIn(folder) });
  return classFolders(root, splits, options, [...top.files.keys()]);
}

interface Placed {
  readonly root: string;
  /** The names below the root, the file's own last. */
  readonly folders: readonly string[];
  readonly path: string;
  readonly blob: Blob;
}

function placed(file: FolderFile): Placed {
  const [path, blob] =
    'blob' in file ? [file.path, file.blob] : [file.webkitRelativePath || file.name, file];
  const [root = '', ...folders] = path.split('/');
  return { root, folders, path, blob };
}

interface Folder {
  readonly folders: Map<string, Folder>;
  readonly files: Map<string, Placed>;
}

function folderOf(all: readonly Placed[]): Folder {
  const empty = (): Folder => ({ folders: new Map(), files: new Map() });
  const top = empty();
  for (const file of all) {
    let folder = top;
    for (const name of file.folders.slice(0, -1)) {
      if (!folder.folders.has(name)) folder.folders.set(name, empty());
      folder = folder.folders.get(name)!;
    }
    folder.files.set(file.folders.at(-1) ?? file.root, file);
  }
  return top;
}

async function classesIn({ folders }: Folder): Promise<ClassFolder[]> {
  const classes: ClassFolder[] = [];
  for (const [name, folder] of [...folders].toSorted(byEntry)) {
    const all = filesBelow(folder, '');
    const wanted = await Promise.all(all.map(({ file }) => isPicture(file)));
    const files = all
      .filter((_, i) => wanted[i])
      .map(({ name, file }) => ({ name, source: { path: file.path, content: file.blob } }));
    classes.push({ name, files, left: all.length - files.length });
  }
  return classes;
}

/** Files and folders in one order by their names, as on a disk. */
function filesBelow({ folders, files }: Folder, prefix: string): { name: string; file: Placed }[] {
  const inside = [
    ...[...files].map(([name, file]) => ({ name, below: [{ name: prefix + name, file }] })),
    ...[...folders].map(([name, folder]) => ({
      name,
      below: filesBelow(folder, `${prefix}${name}/`),
    })),
  ];
  return inside.toSorted(byName).flatMap(({ below }) => below);
}

function byEntry([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return byName({ name: a }, { name: b });
}

/** As `isPictureFile` tells it of a file on a disk. */
async function isPicture({ path, blob }: Placed): Promise<boolean> {
  const promised = promisedBy(path);
  if (promised !== undefined) return promised === 'picture';
  return isPictureContent(sniff(await bytesOf(blob.slice(0, sniffBytes))));
}
