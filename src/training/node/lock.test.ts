import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile, readdir, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { after, before, test } from 'node:test';
import { Playground, remarksInto, smallSettings } from '../../testing/training.ts';
import { lockFolder, lockName } from './lock.ts';

let playground: Playground;
before(async () => (playground = await Playground.open()));
after(() => playground.close());

const settings = { ...smallSettings, epochs: 1 };

async function writeLock(out: string, holder: unknown): Promise<string> {
  const path = playground.path(out, lockName);
  await writeFile(path, typeof holder === 'string' ? holder : JSON.stringify(holder));
  return path;
}

test('train() holds its folder: a second train and a resume beside it are refused', async () => {
  const refused: unknown[] = [];
  let done = Promise.resolve();
  await playground.train('held', {
    settings,
    onEvent: ({ kind }) => {
      if (kind !== 'plan') return;
      const tell = (error: Error): unknown => refused.push(error.message);
      done = playground
        .train('held')
        .then(() => undefined, tell)
        .then(() => playground.train('held', { resume: true }))
        .then(() => undefined, tell)
        .then(() => undefined);
    },
  });
  await done;
  assert.equal(refused.length, 2);
  const folder = playground.path('held');
  for (const message of refused) {
    assert.match(
      String(message),
      /^.* is in use: process \d+ on .* \(since .*Z\) trains there\. Wait for it or end it; if it has ended, remove .*run\.lock\.$/,
    );
    assert.ok(String(message).startsWith(folder));
  }
  const names = await readdir(folder);
  assert.ok(!names.includes(lockName), names.join());
  const steps = (await playground.computed('held')).length;
  assert.equal(steps, 1);
});

test('the lock of a process that has ended is taken over, with a remark', async () => {
  await playground.train('dead', { settings });
  const child = spawn(process.execPath, ['-e', '']);
  await new Promise((resolve) => child.on('exit', resolve));
  const holder = { pid: child.pid, host: hostname(), since: '2012-09-30', start: null };
  await writeLock('dead', holder);
  const remarks: string[] = [];
  await playground.train('dead', { resume: true, onEvent: remarksInto(remarks) });
  assert.equal(
    remarks[0],
    `${playground.path('dead')} was held by process ${child.pid} on ${hostname()} (since ` +
      '2012-09-30), which has ended: the run is taken over.',
  );
});

test('a number that was given to another process meanwhile holds nothing', async () => {
  await playground.train('reused', { settings });
  const took = async (holder: unknown): Promise<boolean> => {
    await writeLock('reused', holder);
    return lockFolder(playground.path('reused'), () => undefined).then(
      async (lock) => {
        await lock.release();
        return true;
      },
      () => false,
    );
  };
  const other = { host: hostname(), since: '2012-09-30' };
  assert.equal(await took({ ...other, pid: process.pid, start: null }), true);
  const parent = { ...other, pid: process.ppid };
  assert.equal(await took({ ...parent, start: null }), false);
  if (process.platform === 'linux') assert.equal(await took({ ...parent, start: 'another' }), true);
});

test('a lock from another machine holds until it was silent for ten minutes', async () => {
  await playground.train('away', { settings });
  const take = async (): Promise<void> =>
    (await lockFolder(playground.path('away'), () => undefined)).release();
  for (const holder of [{ pid: 1, host: 'elsewhere', since: 'today', start: null }, '{"pid']) {
    const path = await writeLock('away', holder);
    await assert.rejects(take(), { name: 'AlexNetError' });
    const minutesAgo = (minutes: number): number => Date.now() / 1000 - 60 * minutes;
    await utimes(path, minutesAgo(9), minutesAgo(9));
    await assert.rejects(take(), { name: 'AlexNetError' });
    await utimes(path, minutesAgo(11), minutesAgo(11));
    await take();
  }
});

test('a lock that another has taken meanwhile is not removed by its last holder', async () => {
  await playground.train('taken', { settings });
  const lock = await lockFolder(playground.path('taken'), () => undefined);
  const path = await writeLock('taken', 'another');
  await lock.release();
  assert.equal(await readFile(path, 'utf8'), 'another');
});
