import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filesInMemory } from './in-memory.ts';
import { withFolder, writeFiles } from '../testing/folders.ts';
import { openDataset } from './node/open.ts';

const files = {
  'animal/cat/1.jpg': 'x',
  'animal/cat/old/2.jpg': 'x',
  'animal/dog/1.jpg': 'x',
  'plant/rose/1.jpg': 'x',
  'plant/loose.jpg': 'x',
  'list.csv': 'file,label\n',
};

const remarks = (root: string): string[] => [
  'list.csv lies beside the folders and is not read: the folders name the classes. To go by it, ' +
    `name ${root}/list.csv.`,
  'The folders hold folders: they are 2 classes at depth 1, 4 classes at depth 2, 5 classes at ' +
    'depth 3. Depth 1 is taken; choose with --depth.',
];

test('openDataset() counts the classes of nested folders at each depth', async () => {
  await withFolder(async (folder) => {
    await writeFiles(folder, files);
    const dataset = await openDataset(folder);
    assert.deepEqual([dataset.classes, dataset.remarks], [['animal', 'plant'], remarks(folder)]);
    const second = await openDataset(folder, { depth: 2 });
    assert.deepEqual(second.classes, ['animal/cat', 'animal/dog', 'plant', 'plant/rose']);
    assert.deepEqual(second.remarks, remarks(folder).slice(0, 1));
    assert.deepEqual(
      second.samples.map(({ name, label }) => `${label} ${name}`),
      [
        '0 animal/cat/1.jpg',
        '0 animal/cat/old/2.jpg',
        '1 animal/dog/1.jpg',
        '2 plant/loose.jpg',
        '3 plant/rose/1.jpg',
      ],
    );
    await assert.rejects(openDataset(folder, { depth: 0 }), {
      message: 'Expected a depth from 1 to 8 but found 0.',
    });
  });
});

test('openDataset() says nothing of depth where there is one reading', async () => {
  await withFolder(async (folder) => {
    await writeFiles(folder, { 'cat/2019/1.jpg': 'x', 'cat/2019/2.jpg': 'x', 'dog/1.jpg': 'x' });
    assert.deepEqual((await openDataset(folder)).remarks, []);
  });
});

test('filesInMemory() says the same of nested folders as openDataset() does', async () => {
  const given = Object.entries(files).map(([path, text]) => ({
    path: `photos/${path}`,
    blob: new Blob([text]),
  }));
  const dataset = await filesInMemory(given);
  assert.deepEqual([dataset.classes, dataset.remarks], [['animal', 'plant'], remarks('photos')]);
  assert.equal((await filesInMemory(given, { depth: 3 })).classes.length, 5);
});
