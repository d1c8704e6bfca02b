import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { jpeg, withFolder, writeFiles } from '../../testing/folders.ts';
import { badPictures, blocks, goodPictures } from '../../testing/pictures.ts';
import { checkDataset } from './check.ts';
import { openDataset } from './open.ts';
import { packDataset } from './pack.ts';
import { readSource } from '../read-source.ts';

test('checkDataset() finds every kind of problem, and nothing in good pictures', async () => {
  await withFolder(async (folder) => {
    const files: Record<string, Uint8Array> = {};
    for (let i = 0; i < 12; i++) {
      files[`train/ant/${String(i).padStart(2, '0')}.png`] = await blocks(i);
      files[`train/bee/${String(i).padStart(2, '0')}.png`] = await blocks(100 + i);
    }
    files['train/cow/0.png'] = await blocks(200);
    files['train/ant/again.png'] = await blocks(3);
    files['train/ant/smaller.jpg'] = await sharp(await blocks(4))
      .resize(48, 36)
      .jpeg({ quality: 90 })
      .toBuffer();
    files['train/bee/an ant.png'] = await blocks(5);
    files['train/bee/grey.png'] = await sharp(await blocks(300))
      .grayscale()
      .png()
      .toBuffer();
    files['train/bee/strip.png'] = await blocks(301, 300, 40);
    files['train/bee/tiny.png'] = await blocks(302, 40, 20);
    files['val/bee/seen.png'] = await blocks(106);
    await writeFiles(folder, files);
    await writeFiles(
      join(folder, 'train/bee'),
      Object.fromEntries((await badPictures()).map(({ file, bytes }) => [file, bytes])),
    );
    const { images, classes, problems } = await checkDataset(await openDataset(folder), {
      threads: 2,
    });
    const bad = await badPictures();
    assert.equal(images, Object.keys(files).length + bad.length);
    assert.deepEqual(
      classes.map(({ label, train, val, test: tests }) => [label, train, val, tests]),
      [
        ['ant', 14, 0, 0],
        ['bee', 16 + bad.length, 1, 0],
        ['cow', 1, 0, 0],
      ],
    );
    const found = problems.map(({ file, kind, detail }) => `${kind} ${file}: ${detail}`);
    for (const { file, problem } of bad)
      assert.ok(
        problems.some(({ file: name, kind }) => name === `train/bee/${file}` && kind === problem),
        `${file} is ${problem}`,
      );
    assert.deepEqual(found.slice(bad.length), [
      'grey train/bee/grey.png: The picture has no colours.',
      'extremeAspect train/bee/strip.png: The picture has 300×40 pixels: only its middle is ' +
        'looked at.',
      'tiny train/bee/tiny.png: The picture has only 40×20 pixels.',
      'duplicate train/ant/again.png: Has the same bytes as train/ant/03.png.',
      'samePicture train/ant/smaller.jpg: Looks the same as train/ant/04.png.',
      'inTwoClasses train/bee/an ant.png: Has the same bytes as train/ant/05.png, which is ' +
        'called ant.',
      'inTwoSplits val/bee/seen.png: Has the same bytes as train/bee/06.png, which is in train: ' +
        'being right about it says little.',
      'smallClass cow: The class has only 1 training picture; with fewer than 10 it is hardly ' +
        'learned.',
    ]);
  });
});

test('packDataset() writes whole shards that read back as the same dataset', async () => {
  await withFolder(async (folder) => {
    const photos = join(folder, 'photos');
    for (const [i, { file, bytes }] of (await goodPictures()).entries())
      await writeFiles(photos, { [`train/${i % 2 ? 'odd' : 'even'}/${file}`]: bytes });
    await writeFiles(photos, {
      'train/odd/large.jpg': await jpeg(2, 300, 200),
      'train/odd/broken.jpg': 'text',
      'test/even/small.jpg': await jpeg(3, 40, 30),
    });
    const dataset = await openDataset(photos);
    const out = join(folder, 'shards');
    const { shards, images, skipped } = await packDataset(dataset, out, {
      size: 64,
      shardBytes: 20_000,
      threads: 2,
      seed: 3,
    });
    assert.deepEqual(
      skipped.map(({ name, kind }) => [name, kind]),
      [['train/odd/broken.jpg', 'notAPicture']],
    );
    assert.equal(images, dataset.samples.length - 1);
    const files = (await readdir(out)).toSorted();
    assert.deepEqual(files, [
      'classes.txt',
      'test-000000.tar',
      ...Array.from({ length: shards - 1 }, (_, i) => `train-00000${i}.tar`),
    ]);
    assert.ok(shards > 2);
    const packed = await openDataset(out);
    assert.deepEqual(packed.classes, dataset.classes);
    const counts = ({ samples }: typeof dataset): string[] =>
      samples
        .filter(({ name }) => name !== 'train/odd/broken.jpg')
        .map(({ split, label }) => `${split} ${label}`)
        .toSorted();
    assert.deepEqual(counts(packed), counts(dataset));
    for (const { source } of packed.samples) {
      const { width, height } = await readSource(source, {
        resize: { how: 'shorterSide', size: 64 },
      });
      assert.equal(Math.min(width, height), 64);
    }
    const small = packed.samples.find(({ split }) => split === 'test')!.source;
    assert.deepEqual(
      (await readFile(small.path)).subarray(small.offset, small.offset! + small.bytes!),
      await readFile(join(photos, 'test/even/small.jpg')),
    );
    await assert.rejects(packDataset(dataset, out), {
      message:
        `The folder ${out} has files in it (classes.txt). Name a new or empty folder for ` +
        'the shards.',
    });
  });
});
