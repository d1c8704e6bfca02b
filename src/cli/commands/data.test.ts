import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertAnswer } from '../../testing/answers.ts';
import { withFolder, writeFiles } from '../../testing/folders.ts';
import { blocks, drawn } from '../../testing/pictures.ts';
import { main } from '../main.ts';

test("alexnet data check and data pack answer with the contract's JSON alone", async () => {
  await withFolder(async (folder) => {
    const photos = join(folder, 'photos');
    await writeFiles(photos, {
      'cat/1.png': await blocks(1),
      'cat/2.png': await blocks(2),
      'dog/1.png': await drawn(64, 48).png().toBuffer(),
      'dog/2.jpg': '',
    });
    const run = async (...argv: string[]): Promise<{ code: number; out: string }> => {
      let out = '';
      const stream = (
        write: (text: string) => void,
      ): { write: (text: string) => boolean; on: () => void } => ({
        write: (text) => (write(text), true),
        on: () => undefined,
      });
      const code = await main(argv, {
        stdout: stream((text) => (out += text)),
        stderr: stream(() => {}),
      });
      return { code, out };
    };
    const check = await run('data', 'check', photos, '--json');
    assert.equal(check.code, 0);
    assertAnswer('data check', JSON.parse(check.out));
    const { classes, images, problems } = JSON.parse(check.out) as {
      classes: number;
      images: number;
      problems: { file: string; kind: string; detail: string }[];
    };
    assert.deepEqual(
      [classes, images, problems[0]],
      [2, 4, { file: 'dog/2.jpg', kind: 'empty', detail: 'The file is empty.' }],
    );
    const text = await run('data', 'check', photos);
    assert.match(
      text.out,
      /^4 pictures \(4 train\) of 2 classes, from 2 to 2 in one\.\n1 is empty:\n  dog\/2\.jpg: The file is empty\.\n/,
    );
    const pack = await run('data', 'pack', photos, join(folder, 'out'), '--size', '32', '--json');
    assertAnswer('data pack', JSON.parse(pack.out));
    assert.deepEqual(
      [pack.code, JSON.parse(pack.out)],
      [
        0,
        {
          shards: 1,
          images: 3,
          skipped: 1,
          problems: [{ file: 'dog/2.jpg', kind: 'empty', detail: 'The file is empty.' }],
        },
      ],
    );
    assert.equal((await run('data', 'pack', photos)).code, 2);
    assert.equal((await run('data', 'check', join(folder, 'none'))).code, 1);
  });
});
