import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import * as inUse from '#platform';
import * as browser from './browser.ts';
import * as node from './node/index.ts';
import type { Platform } from './platform.ts';

/** That both are whole is checked by the compiler. */
const halves: Readonly<Record<string, Platform>> = { node, browser };

test('#platform is its Node half here', () => {
  assert.equal(inUse.writeWhole, node.writeWhole);
});

for (const [name, platform] of Object.entries(halves)) {
  describe(`the platform's ${name} half`, () => {
    test('names no more and no less than the other', () => {
      assert.deepEqual(Object.keys(platform).toSorted(), Object.keys(node).toSorted());
    });

    test('computes SHA-256 over text and bytes as one', async () => {
      const pieces = ['héllo ', Uint8Array.of(119, 111), 'rld'];
      assert.equal(
        await platform.sha256(pieces),
        '27c965a4110f97162bc6c0d4a35857c3165747e656b88b14d45469a148390a75',
      );
    });
  });
}

test('the yield of Node lets a timer come first that is due', async () => {
  let came = false;
  setTimeout(() => (came = true), 1);
  const start = performance.now();
  while (performance.now() - start < 5);
  await node.yieldToEvents();
  assert.ok(came);
});

test('a page says that it has no files', async () => {
  await assert.rejects(browser.writeWhole('model.safetensors', []), {
    name: 'AlexNetError',
    message:
      'model.safetensors could not be written: a page has no files of its own. ' +
      'Give and take bytes or a Blob instead.',
  });
  await assert.rejects(
    browser.withFile('model.safetensors', async () => 0),
    /^AlexNetError: model\.safetensors could not be opened: a page has no files/,
  );
});

test('a file of the package that a bundler left behind is named, and what to do', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'alexnet-platform-'));
  const beside = pathToFileURL(join(folder, 'bundle.js')).href;
  const told = (file: string): string =>
    `${join(folder, file)}, a file of alexnet itself, could not be read: there is no such file ` +
    'or folder. Where a bundler put alexnet into this program, have it bring that file along, or ' +
    'leave alexnet outside (as "external"): see docs/bundlers.md of alexnet.';
  const kernels = node.readPackageFile(new URL('./relaxed.wasm', beside));
  await assert.rejects(kernels, { name: 'AlexNetError', message: told('relaxed.wasm') });
  const source = { file: './worker.js', beside, inPage: () => assert.fail() };
  const error = await new Promise<Error>((resolve) => {
    node.startThread(source, { message: () => undefined, error: resolve });
  });
  assert.deepEqual([error.name, error.message], ['AlexNetError', told('worker.js')]);
  await rm(folder, { recursive: true });
});

describe('writeWhole()', () => {
  test('leaves the file and nothing else, or what was there before', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'alexnet-platform-'));
    try {
      const path = join(folder, 'file');
      await node.writeWhole(path, [Uint8Array.of(1, 2), Uint8Array.of(3)]);
      assert.deepEqual([...(await readFile(path))], [1, 2, 3]);
      const failing = function* (): Generator<Uint8Array> {
        yield Uint8Array.of(9);
        throw new Error('no more');
      };
      await assert.rejects(node.writeWhole(path, failing()), /no more/);
      assert.deepEqual([...(await readFile(path))], [1, 2, 3]);
      assert.deepEqual(await readdir(folder), ['file']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

test('withFile() of Node refuses a FIFO and a device, and does not wait for them', async (t) => {
  if (process.platform === 'win32') return t.skip('Windows has no FIFOs');
  const folder = await mkdtemp(join(tmpdir(), 'alexnet-fifo-'));
  try {
    const fifo = join(folder, 'fifo');
    await promisify(execFile)('mkfifo', [fifo]);
    for (const path of [fifo, '/dev/zero'])
      await assert.rejects(
        node.withFile(path, async () => undefined),
        { name: 'AlexNetError', message: `${path} is not a file.` },
      );
  } finally {
    await rm(folder, { recursive: true });
  }
});
