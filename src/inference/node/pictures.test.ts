import assert from 'node:assert/strict';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { withFolder, writeFiles } from '../../testing/folders.ts';
import type { NamedPicture } from '../predict.ts';
import { picturesFrom, picturesIn } from './pictures.ts';

async function namesOf(pictures: AsyncIterable<NamedPicture>): Promise<string[]> {
  const names: string[] = [];
  for await (const { file, bytes } of pictures)
    names.push(`${basename(file)}${bytes ? ` of ${bytes.length} bytes` : ''}`);
  return names;
}

async function* chunks(text: string): AsyncGenerator<Uint8Array> {
  for (const character of text) yield Buffer.from(character, 'latin1');
}

const heic = '\0\0\0\x18ftypheic\0\0\0\0mif1heic';

test('picturesIn() gives files as they are, and all pictures of folders', async () => {
  await withFolder(async (folder) => {
    await writeFiles(folder, {
      'a/phone.heic': Buffer.from(heic),
      'a/old.bmp': '',
      'a/no ending': 'BM',
      'a/scan.jp2': '',
      'a/notes.txt': 'notes',
      'a/b/c.jpg': '',
      'alone.txt': 'notes',
    });
    const paths = [join(folder, 'alone.txt'), join(folder, 'a')];
    assert.deepEqual(await namesOf(picturesIn(paths)), [
      'alone.txt',
      'c.jpg',
      'no ending',
      'old.bmp',
      'phone.heic',
      'scan.jp2',
    ]);
  });
});

test('picturesFrom() tells a picture from a list of names', async () => {
  assert.deepEqual(await namesOf(picturesFrom(chunks(heic))), [`- of ${heic.length} bytes`]);
  const names = await namesOf(picturesFrom(chunks('x/one.jpg\r\n\ntwo.png')));
  assert.deepEqual(names, ['one.jpg', 'two.png']);
});

test('picturesFrom() tells binary data from names with a control character', async () => {
  assert.deepEqual(await namesOf(picturesFrom(chunks('a\u001b.png'))), ['a\u001b.png']);
  for (const binary of ['a\u0000b', '\u0001\u0002\u0003 one.png'])
    await assert.rejects(namesOf(picturesFrom(chunks(binary))), /but found something else\.$/);
});

test('picturesFrom() takes one picture of 1 GiB at most, as from files', async () => {
  const piece = Buffer.alloc(2 ** 26);
  async function* endless(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('\u00ff\u00d8\u00ff', 'latin1');
    for (let i = 0; i < 100; i++) yield piece;
  }
  await assert.rejects(namesOf(picturesFrom(endless())), {
    kind: 'tooManyBytes',
    message: '-: Expected at most 1073741824 bytes but standard input has more.',
  });
});
