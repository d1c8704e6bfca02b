import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { withFolder } from '../../testing/folders.ts';
import { command } from '../../testing/cli.ts';
import { demo } from './demo.ts';

test('demo() draws, trains, evaluates, predicts and reports; in an empty folder only', async () => {
  await withFolder(async (folder) => {
    const options = {
      folder: join(folder, 'demo'),
      seed: 1,
      engine: 'wasm',
      perClass: { train: 4, val: 2, test: 3 },
      settings: { epochs: 1, batch: 8, width: 1 / 16 },
    };
    const { epochs, test: tested, predictions, report, data } = await demo(options);
    const kinds = (await readdir(join(data, 'train'))).toSorted();
    assert.ok(kinds.length >= 6);
    assert.deepEqual([epochs, tested?.images], [1, 3 * kinds.length]);
    assert.deepEqual(
      predictions.map(({ label }) => label),
      kinds,
    );
    for (const one of predictions) assert.equal('predictions' in one && one.predictions.length, 3);
    assert.match(await readFile(report, 'utf8'), /<h2>What is taken for what<\/h2>/);
    const again = await command(['demo', '--out', options.folder]);
    assert.deepEqual(
      [again.code, again.err.split('\n').at(-2)],
      [1, `${options.folder} is not empty. Choose another folder with --out.`],
    );
  });
});
