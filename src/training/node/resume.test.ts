import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isUnfinished } from '#platform';
import { engines } from '../../engine/registry.ts';
import { Playground, smallSettings, writeGreys } from '../../testing/training.ts';
import { Interrupted } from '../core/interrupted.ts';
import type { TrainOptions } from './train.ts';

/** A checkpoint after every step, so that no moment is far from one. */
const settings = { ...smallSettings, checkpointMinutes: 1e-9 };

let playground: Playground;
before(async () => {
  playground = await Playground.open();
  await playground.train('whole');
});
after(() => playground.close());

async function assertSame(out: string, truth: string): Promise<void> {
  for (const file of ['last.safetensors', 'model.safetensors'])
    assert.deepEqual(
      await playground.weights(out, file),
      await playground.weights(truth, file),
      file,
    );
  assert.deepEqual(await playground.computed(out), await playground.computed(truth));
}

test('train() that is left at any step and resumed ends with the same bits', async () => {
  let stopAt = 0;
  const leave: TrainOptions['onEvent'] = (event) => {
    if (event.kind === 'step' && event.progress.step + 4 * (event.progress.epoch - 1) === stopAt)
      throw new Error('left');
  };
  for (stopAt of [2, 3, 5, 9]) {
    await assert.rejects(
      playground.train('left', { settings, resume: stopAt > 2, onEvent: leave }),
      { message: 'left' },
    );
  }
  await playground.train('left', { resume: true });
  await assertSame('left', 'whole');
});

test('train() that is aborted saves, and goes on', async () => {
  const stop = new AbortController();
  const onEvent: TrainOptions['onEvent'] = (event) => {
    if (event.kind === 'step' && event.progress.epoch === 2 && event.progress.step === 2)
      stop.abort();
  };
  await assert.rejects(playground.train('aborted', { signal: stop.signal, onEvent }), (error) => {
    assert.ok(error instanceof Interrupted);
    assert.equal(
      error.message,
      `Interrupted at epoch 2 of 3, step 6; everything is saved in ${playground.path('aborted')}.`,
    );
    return true;
  });
  await playground.train('aborted', { resume: true });
  await assertSame('aborted', 'whole');
});

test('train() that is aborted while it validates does not train the epoch again', async () => {
  const stop = new AbortController();
  const onEvent: TrainOptions['onEvent'] = (event) => {
    if (event.kind === 'evaluating') stop.abort();
  };
  await assert.rejects(playground.train('looking', { signal: stop.signal, onEvent }), {
    message:
      'Interrupted at epoch 1 of 3, step 4; everything is saved in ' +
      `${playground.path('looking')}.`,
  });
  await playground.train('looking', { resume: true });
  await assertSame('looking', 'whole');
});

test('train() that is aborted while it tests makes up for it when resumed', async () => {
  const data = playground.path('with-test');
  await writeGreys(playground.path('with-test', 'train'));
  await writeGreys(playground.path('with-test', 'test'), 2);
  const stop = new AbortController();
  let epochs = 0;
  const onEvent: TrainOptions['onEvent'] = ({ kind }) => {
    if (kind === 'epoch') epochs++;
    if (kind === 'evaluating' && epochs === 3) stop.abort();
  };
  // Two batches of test pictures, so that there is a moment between them.
  const options = { data, settings: { ...settings, batch: 5, checkpointMinutes: 1000 } };
  await assert.rejects(
    playground.train('tested', { ...options, signal: stop.signal, onEvent }),
    (error) =>
      error instanceof Interrupted &&
      error.message ===
        'Interrupted while the best model was looked at; the run is finished and saved in ' +
          `${playground.path('tested')}.`,
  );
  const { test: tested } = await playground.train('tested', { data, resume: true });
  assert.equal(tested?.images, 6);
});

/**
 * The command line, killed without a chance to do anything `milliseconds` after it has told its
 * plan. @returns whether it ended by itself.
 */
function killed(words: readonly string[], milliseconds: number): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      [
        fileURLToPath(new URL('../../../bin/alexnet', import.meta.url)),
        'train',
        playground.data,
        ...words,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let told = '';
    child.stderr.on('data', (data: Buffer) => {
      if (
        !told.includes('everything goes to') &&
        (told += data.toString()).includes('everything goes to')
      )
        setTimeout(() => child.kill('SIGKILL'), milliseconds).unref();
    });
    child.on('exit', (_, signal) => resolve(signal === null));
  });
}

describe('train killed at any moment (kill -9) and resumed ends with the same bits', async () => {
  for (const engine of engines) {
    const { available, reason } = await engine.probe();
    test(engine.name, { skip: available ? false : reason }, async () => {
      const [truth, out] = [`whole-${engine.name}`, `killed-${engine.name}`];
      await playground.train(truth, { engine: engine.name, threads: 2 });
      const file = playground.path('settings.json');
      await writeFile(file, JSON.stringify(settings));
      const place = ['--out', playground.path(out)];
      const fresh = [
        ...place,
        '--engine',
        engine.name,
        '--threads',
        '2',
        '--settings',
        file,
        '--seed',
        '5',
      ];
      let words = fresh;
      for (let attempt = 0; attempt < 20; attempt++) {
        if (await killed(words, attempt < 4 ? 250 * Math.random() : 60_000)) break;
        const started = await readFile(playground.path(out, 'settings.json')).then(
          () => true,
          () => false,
        );
        words = started ? [...place, '--resume'] : fresh;
        if (started)
          await writeFile(
            playground.path(out, '.state.safetensors.0123456789ab.part'),
            'half a checkpoint',
          );
        else await rm(playground.path(out), { recursive: true, force: true });
      }
      await assertSame(out, truth);
      assert.deepEqual((await readdir(playground.path(out))).filter(isUnfinished), []);
    });
  }
});

test('a resumed run reads its files as it began: they stand in its record', async () => {
  const nested = playground.path('nested');
  await writeGreys(nested + '/animals', 6);
  await writeGreys(nested + '/plants', 6);
  const validation = playground.path('other');
  await writeGreys(validation + '/animals', 2);
  await writeGreys(validation + '/plants', 2);
  const options = { data: nested, depth: 2, maximumPixels: 600, validation };
  const more = { settings: { ...settings, epochs: 2 } };
  const stopped: TrainOptions['onEvent'] = (event) => {
    if (event.kind === 'epoch') throw new Error('left');
  };
  await assert.rejects(
    playground.train('deep', { ...options, ...more, onEvent: stopped }),
    /^Error: left$/,
  );
  const record = JSON.parse(await readFile(playground.path('deep', 'settings.json'), 'utf8')) as {
    data: { reading: unknown };
  };
  assert.deepEqual(record.data.reading, { depth: 2, maximumPixels: 600, validation });
  for (const [given, sentence] of [
    [{ depth: 1 }, 'depth is 2'],
    [{ maximumPixels: 700 }, 'maximumPixels is 600'],
  ] as const)
    await assert.rejects(
      playground.train('deep', { data: nested, resume: true, ...given }),
      (error: Error) => error.message.startsWith(`A resumed run keeps its settings: ${sentence}`),
    );
  const { classes, epochs } = await playground.train('deep', { data: nested, resume: true });
  assert.deepEqual([classes, epochs], [6, 2]);
});

test('a run of before the record said how files are read takes what is given', async () => {
  await playground.train('older', { settings: { ...settings, epochs: 1 } });
  const path = playground.path('older', 'settings.json');
  const record = JSON.parse(await readFile(path, 'utf8')) as { data: { reading?: unknown } };
  assert.deepEqual(record.data.reading, { depth: 1, maximumPixels: 100e6 });
  delete record.data.reading;
  await writeFile(path, JSON.stringify(record));
  const { epochs } = await playground.train('older', { resume: true, maximumPixels: 1000 });
  assert.equal(epochs, 1);
});
