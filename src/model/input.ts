import { withFile } from '#platform';
import { AlexNetError } from '../errors.ts';
import { blobSource } from '../formats/source.ts';
import type { ByteSource } from '../formats/source.ts';

/** Where a file's bytes come from: its path (on Node), a page's File or Blob, or any source. */
export type FileInput = string | Blob | ByteSource;

/**
 * Opens a file, gives it to `use` as a source, and closes it; what goes wrong in between bears the
 * file's name, where it has one.
 */
export async function withInput<T>(
  input: FileInput,
  use: (source: ByteSource) => Promise<T>,
): Promise<T> {
  if (typeof input === 'string')
    return named(undefined, () => withFile(input, (source) => named(input, () => use(source))));
  const source = 'read' in input ? input : blobSource(input);
  const name = inputName(input);
  return name === undefined ? use(source) : named(name, () => use(source));
}

/** The file's path or name; undefined for bytes without one. */
export function inputName(input: FileInput): string | undefined {
  if (typeof input === 'string') return input;
  return 'name' in input && typeof input.name === 'string' ? input.name : undefined;
}

/** Errors that name their file: a file that is read within another must not bear both names. */
const namedErrors = new WeakSet<Error>();

/** Without a name, the error has its file's name already. */
async function named<T>(name: string | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AlexNetError) || namedErrors.has(error)) throw error;
    const done =
      name === undefined ? error : new AlexNetError(`${name}: ${error.message}`, { cause: error });
    namedErrors.add(done);
    throw done;
  }
}
