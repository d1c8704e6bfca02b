import assert from 'node:assert/strict';
import { link, mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { signPng } from '../formats/signature.ts';
import { htmlPage } from '../html.ts';
import { exportModel } from '../model/node/export.ts';
import { makeFolders } from '../platform/node/folders.ts';
import { drawNetwork } from '../network/drawing/svg.ts';
import { alexnet } from '../network/variants.ts';
import { importWeights } from '../model/import.ts';
import { withFolder } from '../testing/folders.ts';
import { fileURLToPath } from 'node:url';
import { checkOutput } from './output.ts';

const torchvision = fileURLToPath(new URL('../../test/weights/torchvision.pth', import.meta.url));

async function png(): Promise<Buffer> {
  const create = { width: 2, height: 2, channels: 3, background: 'red' } as const;
  return sharp({ create }).png().toBuffer();
}

test('checkOutput() lets only what alexnet made be written over without force', async () => {
  await withFolder(async (folder) => {
    const { model } = await importWeights(torchvision);
    const ours = ['a.onnx', 'a.npz', 'a.safetensors', 'b.safetensors'];
    for (const name of ours)
      await exportModel(join(folder, name), model, name[0] === 'b' ? { names: 'torchvision' } : {});
    const written: Record<string, string | Uint8Array> = {
      'page.html': htmlPage({ title: 'a', style: '', body: '' }),
      'drawing.svg': drawNetwork(alexnet('small'), 'small'),
      'picture.png': signPng(await png()),
      empty: '',
    };
    for (const [name, content] of Object.entries(written))
      await writeFile(join(folder, name), content);
    for (const name of [...ours, ...Object.keys(written), 'fresh'])
      await checkOutput(join(folder, name));
    const foreign: Record<string, string | Uint8Array> = {
      'theirs.html': '<!doctype html><p>alexnet',
      'theirs.svg': '<svg><text>alexnet</text></svg>',
      'theirs.png': await png(),
      'theirs.pth': await readFile(torchvision),
      'notes.txt': 'alexnet',
    };
    for (const [name, content] of Object.entries(foreign)) {
      const path = join(folder, name);
      await writeFile(path, content);
      await assert.rejects(checkOutput(path, { flag: '--out' }), {
        message:
          `--out ${path} exists, and alexnet did not make it. Name another file, or write ` +
          'over it with --force.',
      });
      await checkOutput(path, { force: true });
    }
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.endsWith('.part')),
      [],
    );
  });
});

test('checkOutput() never lets an input be written over, by whatever name', async () => {
  await withFolder(async (folder) => {
    const input = join(folder, 'in.onnx');
    await writeFile(input, '');
    await symlink(input, join(folder, 'symbolic'));
    await link(input, join(folder, 'hard'));
    for (const name of ['in.onnx', '../x/in.onnx'.replace('../x', '.'), 'symbolic', 'hard']) {
      const path = join(folder, name);
      await assert.rejects(checkOutput(path, { inputs: ['nowhere', input], force: true }), {
        message: `${path} is what this command reads, and is not written over. Name another file.`,
      });
    }
  });
});

test('checkOutput() names what could not be written before any work is done', async () => {
  await withFolder(async (folder) => {
    await mkdir(join(folder, 'sub'));
    await writeFile(join(folder, 'file'), '');
    const cases = [
      [join(folder, 'sub'), 'cannot be written: it is a folder.'],
      ['/dev/null', 'cannot be written: it is no regular file.'],
      [join(folder, 'no', 'a.png'), 'could not be written: there is no such file or folder.'],
      [join(folder, 'file', 'a.png'), 'could not be written: part of its path is not a folder.'],
      ['/proc/a.png', 'could not be written: there is no such file or folder.'],
    ] as const;
    for (const [path, why] of cases) {
      if (path.startsWith('/') && process.platform === 'win32') continue;
      await assert.rejects(checkOutput(path, { flag: '--svg' }), {
        message: `--svg ${path} ${why}`,
      });
    }
  });
});

test('signPng() leaves the pixels and says who made them', async () => {
  const plain = await png();
  const signed = Buffer.from(signPng(plain));
  assert.deepEqual(await sharp(signed).raw().toBuffer(), await sharp(plain).raw().toBuffer());
  assert.deepEqual((await sharp(signed).metadata()).comments, [
    { keyword: 'Software', text: 'alexnet' },
  ]);
});

test('makeFolders() makes what is missing and ends where nothing can be made', async () => {
  await withFolder(async (folder) => {
    const deep = join(folder, 'a', 'b', 'c');
    assert.equal(await makeFolders(deep), join(folder, 'a'));
    assert.equal(await makeFolders(deep), undefined);
    await writeFile(join(deep, 'file'), '');
    await assert.rejects(makeFolders(join(deep, 'file')), {
      message: 'it is a file and not a folder',
    });
    await assert.rejects(makeFolders(join(deep, 'file', 'x')), { code: 'ENOTDIR' });
  });
});

test('makeFolders() does not spin in /proc', { skip: process.platform !== 'linux' }, async () => {
  await assert.rejects(makeFolders('/proc/alexnet/run'), { code: 'ENOENT' });
});
