import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { after, before, test } from 'node:test';
import { Playground } from '../../testing/training.ts';
import { CheckpointFiles } from './checkpoint-files.ts';
import type { TrainOptions } from './train.ts';

/**
 * Whether the disk takes no more bytes: then every file written as a whole breaks off in the
 * middle.
 */
let full = false;
const { open, appendFile } = fs;

function noSpace(): Error {
  return Object.assign(new Error('ENOSPC: no space left on device, write'), {
    code: 'ENOSPC',
    syscall: 'write',
  });
}

let playground: Playground;
before(async () => {
  fs.open = async (...given: Parameters<typeof open>) => {
    const file = await open(...given);
    if (!full || !String(given[0]).endsWith('.part')) return file;
    const write = file.appendFile.bind(file);
    file.appendFile = async (data) => {
      await write((data as Uint8Array).subarray(0, 100));
      throw noSpace();
    };
    return file;
  };
  fs.appendFile = async (path, data) => {
    await appendFile(path, full ? data.slice(0, 9) : data);
    if (full) throw noSpace();
  };
  syncBuiltinESMExports();
  playground = await Playground.open();
  await playground.train('whole');
});
after(async () => {
  fs.open = open;
  fs.appendFile = appendFile;
  syncBuiltinESMExports();
  await playground.close();
});

/** A run whose disk is full from the end of one epoch to the end of another. */
async function run(out: string, from: number, to: number): Promise<string[]> {
  const remarks: string[] = [];
  const onEvent: TrainOptions['onEvent'] = (event) => {
    if (event.kind === 'remark') remarks.push(event.text);
    if (event.kind !== 'epoch') return;
    if (event.entry.epoch === from) full = true;
    if (event.entry.epoch === to) full = false;
  };
  try {
    await playground.train(out, { onEvent });
  } finally {
    full = false;
  }
  return remarks;
}

test('a full disk keeps the checkpoint before, warns, and training goes on', async () => {
  const remarks = await run('full', 1, 2);
  const lost = remarks.filter((text) => text.includes('the disk is full'));
  const file = (name: string): string =>
    `${playground.path('full', name)} could not be written: the disk is full. What was ` +
    'there before is kept, training goes on, and the next checkpoint tries again.';
  assert.ok(lost.includes(file('last.safetensors.next')), remarks.join('\n'));
  assert.ok(remarks.includes('The log could not be written: the disk is full. Training goes on.'));
  const lines = (await fs.readFile(playground.path('full', 'log.jsonl'), 'utf8'))
    .trim()
    .split('\n');
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { step: number }).step),
    [1, 2, 3, 4, 4, 9, 10, 11, 12, 12],
  );
  const rows = (await fs.readFile(playground.path('full', 'log.csv'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  assert.deepEqual(
    rows.map(([epoch, ...rest]) => [epoch, rest.length]),
    [
      ['epoch', 11],
      ['1', 11],
      ['3', 11],
    ],
  );
  assert.deepEqual(await playground.weights('full'), await playground.weights('whole'));
  assert.deepEqual(
    (await fs.readdir(playground.path('full'))).filter((name) => name.endsWith('.part')),
    [],
  );
});

test('a disk that is full at the end: the checkpoint before gives the same bits', async () => {
  await assert.rejects(run('last', 2, 9), (error: Error) => {
    const files = ['last.safetensors.next', 'model.safetensors'].map((name) =>
      playground.path('last', name),
    );
    return files.some(
      (file) =>
        error.message ===
        `The run is finished, but its last files could not be written: ${file} could not ` +
          'be written: the disk is full. Make room and resume it: the last epoch is done ' +
          'again.',
    );
  });
  assert.equal((await new CheckpointFiles(playground.path('last')).peek())?.epoch, 2);
  await playground.train('last', { resume: true });
  for (const name of ['last.safetensors', 'model.safetensors'])
    assert.deepEqual(
      await playground.weights('last', name),
      await playground.weights('whole', name),
    );
  assert.deepEqual(await playground.computed('last'), await playground.computed('whole'));
});
