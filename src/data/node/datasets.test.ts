import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { jpeg, withFolder, writeClasses, writeFiles } from '../../testing/folders.ts';
import type { Dataset } from '../dataset.ts';
import { samplesOf } from '../dataset.ts';
import { imageFolder } from './folder.ts';
import { readMatStructs } from './matlab.ts';
import { openDataset } from './open.ts';
import { readSource } from '../read-source.ts';
import { tarBlock, tarEnd, tarMembers } from './tar.ts';

/**
 * The devkit's meta.mat in small, written by scipy.io.savemat with compression: ids 1, 2, 3 and
 * 300.
 */
const metaMat = Buffer.from(
  'TUFUTEFCIDUuMCBNQVQtZmlsZSBQbGF0Zm9ybTogcG9zaXgsIENyZWF0ZWQgb246IFN1biBOb3YgMjIgMjE6MjE6MjUgMjAyNgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABSU0PAAAANAAAAHic42NgYEgAYjYg5oDSIMAK5TNC2TA6vyQjtQhIcwKxBgM6+GAPZThAKA4oLeAAANs8BPYPAAAAjQEAAHic7VTdSsMwFM5+/BnCUEH0Mg+wi7bObb2bqOBARFTmZQldbINdKknG9M5L7/WBfBafxKRLNStCq1V2swOn6Tnl+5Jz+uU0AQBWA4BVua5Lr4KZrei4Lr2ifU06f6QcCy6/18GWzj9LH5xdDS+PHMt2vMGxIrg5n62fNo3ZiJuJIIr5XIJOxp4fkmjEME0Sc0HKQbHwQkyCUGiIYIhQj4xRgDloqnrAVz0bmXoqhoOkvmryrnB9A1f/BtcwcJs6ppZj22635+q84jnN4dnL8Kj4jgh4Gz+04HAS3WMOx8hnsSC8CN9Ohm9XOoJJe+H70wucEhFCBEeIh8n5egbfak5/GjqfWpH+Vuf6qzpc+5N9f42/eO2X3L9fRh+W1d0/MOrI42lmeFR8QoOI8BDKyycwK6azReoii0/NxKe4Revip/OiBkrNC8vtOG7bOH/ef9zO8Kj4cMLl3IsIolDqgRGliaJ8S13887x4YyXmhd1uW91OWX0ITP2wBa8J9REU6lmcb6mPfH18ADypgQA=',
  'base64',
);

function told({ classes, samples }: Dataset): string[] {
  return samples.map(({ name, label, split }) => `${split} ${classes[label]} ${name}`);
}

function tar(members: Readonly<Record<string, Uint8Array | string>>): Buffer {
  return Buffer.concat([
    ...Object.entries(members).map(([name, body]) => tarBlock(name, Buffer.from(body))),
    tarEnd,
  ]);
}

const reading = { resize: { how: 'shorterSide', size: 32 } } as const;

async function readAll(dataset: Dataset): Promise<void> {
  for (const { source } of dataset.samples)
    assert.equal(
      Math.min(
        ...[await readSource(source, reading)].flatMap(({ width, height }) => [width, height]),
      ),
      32,
    );
}

test('imageFolder() reads train, val and test, nested, linked, in any script', async () => {
  await withFolder(async (folder) => {
    const bytes = await jpeg(1);
    await writeFiles(folder, {
      'train/été à la mer/a b.jpg': bytes,
      'train/犬/2019/夏/1.JPG': bytes,
      'train/犬/ohne Endung': bytes,
      'train/犬/.hidden.jpg': bytes,
      'train/犬/Thumbs.db': bytes,
      'train/犬/notes.txt': 'notes',
      'train/犬/no ending, no picture': 'text',
      'train/.DS_Store': 'x',
      'train/empty/readme.md': 'nothing',
      'Validation/犬/x.png': bytes,
      'elsewhere/y.webp': bytes,
    });
    await symlink(join(folder, 'elsewhere'), join(folder, 'train/犬/linked'));
    await symlink(join(folder, 'train'), join(folder, 'train/犬/circle'));
    await symlink(join(folder, 'nowhere.jpg'), join(folder, 'train/犬/dangling.jpg'));
    const dataset = await openDataset(folder, { holdOut: 0.5 });
    assert.deepEqual(
      told(dataset),
      [
        'val 犬 Validation/犬/x.png',
        'train été à la mer train/été à la mer/a b.jpg',
        'train 犬 train/犬/2019/夏/1.JPG',
        'train 犬 train/犬/dangling.jpg',
        'train 犬 train/犬/linked/y.webp',
        'train 犬 train/犬/ohne Endung',
      ].toSorted(
        (a, b) =>
          dataset.samples.findIndex(({ name }) => a.endsWith(name)) -
          dataset.samples.findIndex(({ name }) => b.endsWith(name)),
      ),
    );
    assert.deepEqual(dataset.classes, ['été à la mer', '犬']);
    assert.ok(dataset.remarks.includes('train/empty: there are no pictures in this folder.'));
    assert.ok(
      dataset.remarks.includes(
        'train/犬: 2 files are no pictures by their names and contents and were left out.',
      ),
      dataset.remarks.join('\n'),
    );
    assert.equal(dataset.provenance.heldOut, undefined);
    assert.deepEqual(await openDataset(folder), { ...dataset });
  });
});

test('imageFolder() holds out one fraction of each class for a seed, never all', async () => {
  await withFolder(async (folder) => {
    await writeClasses(folder, { ant: 20, bee: 11, cat: 1 });
    const val = async (holdOut: number, seed: number): Promise<string[]> => {
      const dataset = await imageFolder(folder, { holdOut, seed });
      return [...samplesOf(dataset, 'val')].map((i) => dataset.samples[i]!.name);
    };
    const held = await val(0.2, 1);
    assert.deepEqual(
      [
        held.filter((name) => name.startsWith('ant')).length,
        held.filter((name) => name.startsWith('bee')).length,
        held.length,
      ],
      [4, 2, 6],
    );
    assert.deepEqual(await val(0.2, 1), held);
    assert.notDeepEqual(await val(0.2, 2), held);
    assert.equal((await val(0.99, 1)).length, 19 + 10);
    assert.deepEqual(await val(0, 1), []);
    const { provenance, remarks } = await imageFolder(folder, { holdOut: 0.2, seed: 1 });
    assert.deepEqual(provenance.heldOut, { fraction: 0.2, seed: 1 });
    assert.deepEqual(remarks, [
      'There is no val folder: 6 of 32 training pictures are held out for validation (seed 1).',
      'Too small to hold a picture out of them, and so not validated: cat.',
    ]);
    assert.notEqual(provenance.digest, (await imageFolder(folder)).provenance.digest);
    assert.deepEqual(
      (await imageFolder(folder, { as: 'test' })).samples.map(({ split }) => split),
      Array(32).fill('test'),
    );
    await assert.rejects(imageFolder(folder, { holdOut: 1 }), {
      message: 'Expected the fraction to hold out to be from 0 to below 1 but found 1.',
    });
  });
});

test('openDataset() says what it expected where there is no dataset', async () => {
  await withFolder(async (folder) => {
    const reject = async (path: string, message: string): Promise<void> =>
      assert.rejects(openDataset(path), { name: 'AlexNetError', message });
    await reject(
      join(folder, 'none'),
      `There is no file or folder ${join(folder, 'none')}. Name a folder with one folder of ` +
        'pictures for each class.',
    );
    await reject(
      folder,
      `${folder} has no folders in it. Expected one folder for each class, with its pictures: ` +
        `${folder}/cat/*.jpg, ${folder}/dog/*.jpg.`,
    );
    await mkdir(join(folder, 'cat'));
    await reject(
      folder,
      `${folder} has 1 folder but no pictures in them. Expected JPEG, PNG, WebP, GIF, AVIF or ` +
        'TIFF files.',
    );
    await writeFile(join(folder, 'x.zip'), 'PK');
    await reject(
      join(folder, 'x.zip'),
      `${join(folder, 'x.zip')} is no dataset: expected a folder, a .csv list or a .tar shard. ` +
        'Unpack it first.',
    );
    await writeFiles(folder, { 'train/cat/1.jpg': await jpeg(1), 'test/dog/1.jpg': await jpeg(2) });
    await reject(
      folder,
      `${folder}: test has pictures of "dog", a class that train has no pictures of.`,
    );
  });
});

test('csvList() takes names or positions of columns, quotes, and other separators', async () => {
  await withFolder(async (folder) => {
    await writeFiles(folder, {
      'pics/a, b.jpg': await jpeg(1),
      'named.csv':
        '\ufeffLabel,split,FILE\r\ndog,train,"pics/a, b.jpg"\r\ncat,val,pics/missing.jpg\r\n',
      'plain.tsv': 'pics/a, b.jpg\tdog\nother.jpg\tcat\n',
      'bad.csv': 'file,label\nx.jpg,\n',
      'split.csv': 'file;label;split\nx.jpg;dog;holdout\n',
    });
    const named = await openDataset(join(folder, 'named.csv'));
    assert.deepEqual(told(named), ['train dog pics/a, b.jpg', 'val cat pics/missing.jpg']);
    assert.deepEqual(named.classes, ['cat', 'dog']);
    assert.equal((await readSource(named.samples[0]!.source, reading)).height, 32);
    assert.deepEqual(told(await openDataset(join(folder, 'plain.tsv'))), [
      'train dog pics/a, b.jpg',
      'train cat other.jpg',
    ]);
    await assert.rejects(openDataset(join(folder, 'bad.csv')), {
      message: `${join(folder, 'bad.csv')}, row 2: expected a file and a label but found "x.jpg,".`,
    });
    await assert.rejects(openDataset(join(folder, 'split.csv')), {
      message:
        `${join(folder, 'split.csv')}, row 2: expected train, val or test but found ` +
        '"holdout".',
    });
  });
});

test('tarShards() groups members by key and reads every picture in its place', async () => {
  await withFolder(async (folder) => {
    const long = `${'very long folder name/'.repeat(8)}0003`;
    await writeFiles(folder, {
      'train-000000.tar': tar({
        '0001.jpg': await jpeg(1),
        '0001.cls': '1',
        '0001.json': '{}',
        '0002.seg.txt': 'x',
        '0002.cls': '0',
        'sub.dir/0002.png': await jpeg(2),
        'sub.dir/0002.cls': '0\n',
        [`${long}.jpg`]: await jpeg(3),
        [`${long}.cls`]: '1',
      }),
      'val-000000.tar': tar({ '0001.cls': '0', '0001.jpeg': await jpeg(4) }),
      'classes.txt': 'cat\ndog\n',
    });
    const dataset = await openDataset(folder);
    assert.deepEqual(told(dataset), [
      'train dog train-000000.tar/0001.jpg',
      'train cat train-000000.tar/sub.dir/0002.png',
      `train dog train-000000.tar/${long}.jpg`,
      'val cat val-000000.tar/0001.jpeg',
    ]);
    assert.deepEqual(dataset.remarks, [
      'train-000000.tar: 1 sample has no picture or no .cls and was left out.',
    ]);
    await readAll(dataset);
    const single = await openDataset(join(folder, 'val-000000.tar'));
    assert.deepEqual(told(single), ['val cat val-000000.tar/0001.jpeg']);
    await writeFile(join(folder, 'val-000001.tar'), tar({ '1.jpg': await jpeg(1), '1.cls': '7' }));
    await assert.rejects(openDataset(folder), {
      message: 'val-000001.tar/1.jpg has the class "7", but classes.txt names only 2 classes.',
    });
    await writeFile(
      join(folder, 'val-000001.tar'),
      'not an archive, but long enough to be looked at as if it were one',
    );
    await assert.rejects(openDataset(folder), {
      message:
        `${join(folder, 'val-000001.tar')} is no tar archive: its first bytes are no ` +
        'header of a member. Copy or download it again, or take it out of the folder.',
    });
  });
});

test('tarMembers() lists an archive that GNU tar wrote, with a long name', async () => {
  await withFolder(async (folder) => {
    const name = `${'d'.repeat(60)}/${'é'.repeat(60)}.jpg`;
    const header = (path: string, size: number, type: string): Buffer => {
      const block = Buffer.alloc(512);
      block.write(path.slice(0, 99), 0);
      block.write('0000644\0', 100);
      block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
      block.write('        ', 148);
      block.write(type, 156);
      block.write('ustar  \0', 257);
      block.write(
        `${block
          .reduce((sum, byte) => sum + byte, 0)
          .toString(8)
          .padStart(6, '0')}\0 `,
        148,
      );
      return block;
    };
    const padded = (text: string): Buffer =>
      Buffer.concat([Buffer.from(text), Buffer.alloc(512 - (Buffer.byteLength(text) % 512))]);
    const archive = Buffer.concat([
      header('folder/', 0, '5'),
      header('././@LongLink', Buffer.byteLength(name) + 1, 'L'),
      padded(`${name}\0`),
      header('cut', 5, '0'),
      padded('hello'),
      header('next', 3, '0'),
      padded('abc'),
      tarEnd,
    ]);
    await writeFile(join(folder, 'gnu.tar'), archive);
    const members = [];
    for await (const member of tarMembers({ path: join(folder, 'gnu.tar') }))
      members.push([
        member.name,
        archive.toString('utf8', member.offset, member.offset + member.bytes),
      ]);
    assert.deepEqual(members, [
      [name, 'hello'],
      ['next', 'abc'],
    ]);
  });
});

test('cifar() reads the records of CIFAR-10 and the fine labels of CIFAR-100', async () => {
  await withFolder(async (folder) => {
    const record = (labels: readonly number[], value: number): Buffer =>
      Buffer.concat([
        Buffer.from(labels),
        Buffer.alloc(1024, value),
        Buffer.alloc(1024, value + 1),
        Buffer.alloc(1024, value + 2),
      ]);
    await writeFiles(folder, {
      'ten/cifar-10-batches-bin/data_batch_1.bin': Buffer.concat([
        record([1], 10),
        record([0], 20),
      ]),
      'ten/cifar-10-batches-bin/test_batch.bin': record([1], 30),
      'ten/cifar-10-batches-bin/batches.meta.txt': 'airplane\nautomobile\n\n',
      'hundred/train.bin': record([9, 1], 40),
      'hundred/test.bin': record([9, 0], 50),
      'hundred/fine_label_names.txt': 'apple\naquarium_fish\n',
    });
    const ten = await openDataset(join(folder, 'ten'));
    assert.deepEqual(told(ten), [
      'train automobile data_batch_1.bin/0',
      'train airplane data_batch_1.bin/1',
      'test automobile test_batch.bin/0',
    ]);
    assert.deepEqual(
      [...(await readSource(ten.samples[1]!.source, reading)).data.subarray(0, 6)],
      [20, 21, 22, 20, 21, 22],
    );
    assert.equal(ten.remarks.length, 4);
    assert.deepEqual(told(await openDataset(join(folder, 'hundred'))), [
      'train aquarium_fish train.bin/0',
      'test apple test.bin/0',
    ]);
    await writeFile(join(folder, 'hundred/test.bin'), Buffer.alloc(3000));
    await assert.rejects(openDataset(join(folder, 'hundred')), {
      message:
        `${join(folder, 'hundred/test.bin')} is no whole file of the binary version: ` +
        'expected a multiple of 3074 bytes but found 3000.',
    });
  });
});

test('ilsvrc2012() reads a tar of tars, and labels validation by ILSVRC ids', async () => {
  const picture = async (i: number): Promise<Buffer> => jpeg(i);
  const train = {
    'n02119789.tar': tar({
      'n02119789_1.JPEG': await picture(1),
      'n02119789_2.JPEG': await picture(2),
    }),
    'n01440764.tar': tar({ 'n01440764_7.JPEG': await picture(3) }),
    'n02100735.tar': tar({ 'n02100735_4.JPEG': await picture(4) }),
  };
  const val = {
    'ILSVRC2012_val_00000001.JPEG': await picture(5),
    'ILSVRC2012_val_00000002.JPEG': await picture(6),
    'ILSVRC2012_val_00000003.JPEG': await picture(7),
  };
  const devkit = {
    'ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt': '300\n1\n2\n',
    'ILSVRC2012_devkit_t12/data/meta.mat': metaMat,
  };
  const expected = [
    'train n01440764 train/n01440764/n01440764_7.JPEG',
    'train n02100735 train/n02100735/n02100735_4.JPEG',
    'train n02119789 train/n02119789/n02119789_1.JPEG',
    'train n02119789 train/n02119789/n02119789_2.JPEG',
    'val n01440764 val/ILSVRC2012_val_00000001.JPEG',
    'val n02100735 val/ILSVRC2012_val_00000003.JPEG',
    'val n02119789 val/ILSVRC2012_val_00000002.JPEG',
  ];
  const check = async (folder: string): Promise<void> => {
    const dataset = await openDataset(folder);
    assert.equal(dataset.provenance.kind, 'ilsvrc2012');
    assert.deepEqual(dataset.classes, ['n01440764', 'n02100735', 'n02119789']);
    assert.deepEqual(told(dataset).toSorted(), expected);
    await readAll(dataset);
  };
  await withFolder(async (folder) => {
    await writeFiles(folder, {
      'ILSVRC2012_img_train.tar': tar(train),
      'ILSVRC2012_img_val.tar': tar(val),
      'ILSVRC2012_devkit_t12.tar.gz': gzipSync(tar(devkit)),
    });
    await check(folder);
  });
  await withFolder(async (folder) => {
    await writeFiles(folder, {
      ...devkit,
      'train/n02119789.tar': train['n02119789.tar'],
      'train/n01440764/n01440764_7.JPEG': await picture(3),
      'train/n02100735.tar': train['n02100735.tar'],
    });
    await writeFiles(join(folder, 'val'), val);
    await check(folder);
  });
  await withFolder(async (folder) => {
    await writeFiles(folder, { 'ILSVRC2012_img_val.tar': tar(val) });
    await assert.rejects(openDataset(folder), {
      message:
        `${folder} has validation pictures but no ILSVRC2012_devkit_t12.tar.gz, whose ` +
        'ground truth labels them. Put it beside them.',
    });
  });
});

test('readMatStructs() reads what scipy wrote', () => {
  const synsets = readMatStructs(metaMat, 'synsets');
  assert.deepEqual(
    synsets.map(({ ILSVRC2012_ID: id, WNID: wnid }) => [id, wnid]),
    [
      [1, 'n02119789'],
      [2, 'n02100735'],
      [3, 'n02096294'],
      [300, 'n01440764'],
    ],
  );
  assert.equal(synsets[0]!['gloss'], 'a gloss – with a dash');
  assert.throws(() => readMatStructs(metaMat, 'nothing'), {
    message: 'The MAT file has no struct array called nothing.',
  });
  assert.throws(() => readMatStructs(Buffer.alloc(200), 'synsets'), {
    message: 'Expected a MAT file of level 5, little-endian, but found something else.',
  });
});
