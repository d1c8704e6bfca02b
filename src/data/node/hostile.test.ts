import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { jpeg, withFolder, writeClasses, writeFiles } from '../../testing/folders.ts';
import { gifBeyondItsScreen } from '../../testing/pictures.ts';
import { asNobody } from '../../testing/users.ts';
import { checkDataset } from './check.ts';
import { openDataset } from './open.ts';
import { packDataset } from './pack.ts';
import { tarBlock, tarEnd } from './tar.ts';
import { openWorkers } from './workers.ts';

/** Three pictures of two classes, as a shard without its end. */
async function members(): Promise<Buffer> {
  const pictures = await Promise.all([1, 2, 3].map((phase) => jpeg(phase)));
  return Buffer.concat(
    pictures.flatMap((bytes, i) => [
      tarBlock(`${i}.jpg`, bytes),
      tarBlock(`${i}.cls`, Buffer.from(String(i % 2))),
    ]),
  );
}

test('openDataset() refuses a shard that ends early, wherever that is', async () => {
  await withFolder(async (folder) => {
    const shard = join(folder, 'train-000000.tar');
    const all = await members();
    const refused = async (bytes: Uint8Array, why: string): Promise<void> => {
      await writeFile(shard, bytes);
      await assert.rejects(openDataset(folder), {
        message: `${shard} is no whole tar archive: ${why}`,
      });
    };
    const again = 'Copy or download it again, or pack it again.';
    await refused(all, `it ends early, in byte ${all.length}. ${again}`);
    await refused(all.subarray(0, 1024), `it ends early, in 0.jpg. ${again}`);
    await refused(
      all.subarray(0, all.length - 700),
      `it ends early, in byte ${all.length - 1024}. ${again}`,
    );
    await refused(
      Buffer.concat([all, tarEnd, all, tarEnd]),
      `its end is marked at byte ${all.length}, but more follows at byte ${all.length + 1024}. ` +
        'Copy or download it again; archives that were joined, take apart.',
    );
    await refused(
      Buffer.concat([all, Buffer.alloc(17 * 2 ** 20)]),
      `there are only zeros from byte ${all.length} on, more than any padding. Copy or download ` +
        'it again.',
    );
    // GNU tar pads to 10 KiB.
    await writeFile(shard, Buffer.concat([all, Buffer.alloc(10240)]));
    assert.equal((await openDataset(folder)).samples.length, 3);
  });
});

test('openDataset() names gzip, random bytes and an interrupted pack given as shards', async () => {
  await withFolder(async (folder) => {
    const shard = join(folder, 'a.tar');
    const all = Buffer.concat([await members(), tarEnd]);
    await writeFile(shard, gzipSync(all));
    await assert.rejects(openDataset(shard), {
      message:
        `${shard} is compressed with gzip, and its members cannot be read from their places. ` +
        'Unpack it to a .tar first.',
    });
    await writeFile(
      shard,
      Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919 + 1) % 251)),
    );
    await assert.rejects(openDataset(folder), {
      message:
        `${shard} is no tar archive: its first bytes are no header of a member. ` +
        'Copy or download it again, or take it out of the folder.',
    });
    const other = join(folder, 'other');
    await writeFiles(other, { 'train.tar.gz': gzipSync(all), 'classes.txt': 'a\nb\n' });
    await assert.rejects(openDataset(other), {
      message:
        `${other} has archives that are compressed (train.tar.gz), and their members cannot be ` +
        'read from their places. Unpack them to .tar first.',
    });
    const packing = join(folder, 'packing');
    await writeFiles(packing, { 'train-000000.tar': all, 'classes.txt.part': 'a\nb\n' });
    await assert.rejects(openDataset(packing), {
      message:
        `${packing} is what a \`data pack\` left that was interrupted: not all pictures are in ` +
        'it. Pack into it again.',
    });
  });
});

test('openDataset() names a .cls that is no class', async () => {
  await withFolder(async (folder) => {
    const shard = join(folder, 'a.tar');
    const refused = async (cls: string, message: string): Promise<void> => {
      await writeFile(
        shard,
        Buffer.concat([
          await members(),
          tarBlock('9.jpg', await jpeg(9)),
          tarBlock('9.cls', Buffer.from(cls)),
          tarEnd,
        ]),
      );
      await assert.rejects(openDataset(folder), { message });
    };
    for (const cls of ['5000000', '-1', '1.5'])
      await refused(
        cls,
        `a.tar/9.jpg has the class ${cls}. Expected a number from 0 to 99999, or a name. ` +
          'Mend its .cls, or take the sample out.',
      );
    await refused(
      ' \n',
      `${shard}: 9.cls is empty. Expected a number or the name of a class. Mend it, or take the ` +
        'sample out.',
    );
    await refused(
      'x'.repeat(5000),
      `${shard}: 9.cls should hold a class, a number or a name, but has 5000 bytes.`,
    );
    await writeFile(join(folder, 'classes.txt'), 'ant\nbee\n');
    await refused('7', 'a.tar/9.jpg has the class "7", but classes.txt names only 2 classes.');
  });
});

test('openDataset() says that a folder may not be read, and passes lost+found over', async () => {
  await withFolder(async (folder) => {
    await writeClasses(folder, { ant: 1, bee: 1 });
    const closed = join(folder, 'ant/closed');
    await mkdir(closed);
    await mkdir(join(folder, 'lost+found'));
    for (const path of [closed, join(folder, 'lost+found')]) await chmod(path, 0);
    await chmod(folder, 0o755);
    await asNobody(async () => {
      await assert.rejects(openDataset(folder), {
        name: 'AlexNetError',
        message:
          `The folder ${closed} cannot be read: permission was denied. ` +
          'Change its permissions, or move it away.',
      });
    });
    await chmod(closed, 0o755);
    await asNobody(async () => {
      assert.deepEqual((await openDataset(folder)).classes, ['ant', 'bee']);
    });
  });
});

test(
  'openDataset() names a folder whose name is not UTF-8',
  { skip: process.platform !== 'linux' && 'only Linux has such names' },
  async () => {
    await withFolder(async (folder) => {
      await writeClasses(folder, { ant: 1 });
      await mkdir(Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.of(0xe9)]));
      await assert.rejects(openDataset(folder), {
        name: 'AlexNetError',
        message:
          `The folder ${folder}/caf\uFFFD cannot be read: its name is not UTF-8. ` +
          'Rename it (convmv, detox).',
      });
    });
  },
);

test('packDataset() packs a GIF whose frame reaches beyond its screen', async () => {
  await withFolder(async (folder) => {
    const photos = join(folder, 'photos');
    await writeFiles(photos, { 'ant/1.gif': gifBeyondItsScreen(), 'bee/1.jpg': await jpeg(1) });
    const dataset = await openDataset(photos);
    const { images, skipped } = await packDataset(dataset, join(folder, 'out'), { threads: 1 });
    assert.deepEqual([images, skipped], [2, []]);
    const { problems } = await checkDataset(dataset, { threads: 1 });
    assert.deepEqual(
      problems.filter(({ file }) => file === 'ant/1.gif').map(({ kind }) => kind),
      ['damaged', 'tiny'],
    );
  });
});

test('packDataset() writes over what an interrupted one left, and over nothing else', async () => {
  await withFolder(async (folder) => {
    const photos = join(folder, 'photos');
    await writeClasses(photos, { ant: 2, bee: 2 });
    const dataset = await openDataset(photos);
    const [whole, out] = [join(folder, 'whole'), join(folder, 'out')];
    await packDataset(dataset, whole, { threads: 1 });
    const left = {
      'classes.txt.part': 'ant\nbee\n',
      'train-000000.tar': 'an old shard',
      'train-000001.tar.part': 'half of one',
    };
    await writeFiles(out, { ...left, 'mine.txt': 'x' });
    await assert.rejects(packDataset(dataset, out, { threads: 1 }), {
      message:
        `The folder ${out} has files in it (mine.txt). Name a new or empty folder for the ` +
        'shards.',
    });
    assert.equal(await readFile(join(out, 'train-000000.tar'), 'utf8'), 'an old shard');
    const other = join(folder, 'other');
    await writeFiles(other, left);
    await packDataset(dataset, other, { threads: 1 });
    assert.deepEqual((await readdir(other)).toSorted(), ['classes.txt', 'train-000000.tar']);
    for (const name of ['classes.txt', 'train-000000.tar'])
      assert.deepEqual(await readFile(join(other, name)), await readFile(join(whole, name)));
  });
});

test(
  'openDataset() names a device',
  { skip: process.platform === 'win32' && 'Windows has none as files' },
  async () => {
    await assert.rejects(openDataset('/dev/null'), {
      message:
        '/dev/null is no dataset: expected a folder, a .csv list or a .tar shard but found a ' +
        'device, pipe or socket.',
    });
  },
);

test('openWorkers() refuses thousands of threads', async () => {
  await assert.rejects(openWorkers({ threads: 100_000 }), {
    name: 'AlexNetError',
    message:
      /^Expected from 1 to \d+ threads for pictures, 4 per core at most, but found 100000\.$/,
  });
});
