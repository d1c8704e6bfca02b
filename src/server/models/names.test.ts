import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { withFolder, writeFiles } from '../../testing/folders.ts';
import { findModels } from './names.ts';

test('models are named by their files, their run folders, or as they are told', async () => {
  await withFolder(async (folder) => {
    await writeFiles(folder, {
      'runs/photos/model.safetensors': '',
      'runs/photos/settings.json': '',
      'runs/birds/model.safetensors': '',
      'runs/notes.txt': '',
      'runs/.hidden.onnx': '',
      'runs/big net.onnx': '',
      'caffenet.npy': '',
    });
    const found = async (...words: string[]): Promise<string[]> =>
      (await findModels(words)).map(({ name, file }) => `${name} ${file.slice(folder.length + 1)}`);
    assert.deepEqual(await found(join(folder, 'runs')), [
      'big-net runs/big net.onnx',
      'birds runs/birds/model.safetensors',
      'photos runs/photos/model.safetensors',
    ]);
    assert.deepEqual(await found(join(folder, 'runs/photos')), [
      'photos runs/photos/model.safetensors',
    ]);
    assert.deepEqual(
      await found(`best=${join(folder, 'caffenet.npy')}`, join(folder, 'caffenet.npy')),
      ['best caffenet.npy', 'caffenet caffenet.npy'],
    );
    await assert.rejects(found(join(folder, 'runs/photos'), join(folder, 'runs')), {
      message:
        `Two models have the name "photos": ${join(folder, 'runs/photos/model.safetensors')} and ` +
        `${join(folder, 'runs/photos/model.safetensors')}. Name one of them otherwise: ` +
        `photos2=${join(folder, 'runs/photos/model.safetensors')}.`,
    });
    await writeFiles(folder, { 'empty/notes.txt': '' });
    await assert.rejects(found(join(folder, 'empty')), {
      message:
        `The folder ${join(folder, 'empty')} holds no models: expected files ending in ` +
        '.safetensors, .pth, .pt, .onnx, .caffemodel, .npz, .npy, or run folders with a ' +
        'model.safetensors inside.',
    });
    await assert.rejects(found('a b=x.safetensors'), {
      message:
        'Expected a model\'s name of letters, digits, ".", "_", "~" and "-" but found "a b".',
    });
  });
});
