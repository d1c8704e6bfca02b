import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gaussLegendre } from './quadrature.ts';
import { inParts, untilStopped } from './work.ts';

test('inParts() is over at once when it is stopped, though a part never ends', async () => {
  const stop = new AbortController();
  const done: number[] = [];
  const work = inParts(5, 2, { signal: stop.signal, progress: (n) => done.push(n) }, (first) => {
    if (first === 0) return Promise.resolve();
    stop.abort(new Error('stopped'));
    return new Promise(() => undefined);
  });
  await assert.rejects(work, /^Error: stopped$/);
  assert.deepEqual(done, [2]);
});

test('untilStopped() gives what the work gives, and lets go of the signal', async () => {
  const { signal } = new AbortController();
  assert.equal(await untilStopped(Promise.resolve(7), signal), 7);
  await assert.rejects(untilStopped(Promise.reject(new Error('its own')), signal), /its own/);
  await assert.rejects(
    untilStopped(Promise.resolve(7), AbortSignal.abort(new Error('before'))),
    /before/,
  );
});

test('gaussLegendre() of very many places can be stopped', async () => {
  const stop = new AbortController();
  // Minutes of work; the timer comes first only if other events may come between.
  setTimeout(() => stop.abort(new Error('stopped')));
  await assert.rejects(gaussLegendre(200_000, stop.signal), /^Error: stopped$/);
});
