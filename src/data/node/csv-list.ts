import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { csvPictures } from '../csv.ts';
import type { Dataset, DatasetOptions, Sample } from '../dataset.ts';
import { finishDataset } from '../split.ts';

/** A list of pictures as {@link csvPictures} reads it; files are looked for from its own folder. */
export async function csvList(path: string, options: DatasetOptions = {}): Promise<Dataset> {
  const found = await csvPictures(path, await readFile(path, 'utf8'));
  const classes = [...new Set(found.map(({ label }) => label))].toSorted();
  const index = new Map(classes.map((name, i) => [name, i]));
  const samples = found.map(({ file, label, split }): Sample => ({
    source: { path: isAbsolute(file) ? file : join(dirname(path), file) },
    name: file,
    label: index.get(label)!,
    split,
  }));
  return finishDataset({ classes, samples, remarks: [], kind: 'csv', root: path }, options);
}
