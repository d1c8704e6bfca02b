import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { AlexNetError } from '../errors.ts';
import { readModel } from '../model/model-file.ts';
import { normal } from '../random/draws.ts';
import { bits, purposes } from '../random/philox.ts';
import { readEntries } from './journal.ts';
import { Interrupted, train } from './train.ts';
import type { TrainOptions, TrainResult } from './train.ts';

/** So small that the reference engine takes milliseconds for a step; everything that a run can carry is on. */
const settings = {
  variant: 'small',
  width: 1 / 16,
  input: 16,
  batch: 6,
  epochs: 3,
  holdOut: 0.25,
  warmup: 0,
  seed: 5,
  clip: 1,
  average: { decay: 0.9, every: 2 },
  augmentation: { crop: { from: 'square' }, mirror: 0.5, pca: { deviation: 0.1 }, jitter: { brightness: 0.2 } },
};

let folder = '';
let data = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alexnet-train-'));
  data = join(folder, 'data');
  for (const [c, name] of ['dark', 'grey', 'light'].entries()) {
    await mkdir(join(data, name), { recursive: true });
    for (let i = 0; i < 12; i++) await picture(join(data, name, `${i}.png`), 60 + 60 * c, 100 * c + i);
  }
});

after(() => rm(folder, { recursive: true, force: true }));

async function picture(path: string, level: number, seed: number): Promise<void> {
  const noise = new Float32Array(24 * 20 * 3);
  normal(bits({ seed, purpose: purposes.test }), noise, 25);
  await sharp(Uint8ClampedArray.from(noise, (value) => level + value), { raw: { width: 24, height: 20, channels: 3 } }).png().toFile(path);
}

function run(out: string, more: Partial<TrainOptions> = {}): Promise<TrainResult> {
  return train({ data, out: join(folder, out), engine: 'reference', settings, ...more });
}

async function weightsAt(out: string, file: string): Promise<ReadonlyMap<string, Float32Array>> {
  return (await readModel(join(folder, out, file))).weights;
}

/** What a run computed, without what it took. */
async function computed(out: string): Promise<unknown> {
  const entries = await readEntries(join(folder, out));
  return entries.flatMap((entry) => (entry.kind === 'epoch' ? [{ ...entry, imagesPerSecond: 0, waiting: 0, seconds: 0 }] : []));
}

async function assertSame(out: string, truth: string): Promise<void> {
  for (const file of ['last.safetensors', 'model.safetensors']) assert.deepEqual(await weightsAt(out, file), await weightsAt(truth, file), file);
  assert.deepEqual(await computed(out), await computed(truth));
}

test('train() learns, and leaves a whole run folder', async () => {
  const result = await run('whole');
  assert.equal(result.finished, 'All 3 epochs are done.');
  assert.equal(result.epochs, 3);
  assert.ok(result.best.top1 >= 1 / 3);
  const names = (await readdir(join(folder, 'whole'))).map((name) => name.replace(/tfevents.*/, 'tfevents')).toSorted();
  assert.deepEqual(names, ['events.out.tfevents', 'last.safetensors', 'log.csv', 'log.jsonl', 'model.safetensors', 'report.html', 'settings.json', 'state.safetensors']);
  const csv = (await readFile(join(folder, 'whole', 'log.csv'), 'utf8')).trim().split('\n');
  assert.equal(csv.length, 4);
  assert.equal(csv[0], 'epoch,step,train_loss,train_top1,train_top5,val_loss,val_top1,val_top5,learning_rate,images_per_second,waiting,seconds');
  const model = await readModel(result.model);
  assert.deepEqual(model.labels, [{ name: 'dark' }, { name: 'grey' }, { name: 'light' }]);
  assert.equal(model.preprocessing.crop, 16);
});

test('train() that is left at any step and resumed ends with the same bits', async () => {
  let stopAt = 0;
  const leave: TrainOptions['onEvent'] = (event) => {
    if (event.kind === 'step' && event.progress.step + 4 * (event.progress.epoch - 1) === stopAt) throw new Error('left');
  };
  for (stopAt of [2, 3, 5, 9]) {
    await assert.rejects(run('left', { settings: { ...settings, checkpointMinutes: 1e-9 }, resume: stopAt > 2, onEvent: leave }), { message: 'left' });
  }
  await run('left', { resume: true });
  await assertSame('left', 'whole');
});

test('train() that is aborted saves, and goes on', async () => {
  const stop = new AbortController();
  const onEvent: TrainOptions['onEvent'] = (event) => {
    if (event.kind === 'step' && event.progress.epoch === 2 && event.progress.step === 2) stop.abort();
  };
  await assert.rejects(run('aborted', { signal: stop.signal, onEvent }), (error) => {
    assert.ok(error instanceof Interrupted);
    assert.equal(error.message, `Interrupted at epoch 2 of 3, step 6; everything is saved in ${join(folder, 'aborted')}.`);
    return true;
  });
  await run('aborted', { resume: true });
  await assertSame('aborted', 'whole');
});

/** The command line, killed without a chance to do anything after `milliseconds`. @returns whether it ended by itself. */
function killed(words: readonly string[], milliseconds: number): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['bin/alexnet', 'train', data, '--out', join(folder, 'killed'), '--quiet', ...words], { cwd: new URL('../../', import.meta.url) });
    const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds);
    child.on('exit', (_, signal) => {
      clearTimeout(timer);
      resolve(signal === null);
    });
  });
}

test('train killed at any moment (kill -9) and resumed ends with the same bits', async () => {
  const file = join(folder, 'settings.json');
  await writeFile(file, JSON.stringify({ ...settings, checkpointMinutes: 1e-9 }));
  const fresh = ['--engine', 'reference', '--settings', file, '--seed', '5'];
  let words = fresh;
  for (let attempt = 0; attempt < 40; attempt++) {
    if (await killed(words, attempt < 6 ? 500 + 220 * Math.random() * (attempt + 1) : 60_000)) break;
    const started = await readFile(join(folder, 'killed', 'settings.json')).then(() => true, () => false);
    words = started ? ['--resume'] : fresh;
    if (!started) await rm(join(folder, 'killed'), { recursive: true, force: true });
  }
  await assertSame('killed', 'whole');
});

test('train() goes back with half the rate when the loss explodes, three times, then gives up with the reason', async () => {
  const remarks: string[] = [];
  const onEvent: TrainOptions['onEvent'] = (event) => {
    if (event.kind === 'remark' && event.text.startsWith('At step')) remarks.push(event.text);
  };
  const wild = { ...settings, learningRate: 1e30, clip: null, average: null };
  await assert.rejects(run('wild', { settings: wild, onEvent }), /^AlexNetError: Training does not hold: at step \d+ .*, and going back with half the learning rate did not help 3 times\. Start again with a lower learning rate \(--lr 1\.3e\+28\)\.$/);
  assert.equal(remarks.length, 3);
  assert.match(remarks[0]!, /^At step \d+ .*: back to step 0 with 0\.5 of the learning rate\.$/);
});

test('train() refuses to resume what is finished, is no run, or was made from other data', async () => {
  await assert.rejects(run('nowhere', { resume: true }), { message: `There is no run to resume in ${join(folder, 'nowhere')}: ${join(folder, 'nowhere', 'settings.json')} could not be read (there is no such file or folder).` });
  await assert.rejects(run('whole'), { message: `${join(folder, 'whole')} already holds a run. Go on with it by --resume, or choose another folder with --out.` });
  const again = await run('whole', { resume: true });
  assert.equal(again.epochs, 3);
});

test('train() refuses settings that it does not know', async () => {
  await assert.rejects(run('x', { settings: { labelSmothing: 0.1 } }), (error) => error instanceof AlexNetError && error.message.startsWith('There is no setting "labelSmothing". Did you mean "labelSmoothing"? The settings are: recipe, variant, '));
  await assert.rejects(run('x', { settings: { schedule: { kind: 'cosine', flor: 0 } } }), { message: 'There is no setting "flor" in "schedule". Did you mean "floor"? The settings there are: kind, every, factor, patience, drops, floor.' });
  await assert.rejects(run('x', { recipe: 'phtos' }), { message: 'There is no recipe "phtos". Did you mean "photos"? The recipes are: photos, paper, caffe, torchvision.' });
});
