import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { staleSources } from './build.ts';

/** Files with the times, in seconds, at which they were written. */
async function write(folder: string, files: Readonly<Record<string, number>>): Promise<void> {
  for (const [name, time] of Object.entries(files)) {
    const file = join(folder, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, '');
    await utimes(file, time, time);
  }
}

test('staleSources() names what is newer than its object, all for a header', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'alexnet-native-'));
  try {
    const [from, built] = [join(folder, 'native'), join(folder, 'build')];
    await write(from, {
      'base/arena.cc': 10,
      'base/arena.h': 10,
      'layers/lrn.cc': 10,
      'tiles/lrn.cc': 10,
      'tiles/lrn.h': 10,
      'node/addon.cc': 10,
      'mpi/addon.cc': 99,
    });
    const all = ['base/arena.cc', 'layers/lrn.cc', 'node/addon.cc', 'tiles/lrn.cc'];
    assert.deepEqual(await staleSources(from, built), all);
    await write(
      built,
      Object.fromEntries(all.map((name) => [name.replace(/\.cc$/, '.o'), 20] as const)),
    );
    assert.deepEqual(await staleSources(from, built), []);
    await write(from, { 'layers/lrn.cc': 30 });
    assert.deepEqual(await staleSources(from, built), ['layers/lrn.cc']);
    await write(built, { 'layers/lrn.o': 40 });
    for (const header of ['base/arena.h', 'tiles/lrn.h']) {
      await write(from, { [header]: 50 });
      assert.deepEqual(await staleSources(from, built), all);
      await write(from, { [header]: 10 });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
