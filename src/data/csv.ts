import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { AlexNetError, ensure } from '../errors.ts';
import type { Dataset, DatasetOptions, Sample, Split } from './dataset.ts';
import { finishDataset } from './split.ts';

const columns = {
  file: ['file', 'path', 'filename', 'image', 'filepath', 'picture'],
  label: ['label', 'class', 'category', 'target'],
  split: ['split', 'set', 'subset', 'partition'],
} as const;

/**
 * A list of pictures: columns `file` and `label`, and perhaps `split` (train, val, test), separated
 * by commas, semicolons or tabs; without a first line of names, the first two columns. Files are
 * looked for from the list's own folder.
 */
export async function csvList(path: string, options: DatasetOptions = {}): Promise<Dataset> {
  const rows = await parseRows(path, await readFile(path, 'utf8'));
  ensure(rows.length > 0, `${path} is empty. Expected lines like: photos/rex.jpg,dog`);
  const head = rows[0]!.map((name) => name.trim().toLowerCase());
  const column = (names: readonly string[]): number =>
    head.findIndex((name) => names.includes(name));
  const named = column(columns.file) >= 0 && column(columns.label) >= 0;
  const [file, label, split] = named
    ? [column(columns.file), column(columns.label), column(columns.split)]
    : [0, 1, 2];
  const found = rows.slice(named ? 1 : 0).map((row, i) => {
    const line = i + (named ? 2 : 1);
    ensure(
      (row[file] ?? '') !== '' && (row[label] ?? '') !== '',
      () =>
        `${path}, row ${line}: expected a file and a label but found ${JSON.stringify(row.join(','))}.`,
    );
    return { name: row[file]!, class: row[label]!, split: splitOf(row[split], path, line) };
  });
  ensure(found.length > 0, `${path} names its columns but no pictures.`);
  const classes = [...new Set(found.map((row) => row.class))].toSorted();
  const index = new Map(classes.map((name, i) => [name, i]));
  const samples = found.map((row): Sample => ({
    source: { path: isAbsolute(row.name) ? row.name : join(dirname(path), row.name) },
    name: row.name,
    label: index.get(row.class)!,
    split: row.split,
  }));
  return finishDataset({ classes, samples, remarks: [], kind: 'csv', root: path }, options);
}

async function parseRows(path: string, text: string): Promise<string[][]> {
  const { parse } = await import('csv-parse/sync');
  const first = text.slice(0, text.search(/\r?\n|$/));
  const delimiter = ['\t', ';', ','].find((mark) => first.includes(mark)) ?? ',';
  try {
    return parse(text, {
      bom: true,
      delimiter,
      trim: true,
      skipEmptyLines: true,
      relaxColumnCount: true,
    });
  } catch (error) {
    throw new AlexNetError(
      `${path} is no list of comma-separated values: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}

function splitOf(text: string | undefined, path: string, line: number): Split {
  const known: Readonly<Record<string, Split>> = {
    '': 'train',
    train: 'train',
    training: 'train',
    val: 'val',
    valid: 'val',
    validation: 'val',
    test: 'test',
    testing: 'test',
  };
  const split = known[(text ?? '').toLowerCase()];
  ensure(
    split !== undefined,
    () => `${path}, row ${line}: expected train, val or test but found ${JSON.stringify(text)}.`,
  );
  return split;
}
