import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { reason } from '#platform';
import { AlexNetError } from '../../errors.ts';

/** A model's name and its file. */
export interface NamedFile {
  readonly name: string;
  readonly file: string;
}

/** Endings of files that may hold a model; what is inside decides. */
const endings = ['.safetensors', '.pth', '.pt', '.onnx', '.caffemodel', '.npz', '.npy'];

/** Characters that every client puts into an address as they are. */
const nameable = /^[\w.~-]{1,200}$/;

/**
 * The models that the words name: `FILE`, `NAME=FILE`, or a folder of model files and of run
 * folders. @throws {AlexNetError} where a folder has none, or two have the same name.
 */
export async function findModels(words: readonly string[]): Promise<NamedFile[]> {
  const found: NamedFile[] = [];
  for (const word of words) found.push(...(await modelsAt(word)));
  for (const [i, { name, file }] of found.entries()) {
    const other = found.slice(0, i).find((one) => one.name === name);
    if (other !== undefined)
      throw new AlexNetError(
        `Two models have the name "${name}": ${other.file} and ${file}. Name one of them ` +
          `otherwise: ${name}2=${file}.`,
      );
  }
  return found;
}

async function modelsAt(word: string): Promise<NamedFile[]> {
  const found = await stat(word).catch(() => undefined);
  const [, name, file] = /^([^=/\\]+)=(.+)$/s.exec(word) ?? [];
  if (found === undefined && name !== undefined && file !== undefined) {
    if (nameable.test(name)) return [{ name, file }];
    throw new AlexNetError(
      `Expected a model's name of letters, digits, ".", "_", "~" and "-" but found "${name}".`,
    );
  }
  // A file that is not there is told of by whoever opens it.
  if (found?.isDirectory() !== true) return [{ name: nameOf(word), file: word }];
  const inside = await modelsIn(word);
  if (inside.length > 0) return inside;
  throw new AlexNetError(
    `The folder ${word} holds no models: expected files ending in ${endings.join(', ')}, or run ` +
      'folders with a model.safetensors inside.',
  );
}

/** A run folder is its model; else each file, and each folder with a model.safetensors. */
async function modelsIn(folder: string): Promise<NamedFile[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw new AlexNetError(`The folder ${folder} cannot be read: ${reason(error)}.`);
  });
  const names = entries.map(({ name }) => name).toSorted();
  if (names.includes('model.safetensors') && names.includes('settings.json'))
    return [
      { name: nameOf(join(folder, 'model.safetensors')), file: join(folder, 'model.safetensors') },
    ];
  const found: NamedFile[] = [];
  for (const entry of names) {
    if (entry.startsWith('.')) continue;
    const path = join(folder, entry);
    const kind = await stat(path).catch(() => undefined);
    const model = join(path, 'model.safetensors');
    if (kind?.isFile() === true && endings.includes(extname(entry).toLowerCase()))
      found.push({ name: nameOf(path), file: path });
    else if (kind?.isDirectory() === true && (await isFile(model)))
      found.push({ name: nameable.test(entry) ? entry : tamed(entry), file: model });
  }
  return found;
}

async function isFile(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() === true;
}

/** `runs/photos/model.safetensors` is "photos", `weights/caffenet.npy` "caffenet". */
export function nameOf(file: string): string {
  const stem = basename(file, extname(file));
  return tamed(stem === 'model' ? basename(dirname(resolve(file))) || stem : stem);
}

function tamed(name: string): string {
  return name.replace(/[^\w.~-]+/g, '-').slice(0, 200) || 'model';
}
