import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { jpeg, withFolder, writeFiles } from '../../testing/folders.ts';
import { isPictureFile } from './is-picture.ts';

test('isPictureFile() goes by a name that promises something, else by content', async () => {
  const picture = await jpeg(1);
  const heic = Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic');
  const files: Record<string, readonly [boolean, Uint8Array | string]> = {
    'damaged.JPG': [true, 'no picture'],
    'phone.heic': [true, heic],
    'old.bmp': [true, ''],
    'notes.txt': [false, picture],
    photograph: [true, picture],
    phone: [true, heic],
    'archive.unknown': [false, 'PK\x03\x04'],
    'folder.jpg.unknown': [true, picture],
    empty: [false, ''],
  };
  await withFolder(async (folder) => {
    for (const [name, [expected, content]] of Object.entries(files)) {
      await writeFiles(folder, { [name]: content });
      assert.equal(await isPictureFile(join(folder, name)), expected, name);
    }
    assert.equal(await isPictureFile(join(folder, 'missing')), false);
  });
});
