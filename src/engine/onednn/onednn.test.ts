import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { AlexNetError } from '../../errors.ts';
import type { Network } from '../../network/layer.ts';
import { relativeError, testImages, testLabels, testParameters } from '../../testing/data.ts';
import {
  blockedNetwork,
  narrowVariants,
  oddNetwork,
  paddedNetwork,
} from '../../testing/networks.ts';
import type { Engine } from '../engine.ts';
import { alexnet } from '../../network/variants.ts';
import { referenceEngine } from '../reference/index.ts';
import { onednnEngine } from './index.ts';
import { loadAddon } from './node/native.ts';

const network = narrowVariants.paper;
const addon = loadAddon();
const missing = typeof addon === 'string' ? addon : false;

for (const [what, layers] of [
  ['blocked layouts', blockedNetwork],
  ['padding', paddedNetwork],
] as const) {
  test(
    'a fused ReLU in one of oneDNN’s rarer layouts: gradients are those of the reference',
    { skip: missing },
    async () => {
      // 24 kernels in the first layer, for which oneDNN chooses such a layout on CPUs with AVX-512.
      const layers = alexnet('paper', { classes: 3, width: 1 / 4, input: 67 });
      const gradients = async (engine: Engine): Promise<Map<string, Float32Array>> => {
        const session = await engine.prepare(layers, { mode: 'training', batch: 2, keep: [] });
        for (const [name, values] of testParameters(layers, 1))
          await session.setParameter(name, values);
        await session.gradients(testImages(layers, 2, 1), testLabels(layers, 2, 1));
        const found = new Map<string, Float32Array>();
        for (const { name } of session.parameters)
          found.set(name, await session.getParameter(name, 'gradient'));
        found.set('answers', await session.forward(testImages(layers, 2, 1)));
        await session.dispose();
        return found;
      };
      const truth = await gradients(referenceEngine);
      for (const [name, values] of await gradients(onednnEngine)) {
        const error = relativeError(values, truth.get(name)!);
        assert.ok(error <= 1e-4, `${name}: ${error} apart from the reference`);
      }
    },
  );

  test(
    `${what}: activations and gradients are those of the reference, on any number of threads`,
    { skip: missing },
    async () => {
      const tensors = async (
        engine: Engine,
        threads: number,
        batch: number,
      ): Promise<Map<string, Float32Array>> => {
        const session = await engine.prepare(layers, {
          mode: 'training',
          batch,
          keep: 'all',
          threads,
        });
        for (const [name, values] of testParameters(layers, 1))
          await session.setParameter(name, values);
        const found = new Map<string, Float32Array>();
        const read = async (pass: string): Promise<void> => {
          for (const { name } of layers)
            found.set(`${pass}${name}`, await session.activation(name));
          for (const { name } of layers.slice(1, -1))
            found.set(`${pass}gradient of ${name}`, await session.activationGradient(name));
          for (const { name } of session.parameters)
            found.set(`${pass}gradient of ${name}`, await session.getParameter(name, 'gradient'));
        };
        // Three times, so that what a pass leaves behind would show, or is added to.
        await session.gradients(testImages(layers, batch, 1), testLabels(layers, batch, 1));
        await session.gradients(testImages(layers, batch, 2), testLabels(layers, batch, 2));
        await read('');
        await session.gradients(testImages(layers, batch, 3), testLabels(layers, batch, 3), {
          accumulate: true,
        });
        await read('added, ');
        await session.dispose();
        return found;
      };
      for (const batch of [5, 9]) {
        const truth = await tensors(referenceEngine, 1, batch);
        for (const threads of [1, 2, 3]) {
          for (const [name, values] of await tensors(onednnEngine, threads, batch)) {
            const error = relativeError(values, truth.get(name)!);
            assert.ok(
              error <= 1e-4,
              `${name} with ${threads} threads, batch ${batch}: ${error} apart from the reference`,
            );
          }
        }
      }
    },
  );
}

test(
  'gradients lie alike whatever the batch and the number of threads',
  { skip: missing },
  async () => {
    // Every number tells its own place, so that two views are the same only if their layouts are.
    const views = async (layers: Network, batch: number, threads: number): Promise<string[]> => {
      const session = await onednnEngine.prepare(layers, { mode: 'training', batch, threads });
      for (const { name, size } of session.parameters) {
        const places = Float32Array.from({ length: size }, (_, place) => place + 1);
        await session.setParameter(name, places, 'gradient');
      }
      const shown = await session.gradientViews();
      const texts = shown.map(({ parameter, values }) => `${parameter.name} ${values.join()}`);
      await session.dispose();
      return texts;
    };
    for (const layers of [network, oddNetwork, blockedNetwork]) {
      const expected = await views(layers, 32, 2);
      for (const [batch, threads] of [
        [1, 1],
        [1, 2],
        [2, 3],
        [17, 1],
      ] as const)
        assert.deepEqual(await views(layers, batch, threads), expected);
    }
  },
);

test(
  'gradient views are of no length after dispose(), and alive while a forgotten session is not',
  { skip: missing },
  async () => {
    const shown = async (dispose: boolean): Promise<Float32Array> => {
      const session = await onednnEngine.prepare(network, { mode: 'training', batch: 2 });
      const [view] = await session.gradientViews();
      assert.ok(view !== undefined && view.values instanceof Float32Array);
      assert.ok(view.values.length >= view.parameter.size);
      view.values[0] = 3;
      const name = view.parameter.name;
      assert.equal((await session.getParameter(name, 'gradient')).includes(3), true);
      if (dispose) await session.dispose();
      return view.values;
    };
    assert.equal((await shown(true)).length, 0);
    const forgotten = await shown(false);
    globalThis.gc?.();
    await shown(true);
    assert.equal(forgotten[0], 3);
  },
);

test('a process ends while gradients are exchanged', { skip: missing }, async () => {
  const imported = (file: string): string =>
    `await import(${JSON.stringify(new URL(file, import.meta.url).href)})`;
  const code = `
    const { onednnEngine } = ${imported('./index.js')};
    const { narrowVariants } = ${imported('../../testing/networks.js')};
    const { testImages, testLabels } = ${imported('../../testing/data.js')};
    const network = narrowVariants.paper;
    const session = await onednnEngine.prepare(network, { mode: 'training', batch: 4 });
    let calls = 0;
    for (let i = 0; i < 20; i++)
      void session.gradients(testImages(network, 4, i), testLabels(network, 4, i), {
        exchange: () => { if (++calls === 21) process.exit(7); },
      });`;
  assert.equal(await exitCode(process.execPath, ['--input-type=module', '-e', code]), 7);
});

test(
  'a batch too large for memory is refused before it is allocated',
  { skip: missing },
  async () => {
    await assert.rejects(
      onednnEngine.prepare(network, { mode: 'training', batch: 2_000_000 }),
      (error: unknown) => {
        assert.ok(error instanceof AlexNetError);
        assert.match(
          error.message,
          new RegExp(
            '^A batch of 2000000 needs [\\d.]+ GB but [\\d.]+ GB of memory are free\\. ' +
              'The largest batch that fits is about \\d+\\.$',
          ),
        );
        return true;
      },
    );
  },
);

test(
  'a process ends while a session is still there, and while it computes',
  { skip: missing },
  async () => {
    const imported = (file: string): string =>
      `await import(${JSON.stringify(new URL(file, import.meta.url).href)})`;
    const code = `
    const { onednnEngine } = ${imported('./index.js')};
    const { narrowVariants } = ${imported('../../testing/networks.js')};
    const { testImages } = ${imported('../../testing/data.js')};
    const network = narrowVariants.paper;
    const session = await onednnEngine.prepare(network, { mode: 'inference', batch: 16 });
    await session.forward(testImages(network, 16, 1));
    for (let i = 0; i < 50; i++) void session.forward(testImages(network, 16, 1));
    if (process.argv[1] === 'now') setImmediate(() => process.exit(7));`;
    assert.equal(await exitCode(process.execPath, ['--input-type=module', '-e', code]), 0);
    // Several times, for what is being computed at that moment differs.
    for (let i = 0; i < 4; i++)
      assert.equal(await exitCode(process.execPath, ['--input-type=module', '-e', code, 'now']), 7);
  },
);

test('"alexnet native" says what to install where there is no compiler', async () => {
  const bin = fileURLToPath(new URL('../../../bin/alexnet', import.meta.url));
  const { code, stderr } = await run(process.execPath, [bin, 'native'], { PATH: '/nonexistent' });
  assert.equal(code, 1);
  assert.match(
    stderr,
    new RegExp(
      '^There is no C\\+\\+ compiler \\(looked for \\$CXX, g\\+\\+, clang\\+\\+ and ' +
        'c\\+\\+\\)\\. .*"npx alexnet native" again\\.\n$',
    ),
  );
});

async function exitCode(file: string, words: readonly string[]): Promise<number | string> {
  return (await run(file, words)).code;
}

function run(
  file: string,
  words: readonly string[],
  env?: NodeJS.ProcessEnv,
): Promise<{ code: number | string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(file, words, env === undefined ? {} : { env }, (error, _, stderr) => {
      resolve({ code: error === null ? 0 : (error.code ?? error.signal ?? 'unknown'), stderr });
    });
  });
}
