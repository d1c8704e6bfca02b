import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Terminal } from '../../terminal.ts';
import { working } from './shared.ts';

test('work that does not end when it is stopped ends with the process', async () => {
  let said = '';
  const stream = {
    write: (text: string) => Boolean((said += text)),
    on: () => undefined,
  };
  // A signal alone does not keep the event loop.
  const alive = setInterval(() => undefined, 1000);
  const code = await new Promise<number>((resolve) => {
    const terminal = new Terminal(stream, stream, resolve);
    void working(terminal, 'stuck', () => new Promise(() => undefined));
    process.kill(process.pid, 'SIGTERM');
  });
  clearInterval(alive);
  assert.equal(code, 1);
  assert.equal(said, 'Stopped: no page was written.\n');
});

test('what takes long is said beforehand, what does not is not', async (t) => {
  for (const [parts, told] of [
    [5000, ['slow: 5000 to do, in about 83 min; Ctrl-C stops.']],
    [11, []],
  ] as const) {
    let now = 0;
    t.mock.method(performance, 'now', () => now);
    const notes: string[] = [];
    const stream = { write: (text: string) => notes.push(text.trim()) > 0, on: () => undefined };
    await working(new Terminal(stream, stream), 'slow', async ({ progress }) => {
      await Promise.resolve();
      for (let done = 1; done <= 3; done++) {
        progress!(done, parts);
        now += 1000;
      }
    });
    assert.deepEqual(notes, told);
    t.mock.restoreAll();
  }
});
