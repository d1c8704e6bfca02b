import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AlexNetError, ensure } from '../../errors.ts';
import type { Dataset, DatasetOptions, Sample, Split } from '../dataset.ts';
import { finishDataset } from '../split.ts';

/**
 * How the binary versions lie on the disk: a record is its label bytes and 3 · 32 · 32 bytes of
 * planes.
 */
const kinds = {
  cifar10: {
    labelBytes: 1,
    names: 'batches.meta.txt',
    files: [
      ...[1, 2, 3, 4, 5].map((i) => ({ file: `data_batch_${i}.bin`, split: 'train' as Split })),
      { file: 'test_batch.bin', split: 'test' as Split },
    ],
  },
  cifar100: {
    labelBytes: 2,
    names: 'fine_label_names.txt',
    files: [
      { file: 'train.bin', split: 'train' as Split },
      { file: 'test.bin', split: 'test' as Split },
    ],
  },
} as const;

const pictureBytes = 3 * 32 * 32;

/** CIFAR-10 or CIFAR-100 in their binary versions, unpacked. CIFAR-100 by its fine labels. */
export async function cifar(
  root: string,
  kind: keyof typeof kinds,
  options: DatasetOptions = {},
): Promise<Dataset> {
  const { labelBytes, names, files } = kinds[kind];
  const classes = (
    await readFile(join(root, names), 'utf8').catch(() => {
      throw new AlexNetError(
        `${root} lacks ${names}, which names the classes. Unpack the whole archive of the binary ` +
          'version.',
      );
    })
  )
    .split(/\r?\n/)
    .filter((line) => line !== '');
  const samples: Sample[] = [];
  const remarks: string[] = [];
  for (const { file, split } of files) {
    const path = join(root, file);
    const bytes = await readFile(path).catch(() => undefined);
    if (!bytes) {
      remarks.push(`${file} is missing.`);
      continue;
    }
    const record = labelBytes + pictureBytes;
    ensure(
      bytes.length % record === 0,
      () =>
        `${path} is no whole file of the binary version: expected a multiple of ${record} bytes ` +
        `but found ${bytes.length}.`,
    );
    for (let i = 0; i < bytes.length / record; i++) {
      const label = bytes[i * record + labelBytes - 1]!;
      ensure(
        label < classes.length,
        () =>
          `${path}: record ${i} has label ${label}, but ${names} names only ${classes.length} ` +
          'classes.',
      );
      samples.push({
        source: { path, offset: i * record + labelBytes, bytes: pictureBytes, as: 'planes32' },
        name: `${file}/${i}`,
        label,
        split,
      });
    }
  }
  ensure(samples.length > 0, `${root} has none of ${files.map(({ file }) => file).join(', ')}.`);
  return finishDataset({ classes, samples, remarks, kind, root }, options);
}
