import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomNumbers } from '../../testing/data.ts';
import { umap } from '../umap.ts';
import { umapInThread } from './umap-thread.ts';

test('umapInThread() gives the numbers of umap(), and its progress', async () => {
  const features = randomNumbers(60 * 5, 1, 1);
  const done: number[] = [];
  const progress = (count: number): number => done.push(count);
  const found = await umapInThread(features, 5, { seed: 3, progress });
  assert.deepEqual(found, await umap(features, 5, { seed: 3 }));
  assert.ok(done.length > 1 && done.at(-1) === 500, String(done.at(-1)));
  await assert.rejects(umapInThread(features.subarray(0, 10), 5), {
    name: 'AlexNetError',
    message: 'UMAP needs at least 4 rows but found 2.',
  });
});

test('umapInThread() is stopped while umap-js has not come to its first step', async () => {
  const features = randomNumbers(4000 * 50, 1, 2);
  const stop = new AbortController();
  let steps = 0;
  const progress = (): number => steps++;
  const work = umapInThread(features, 50, { progress, signal: stop.signal });
  setImmediate(() => stop.abort(new Error('stopped')));
  await assert.rejects(work, { message: 'stopped' });
  assert.equal(steps, 0);
  await assert.rejects(umapInThread(features, 50, { signal: stop.signal }), { message: 'stopped' });
});
