import { open, stat } from 'node:fs/promises';
import { filesBelow } from '../../data/walk.ts';
import { sniff, sniffBytes } from '../../images/sniff.ts';
import type { NamedPicture } from '../predict.ts';

/** Files as they are; folders with all the pictures below them, told by content. */
export async function* picturesIn(
  paths: Iterable<string> | AsyncIterable<string>,
): AsyncGenerator<NamedPicture> {
  for await (const path of paths) {
    const isFolder = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (!isFolder) yield { file: path };
    else
      for (const { path: file } of await filesBelow(path))
        if (await looksLikePicture(file)) yield { file };
  }
}

const pictureName = /\.(jpe?g|jfif|png|webp|gif|avif|tiff?)$/i;

/** By its name (then a damaged one is told as an error) or by its first bytes. */
async function looksLikePicture(path: string): Promise<boolean> {
  if (pictureName.test(path)) return true;
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return false;
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(sniffBytes), 0, sniffBytes, 0);
    const content = sniff(buffer.subarray(0, bytesRead));
    return content !== undefined && 'picture' in content;
  } finally {
    await file.close();
  }
}

/**
 * Standard input, for `-`: the bytes of one picture, or else names of files, one a line.
 * @param name what the one picture is called.
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
  if (content !== undefined && 'picture' in content)
    yield { file: name, bytes: await allBytes(rest) };
  else yield* picturesIn(lines(rest));
}

async function allBytes(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n/);
    rest = parts.pop()!;
    yield* parts.filter((line) => line !== '');
  }
  if (rest !== '') yield rest;
}
