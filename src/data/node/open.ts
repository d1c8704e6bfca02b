import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { AlexNetError, ensure } from '../../errors.ts';
import { cifar } from './cifar.ts';
import { csvList } from './csv-list.ts';
import type { Dataset, DatasetOptions } from '../dataset.ts';
import { imageFolder } from './folder.ts';
import { ilsvrc2012, isIlsvrc2012 } from './ilsvrc.ts';
import { tarShards } from './shards.ts';
import { isUnfinishedPack } from './unfinished-pack.ts';
import { entries } from './walk.ts';

/**
 * Opens a dataset of any kind, told by what lies there: a folder with a folder for each class, a
 * CSV list, tar shards, ILSVRC2012 as it is distributed, or CIFAR-10 and CIFAR-100 in their binary
 * versions.
 */
export async function openDataset(root: string, options: DatasetOptions = {}): Promise<Dataset> {
  const found = await stat(root).catch(() => {
    throw new AlexNetError(
      `There is no file or folder ${root}. Name a folder with one folder of pictures for each ` +
        'class.',
    );
  });
  if (found.isFile()) return fromFile(root, options);
  ensure(
    found.isDirectory(),
    `${root} is no dataset: expected a folder, a .csv list or a .tar shard but found a device, ` +
      'pipe or socket.',
  );
  const names = new Set((await entries(root)).map(({ name }) => name));
  for (const inner of ['cifar-10-batches-bin', 'cifar-100-binary'])
    if (names.size === 1 && names.has(inner)) return openDataset(`${root}/${inner}`, options);
  if (names.has('data_batch_1.bin')) return cifar(root, 'cifar10', options);
  if (names.has('train.bin') && names.has('fine_label_names.txt'))
    return cifar(root, 'cifar100', options);
  if (isIlsvrc2012(names)) return ilsvrc2012(root, options);
  ensure(
    !isUnfinishedPack(names),
    () =>
      `${root} is what a \`data pack\` left that was interrupted: not all pictures are in it. ` +
      'Pack into it again.',
  );
  if ([...names].some((name) => name.endsWith('.tar')) || (await hasShardsInSplits(root)))
    return tarShards(root, options);
  refuseCompressed(root, names);
  return imageFolder(root, options);
}

async function fromFile(root: string, options: DatasetOptions): Promise<Dataset> {
  const ending = extname(root).toLowerCase();
  if (ending === '.csv' || ending === '.tsv' || ending === '.txt') return csvList(root, options);
  if (ending === '.tar') return tarShards(root, options);
  throw new AlexNetError(
    `${root} is no dataset: expected a folder, a .csv list or a .tar ` +
      `shard.${/\.(tar\.)?(gz|tgz|zip)$/i.test(root) ? ' Unpack it first.' : ''}`,
  );
}

/** Shards that are compressed, where there is nothing else. */
function refuseCompressed(root: string, names: ReadonlySet<string>): void {
  const found = [...names].find((name) => /\.(tar\.(gz|bz2|xz|zst)|tgz)$/i.test(name));
  ensure(
    found === undefined || ![...names].every((name) => /\.(tar\.\w+|tgz|txt|json)$/i.test(name)),
    () =>
      `${root} has archives that are compressed (${found}), and their members cannot be read ` +
      'from their places. Unpack them to .tar first.',
  );
}

/** `train/0000.tar`, `val/0000.tar`. */
async function hasShardsInSplits(root: string): Promise<boolean> {
  const train = (await entries(root)).find(
    ({ name, kind }) => kind === 'folder' && name.toLowerCase() === 'train',
  );
  if (!train) return false;
  const inside = await entries(train.path);
  return (
    inside.length > 0 && inside.every(({ name, kind }) => kind === 'file' && name.endsWith('.tar'))
  );
}
