import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { withFolder, writeFiles } from '../../testing/folders.ts';
import { createFolder } from './folder.ts';

test('a run begins in an empty folder, or one left by a run killed before it began', async () => {
  await withFolder(async (folder) => {
    const run = join(folder, 'run');
    await writeFiles(run, { '.settings.json.0123456789ab.part': '{' });
    await createFolder(run);
    assert.deepEqual(await readdir(run), []);
    await writeFiles(run, { 'notes.part': 'mine' });
    await assert.rejects(createFolder(run), {
      message: [
        `${run} is not empty, and a run needs a folder of its own.`,
        'Choose another with --out.',
      ].join(' '),
    });
  });
});
