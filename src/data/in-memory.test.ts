import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadPicture } from '../images/preprocess.ts';
import type { Preprocessing } from '../images/preprocessing.ts';
import { withFolder, writeClasses, writeFiles } from '../testing/folders.ts';
import type { Batches } from './batches.ts';
import { openBatches } from './batches.ts';
import { openBatchSource } from './batch-source.ts';
import type { Dataset } from './dataset.ts';
import { filesInMemory, picturesInMemory } from './in-memory.ts';
import { imageFolder } from './node/folder.ts';
import { filesBelow } from './node/walk.ts';
import { WorkerTeam, inThisThread } from './worker-team.ts';

const preprocessing: Preprocessing = {
  resize: { how: 'shorterSide', size: 36 },
  crop: 31,
  channels: 'RGB',
  scale: 1,
  mean: [120, 110, 100],
  deviation: [1, 1, 1],
};
const options = {
  split: 'train',
  batch: 4,
  preprocessing,
  augmentation: {
    crop: { from: 'resized', area: [0.3, 1], aspect: [0.75, 1.33] },
    mirror: 0.5,
    jitter: { brightness: 0.3, contrast: 0.3, saturation: 0.3 },
  },
  seed: 7,
} as const;

async function digests(batches: Batches): Promise<string[]> {
  const seen: string[] = [];
  for (const epoch of [0, 1])
    for await (const { images, labels, indices } of batches.epoch(epoch)) {
      const hash = createHash('sha256').update(new Uint8Array(images.slice().buffer));
      seen.push(hash.update(`${labels.join()} ${indices.join()}`).digest('hex'));
    }
  return seen;
}

async function fromThreads(dataset: Dataset): Promise<string[]> {
  const source = await openBatchSource(dataset, { threads: 2 });
  try {
    return await digests(await source.batches(options));
  } finally {
    await source.close();
  }
}

/** As a page does that cannot share memory with Web Workers. */
async function fromThisThread(dataset: Dataset, cacheBytes: number): Promise<string[]> {
  const workers = new WorkerTeam({ threads: 1, cacheBytes, start: inThisThread });
  try {
    return await digests(await openBatches(dataset, { ...options, workers }));
  } finally {
    await workers.close();
  }
}

test('pictures in memory give the batches that the same pixels give from files', async () => {
  await withFolder(async (folder) => {
    await writeClasses(folder, { cat: 7, dog: 6 });
    const onDisk = await imageFolder(folder);
    const inMemory = await picturesInMemory(
      await Promise.all(
        onDisk.samples.map(async ({ name, label, source }) => ({
          picture: await loadPicture(source.path, preprocessing),
          label: onDisk.classes[label]!,
          name,
        })),
      ),
    );
    assert.equal(inMemory.provenance.digest, onDisk.provenance.digest);
    const expected = await fromThreads(onDisk);
    assert.equal(new Set(expected).size, 6);
    assert.deepEqual(await fromThreads(inMemory), expected);
    assert.deepEqual(await fromThisThread(inMemory, 2 ** 26), expected);
    assert.deepEqual(await fromThisThread(inMemory, 0), expected);
    assert.deepEqual(await fromThisThread(onDisk, 2 ** 26), expected);
  });
});

test('the files of a folder in memory are the dataset of the folder', async () => {
  await withFolder(async (folder) => {
    await writeClasses(join(folder, 'train'), { cat: 3, dog: 2, 'dog 2': 1 });
    await writeClasses(join(folder, 'val'), { cat: 2 });
    await writeFiles(folder, {
      'train/dog/.hidden.jpg': 'no',
      'train/dog/notes.txt': 'about dogs',
      'train/dog/more/a': await readFile(join(folder, 'train/dog/0.jpg')),
      'train/dog/a.jpg': await readFile(join(folder, 'train/dog/0.jpg')),
      'train/empty/readme': 'nothing',
    });
    const onDisk = await imageFolder(folder);
    const files = await Promise.all(
      (await filesBelow(folder)).map(async ({ path, name }) => ({
        path: `photos/${name}`,
        blob: new Blob([await readFile(path)]),
      })),
    );
    files.push({ path: 'photos/train/dog/.hidden.jpg', blob: new Blob(['no']) });
    const inMemory = await filesInMemory(files.toReversed());
    assert.deepEqual(inMemory.classes, onDisk.classes);
    assert.deepEqual(
      inMemory.samples.map(({ name }) => name),
      onDisk.samples.map(({ name }) => name),
    );
    assert.equal(inMemory.provenance.digest, onDisk.provenance.digest);
    assert.deepEqual(inMemory.remarks, onDisk.remarks);
    assert.deepEqual(await fromThreads(inMemory), await fromThreads(onDisk));
  });
});

test('picturesInMemory() refuses no pictures and two of one name', async () => {
  await assert.rejects(picturesInMemory([]), {
    name: 'AlexNetError',
    message: 'Expected pictures for a dataset but found none.',
  });
  const picture = new Uint8Array(1);
  const twice = [
    { picture, label: 'cat', name: 'a' },
    { picture, label: 'dog', name: 'a' },
  ];
  await assert.rejects(picturesInMemory(twice), {
    name: 'AlexNetError',
    message: 'Expected each picture\'s own name but found two "a".',
  });
});
