import { stat } from 'node:fs/promises';
import { walk } from '../../data/node/walk.ts';
import { AlexNetError, ensure } from '../../errors.ts';
import { isPictureFile } from '../../images/node/is-picture.ts';
import { UnreadablePicture } from '../../images/problem.ts';
import { isPictureContent, sniff, sniffBytes } from '../../images/sniff.ts';
import type { NamedPicture } from '../predict.ts';

/**
 * Files as they are; folders with all the pictures below them ({@link isPictureFile}). A folder
 * that cannot be read is named with its error, and the others go on.
 */
export async function* picturesIn(
  paths: Iterable<string> | AsyncIterable<string>,
): AsyncGenerator<NamedPicture> {
  for await (const path of paths) {
    const isFolder = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (!isFolder) yield { file: path };
    else yield* picturesBelow(path);
  }
}

async function* picturesBelow(folder: string): AsyncGenerator<NamedPicture> {
  for await (const found of walk(folder)) {
    const { path: file } = found;
    if ('error' in found) yield { file, error: found.error.message };
    else if (await isPictureFile(file)) yield { file };
  }
}

/** As of files: more is no photograph, and would take the machine's memory. */
const maximumBytes = 2 ** 30;
/** Of a file's name with its folders: eight times what Linux takes. */
const longestName = 2 ** 15;

/**
 * Standard input, for `-`: the bytes of one picture, or else names of files, one a line.
 * @param name what the one picture is called.
 * @throws {AlexNetError} where it is neither.
 */
export async function* picturesFrom(
  input: AsyncIterable<Uint8Array>,
  name = '-',
): AsyncGenerator<NamedPicture> {
  const chunks = input[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let ended = false;
  while (head.length < sniffBytes && !ended) {
    const next = await chunks.next();
    ended = next.done === true;
    if (!ended) head = Buffer.concat([head, next.value as Uint8Array]);
  }
  const rest = (async function* (): AsyncGenerator<Uint8Array> {
    yield head;
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next())
      yield next.value;
  })();
  const content = sniff(head.subarray(0, sniffBytes));
  if (isPictureContent(content)) {
    yield { file: name, bytes: await allBytes(rest, name) };
    return;
  }
  const binary = content === undefined && isBinary(head.subarray(0, sniffBytes));
  const other = content !== undefined && 'other' in content ? content.other : 'text';
  if (other !== 'text' || binary) throw noNames(other === 'text' ? 'something else' : other);
  yield* picturesIn(lines(rest));
}

/** A name may hold a control character or two, though nobody should give it such. */
function isBinary(head: Uint8Array): boolean {
  const controls = head.filter((byte) => byte < 0x20 && ![0x09, 0x0a, 0x0d].includes(byte));
  return controls.includes(0) || controls.length > 2;
}

function noNames(found: string): AlexNetError {
  return new AlexNetError(
    'Standard input: expected a JPEG, PNG, WebP, GIF, AVIF or TIFF picture, or names of files ' +
      `line by line, but found ${found}.`,
  );
}

async function allBytes(chunks: AsyncIterable<Uint8Array>, name: string): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > maximumBytes)
      throw new UnreadablePicture(
        'tooManyBytes',
        `Expected at most ${maximumBytes} bytes but standard input has more.`,
        name,
      );
    all.push(chunk);
  }
  return Buffer.concat(all, length);
}

async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n/);
    rest = parts.pop()!;
    ensure(rest.length <= longestName, () => noNames('a line that is no name').message);
    for (const line of parts) if (line !== '') yield line;
  }
  if (rest !== '') yield rest;
}
