import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { alexnet } from '../../network/variants.ts';
import { testImages, testLabels } from '../../testing/data.ts';
import { narrowVariants } from '../../testing/networks.ts';
import { initialise } from '../initialise.ts';
import { makePlan } from '../session.ts';
import type { PrepareOptions } from '../engine.ts';
import { supportedSimd, tileRows } from './build.ts';
import { wasmEngine } from './index.ts';
import { layOut } from './model.ts';

const network = narrowVariants.paper;

test('every build of the kernels stays under 100 KB', async () => {
  for (const name of ['simd', 'simd-shared', 'relaxed', 'relaxed-shared']) {
    const { size } = await stat(new URL(`./${name}.wasm`, import.meta.url));
    assert.ok(size > 1000 && size < 100_000, `${name}.wasm has ${size} bytes`);
  }
});

test('prepare() refuses bf16 with the reason', async () => {
  await assert.rejects(
    wasmEngine.prepare(network, { batch: 1, mode: 'inference', precision: 'bf16' }),
    {
      name: 'AlexNetError',
      message:
        "The wasm engine computes in f32, but precision 'bf16' was asked for: WebAssembly has " +
        'no bf16 instructions. Use f32, or the onednn engine.',
    },
  );
});

test('prepare() refuses a batch above 4 GiB and names the largest that fits', async () => {
  const options: PrepareOptions = { batch: 100_000, mode: 'training', threads: 2 };
  const large = alexnet('paper');
  const bytes = (batch: number): number =>
    layOut(makePlan(large, { ...options, batch }), batch, 2, tileRows[supportedSimd()!]).bytes;
  let fits = 1;
  while (bytes(fits * 2) <= 65535 * 65536) fits *= 2;
  for (let step = fits / 2; step >= 1; step /= 2)
    if (bytes(fits + step) <= 65535 * 65536) fits += step;
  const needed = (bytes(100_000) / 1e9).toFixed(1);
  await assert.rejects(wasmEngine.prepare(large, options), {
    name: 'AlexNetError',
    message:
      `A batch of 100000 in mode 'training' needs ${needed} GB of memory, ` +
      `but WebAssembly has at most 4.29 GB. The largest batch that fits is ${fits}.`,
  });
});

test('without SIMD the engine says so', async (t) => {
  t.mock.method(WebAssembly, 'validate', () => false);
  const reason =
    'This platform does not run WebAssembly SIMD, which the wasm engine is made of. Use Node ' +
    '20.19 or later, or a browser of 2023 or later.';
  assert.deepEqual(await wasmEngine.probe(), { available: false, reason, details: {} });
  await assert.rejects(wasmEngine.prepare(network, { batch: 1, mode: 'inference' }), {
    name: 'AlexNetError',
    message: reason,
  });
});

test('where memory cannot be shared, one thread gives the same bits', async (t) => {
  const results = [];
  for (const shared of [true, false]) {
    if (!shared) {
      Object.defineProperty(globalThis, 'crossOriginIsolated', {
        value: false,
        configurable: true,
      });
      t.after(() => Reflect.deleteProperty(globalThis, 'crossOriginIsolated'));
      assert.equal((await wasmEngine.probe()).details['sharedMemory'], false);
    }
    const session = await wasmEngine.prepare(network, { batch: 2, mode: 'training', threads: 2 });
    assert.equal(session.threads, shared ? 2 : 1);
    await initialise(session, 1);
    const { loss } = await session.step(testImages(network, 2, 1), testLabels(network, 2, 1), {
      learningRate: 0.01,
      momentum: 0.9,
      weightDecay: 5e-4,
      draw: { seed: 1, step: 0 },
    });
    results.push([
      loss,
      ...(await session.getParameter('fc6.weight')),
      ...(await session.forward(testImages(network, 2, 2))),
    ]);
    await session.dispose();
  }
  assert.deepEqual(results[1], results[0]);
});

test('tanh stays within a few units in the last place, whatever the number', async () => {
  const numbers = Float32Array.from([0, -0, 1e-40, 1e-8, -3e-4, 0.5, 7.9, 9, 1e30, Infinity, NaN]);
  const values = Float32Array.from({ length: 4003 }, (_, i) =>
    i < numbers.length ? numbers[i]! : (i - 2000) / 200,
  );
  const session = await wasmEngine.prepare(
    [
      { type: 'input', name: 'input', shape: [values.length, 1, 1] },
      { type: 'tanh', name: 'tanh' },
    ],
    { batch: 1, mode: 'inspection', keep: ['input'] },
  );
  const output = await session.forward(values);
  for (const [i, y] of output.entries()) {
    const truth = Math.tanh(values[i]!);
    if (Number.isNaN(truth)) assert.ok(Number.isNaN(y), `tanh(NaN) is ${y}`);
    else
      assert.ok(
        Math.abs(y - truth) <= 4e-7 * Math.abs(truth) + 1e-42,
        `tanh(${values[i]}) is ${truth} but found ${y}`,
      );
    assert.ok(Number.isNaN(y) || Math.abs(y) <= 1, `tanh(${values[i]}) is ${y}`);
  }
  await session.backward(
    'tanh',
    values.map(() => 1),
  );
  const slopes = await session.activationGradient('input');
  for (const [i, y] of output.entries()) {
    const slope = Math.fround(1 - Math.fround(y * y));
    assert.ok(Object.is(slopes[i], slope), `the slope at ${y} is ${slopes[i]}, not ${slope}`);
  }
  await session.dispose();
});

test('a process that forgets to dispose still exits, with its results', async () => {
  const url = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
  const script = `
    const { wasmEngine } = await import(${url('./index.js')});
    const { alexnet } = await import(${url('../../network/variants.js')});
    const network = alexnet('small', { classes: 4 });
    const session = await wasmEngine.prepare(network, { batch: 1, mode: 'inference' });
    session.forward(new Float32Array(3 * 32 * 32)).then((p) => console.log(p.join(' ')));`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', script],
    { timeout: 60_000 },
  );
  assert.equal(stdout.trim(), '0.25 0.25 0.25 0.25');
});

test('a session disposed while it works finishes first', async () => {
  const session = await wasmEngine.prepare(network, { batch: 1, mode: 'inference' });
  const forward = session.forward(testImages(network, 1, 1));
  await session.dispose();
  assert.equal((await forward).length, session.parameters.at(-1)!.size);
});
