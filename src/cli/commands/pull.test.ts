import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { command } from '../../testing/cli.ts';
import { withFolder } from '../../testing/folders.ts';

const rubbish = Buffer.from('<html>moved</html>');
const server = createServer((_, response) => response.end(rubbish));
const address = (): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}/alexnet.pth`;
before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
after(() => new Promise((resolve) => server.close(resolve)));

/** `alexnet pull …` with a cache folder of its own. */
async function pull(folder: string, ...argv: string[]): ReturnType<typeof command> {
  const before = process.env['XDG_CACHE_HOME'];
  process.env['XDG_CACHE_HOME'] = folder;
  try {
    return await command(['pull', ...argv]);
  } finally {
    if (before === undefined) delete process.env['XDG_CACHE_HOME'];
    else process.env['XDG_CACHE_HOME'] = before;
  }
}

test("alexnet pull gives the contract's JSON for what is in the cache already", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, 'alexnet', 'torchvision.safetensors');
    await mkdir(join(folder, 'alexnet'));
    await copyFile(
      fileURLToPath(new URL('../../../test/weights/torchvision.safetensors', import.meta.url)),
      file,
    );
    const { code, out, err } = await pull(folder, 'torchvision', '--json');
    assert.deepEqual([code, err], [0, '']);
    assert.deepEqual(JSON.parse(out), {
      name: 'torchvision',
      file,
      source: 'https://download.pytorch.org/models/alexnet-owt-7be5be79.pth',
    });
    assert.equal(
      (await pull(folder, 'torchvision')).out,
      `torchvision is in ${file}\nNext: alexnet predict ${file} PHOTO.jpg\n`,
    );
  });
});

test('alexnet pull holds what a mirror sends against the published digest', async () => {
  await withFolder(async (folder) => {
    const { code, out, err } = await pull(folder, 'caffe', '--from', address());
    const found = createHash('sha1').update(rubbish).digest('hex');
    assert.deepEqual([code, out], [1, '']);
    assert.equal(
      err,
      `What arrived from ${address()} is not the published file: its sha1 is ${found} and ` +
        'not 9116a64c0fbe4459d18f4bb6b56d647b63920377. It was thrown away; the same command ' +
        'starts anew.\n',
    );
    assert.deepEqual(await readdir(join(folder, 'alexnet')), []);
  });
});

test('alexnet pull says in words that nothing is reached', async () => {
  await withFolder(async (folder) => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const gone = `http://127.0.0.1:${(closed.address() as AddressInfo).port}/`;
    await new Promise((resolve) => closed.close(resolve));
    const { code, err } = await pull(folder, 'onnx', '--from', gone);
    assert.equal(code, 1);
    assert.equal(
      err,
      `${gone} could not be fetched: the connection was refused. What has arrived is kept: ` +
        'the same command goes on from there. Without a connection, fetch the file elsewhere ' +
        'and turn it into a model with: alexnet convert FILE OUT.safetensors\n',
    );
  });
});

test('alexnet pull refuses names that nobody publishes', async () => {
  const usage = 'Usage: alexnet pull [options] <name>\nMore: alexnet pull --help\n';
  assert.deepEqual(await command(['pull', 'torchvison']), {
    code: 2,
    out: '',
    err:
      'There are no published weights "torchvison". Did you mean "torchvision"? There are: ' +
      `torchvision, caffe, caffenet, onnx.\n${usage}`,
  });
  assert.deepEqual(await command(['pull']), {
    code: 2,
    out: '',
    err: `Missing required argument 'name'.\n${usage}`,
  });
});
