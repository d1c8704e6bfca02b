import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { AlexNetError, ensure } from '../../errors.ts';
import { readMatStructs } from './matlab.ts';
import type { Dataset, DatasetOptions, Sample } from '../dataset.ts';
import { finishDataset } from '../split.ts';
import { tarMembers } from './tar.ts';
import type { TarFile } from './tar.ts';
import { entries, filesBelow } from './walk.ts';

/**
 * What the organisers' files are called; each archive may also be unpacked into a folder of its
 * name, or of the short name.
 */
const names = {
  train: ['ILSVRC2012_img_train', 'train'],
  val: ['ILSVRC2012_img_val', 'val'],
  devkit: ['ILSVRC2012_devkit_t12'],
} as const;

/**
 * Whether a folder's entries are those of ILSVRC2012 as distributed (with the devkit, or at least
 * one of its archives).
 */
export function isIlsvrc2012(entryNames: ReadonlySet<string>): boolean {
  return [...entryNames].some((name) =>
    /^ILSVRC2012_(img_(train|val)|devkit_t12)(\.tar(\.gz)?)?$/.test(name),
  );
}

/**
 * ILSVRC2012 as it is distributed: `ILSVRC2012_img_train.tar` (a tar of one tar for each class),
 * `ILSVRC2012_img_val.tar` (flat) and `ILSVRC2012_devkit_t12.tar.gz`; each unpacked or not. Classes
 * are the wnids in their sorted order, as published weights number them. The devkit's ground truth
 * counts in ILSVRC ids instead, which its `meta.mat` translates.
 */
export async function ilsvrc2012(root: string, options: DatasetOptions = {}): Promise<Dataset> {
  const train = await trainingSamples(root);
  const val = await validationSamples(root);
  const classes = [...new Set([...train, ...val].map(({ wnid }) => wnid))].toSorted();
  ensure(
    classes.length > 0,
    () =>
      `${root} has no pictures of ILSVRC2012: expected ${names.train[0]}.tar, ` +
      `${names.val[0]}.tar, or what is in them.`,
  );
  const index = new Map(classes.map((wnid, i) => [wnid, i]));
  const samples = [...train, ...val].map(({ wnid, ...sample }): Sample => ({
    ...sample,
    label: index.get(wnid)!,
  }));
  return finishDataset({ classes, samples, remarks: [], kind: 'ilsvrc2012', root }, options);
}

type Found = Omit<Sample, 'label'> & { readonly wnid: string };

/** The first of the candidates that is there: an archive, or a folder. */
async function locate(
  root: string,
  candidates: readonly string[],
  endings: readonly string[],
): Promise<{ path: string; folder: boolean } | undefined> {
  const inside = await entries(root);
  for (const name of candidates) {
    const found = inside.find((entry) =>
      entry.kind === 'folder'
        ? entry.name === name
        : endings.some((ending) => entry.name === name + ending),
    );
    if (found) return { path: found.path, folder: found.kind === 'folder' };
  }
  return undefined;
}

async function trainingSamples(root: string): Promise<Found[]> {
  const place = await locate(root, names.train, ['.tar']);
  if (!place) return [];
  const samples: Found[] = [];
  const add = (wnid: string, name: string, source: Sample['source']): unknown =>
    samples.push({ wnid, name: `train/${wnid}/${name}`, source, split: 'train' });
  const addArchive = async (wnid: string, archive: TarFile): Promise<void> => {
    for await (const { name, offset, bytes } of tarMembers(archive))
      add(wnid, basename(name), { path: archive.path, offset, bytes });
  };
  if (!place.folder) {
    for await (const { name, offset, bytes } of tarMembers(place))
      await addArchive(basename(name, '.tar'), { path: place.path, offset, bytes });
    return samples;
  }
  for (const entry of await entries(place.path)) {
    if (entry.kind === 'file' && entry.name.endsWith('.tar'))
      await addArchive(basename(entry.name, '.tar'), { path: entry.path });
    else if (entry.kind === 'folder')
      for (const file of await filesBelow(entry.path))
        add(entry.name, file.name, { path: file.path });
  }
  return samples;
}

/**
 * Flat files are labelled by the devkit's ground truth, in the order of their names; folders by
 * their own.
 */
async function validationSamples(root: string): Promise<Found[]> {
  const place = await locate(root, names.val, ['.tar']);
  if (!place) return [];
  const folders = place.folder
    ? (await entries(place.path)).filter(({ kind }) => kind === 'folder')
    : [];
  const samples: Found[] = [];
  for (const folder of folders)
    for (const file of await filesBelow(folder.path))
      samples.push({
        wnid: folder.name,
        name: `val/${folder.name}/${file.name}`,
        source: { path: file.path },
        split: 'val',
      });
  if (folders.length > 0) return samples;
  const flat: { name: string; source: Sample['source'] }[] = [];
  if (place.folder)
    for (const { name, path } of await entries(place.path)) flat.push({ name, source: { path } });
  else
    for await (const { name, offset, bytes } of tarMembers(place))
      flat.push({ name: basename(name), source: { path: place.path, offset, bytes } });
  const wnids = await groundTruth(root);
  return flat
    .filter(({ name }) => /\.jpe?g$/i.test(name))
    .map(({ name, source }) => ({
      wnid: labelOfName(name, wnids),
      name: `val/${name}`,
      source,
      split: 'val',
    }));
}

/** `ILSVRC2012_val_00000293.JPEG` is line 293. */
function labelOfName(name: string, wnids: readonly string[]): string {
  const number = Number(/_(\d+)\.jpe?g$/i.exec(name)?.[1]);
  const wnid = wnids[number - 1];
  ensure(
    wnid !== undefined,
    () =>
      `The validation picture ${name} has no line in the devkit's ground truth, which has ` +
      `${wnids.length} lines. Expected names like ILSVRC2012_val_00000001.JPEG.`,
  );
  return wnid;
}

/** The wnid of each validation picture. */
async function groundTruth(root: string): Promise<string[]> {
  const devkit = await locate(root, names.devkit, ['.tar.gz', '.tgz', '.tar']);
  if (!devkit)
    throw new AlexNetError(
      `${root} has validation pictures but no ${names.devkit[0]}.tar.gz, whose ground truth ` +
        'labels them. Put it beside them.',
    );
  const [truth, meta] = await Promise.all([
    devkitFile(devkit, 'ILSVRC2012_validation_ground_truth.txt'),
    devkitFile(devkit, 'meta.mat'),
  ]);
  const wnids = new Map(
    readMatStructs(meta, 'synsets').map(({ ILSVRC2012_ID: id, WNID: wnid }) => [
      Number(id),
      String(wnid),
    ]),
  );
  return truth
    .toString('utf8')
    .trim()
    .split(/\s+/)
    .map((id) => {
      const wnid = wnids.get(Number(id));
      ensure(wnid !== undefined, `The devkit's meta.mat has no synset with ILSVRC2012_ID ${id}.`);
      return wnid;
    });
}

async function devkitFile(
  { path, folder }: { path: string; folder: boolean },
  name: string,
): Promise<Buffer> {
  const missing = (): never => {
    throw new AlexNetError(`The devkit ${path} lacks data/${name}. Download it again.`);
  };
  if (folder)
    return (
      (await readFile(join(path, 'data', name)).catch(() => readFile(join(path, name)))) ??
      missing()
    );
  const packed = await readFile(path);
  const bytes = path.endsWith('.tar') ? packed : gunzipSync(packed);
  return findInTar(bytes, name) ?? missing();
}

/** The devkit is small enough to be looked through in memory. */
function findInTar(bytes: Buffer, name: string): Buffer | undefined {
  for (let at = 0; at + 512 <= bytes.length;) {
    const size = Number.parseInt(bytes.toString('latin1', at + 124, at + 136), 8) || 0;
    const path = bytes.toString('latin1', at, at + 100).replace(/\0.*$/s, '');
    if (basename(path) === name && !basename(path).startsWith('._'))
      return bytes.subarray(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return undefined;
}
