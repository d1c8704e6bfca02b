import { AlexNetError, ensure } from '../errors.ts';
import type { Split } from './dataset.ts';

const columns = {
  file: ['file', 'path', 'filename', 'image', 'filepath', 'picture'],
  label: ['label', 'class', 'category', 'target'],
  split: ['split', 'set', 'subset', 'partition'],
} as const;

/** A picture of a list. */
export interface Row {
  readonly file: string;
  readonly label: string;
  readonly split: Split;
}

/**
 * The pictures of a list: columns `file` and `label`, and perhaps `split` (train, val, test),
 * separated by commas, semicolons or tabs; without a first line of names, the first two columns.
 * @param path what errors call it.
 */
export async function csvPictures(path: string, text: string): Promise<Row[]> {
  const rows = await parseRows(path, text);
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
        `${path}, row ${line}: expected a file and a label ` +
        `but found ${JSON.stringify(row.join(','))}.`,
    );
    return { file: row[file]!, label: row[label]!, split: splitOf(row[split], path, line) };
  });
  ensure(found.length > 0, `${path} names its columns but no pictures.`);
  return found;
}

async function parseRows(path: string, text: string): Promise<string[][]> {
  const { parse } = await import('csv-parse/browser/esm/sync');
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
      `${path} is no list of comma-separated values: ` +
        `${error instanceof Error ? error.message : String(error)}.`,
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
