import { stat } from 'node:fs/promises';
import { filesBelow } from '../../data/node/walk.ts';
import { isPictureFile } from '../../images/node/is-picture.ts';
import { isPictureContent, sniff, sniffBytes } from '../../images/sniff.ts';
import type { NamedPicture } from '../predict.ts';

/** Files as they are; folders with all the pictures below them ({@link isPictureFile}). */
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
        if (await isPictureFile(file)) yield { file };
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
  if (isPictureContent(sniff(head.subarray(0, sniffBytes))))
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
