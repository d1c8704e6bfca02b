import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { kernels, supportedSimd } from './build.ts';
import type { Simd } from './build.ts';
import { call, kernelNames, lossSignatures, parameterCount, signatures } from './signatures.ts';

for (const simd of ['simd', 'relaxed'] satisfies Simd[]) {
  const skip =
    simd === 'relaxed' && supportedSimd() !== 'relaxed'
      ? 'this version of Node has no relaxed SIMD'
      : false;
  for (const shared of [true, false]) {
    describe(`the ${simd} build for ${shared ? 'shared' : 'own'} memory`, { skip }, () => {
      test('exports every kernel of the table, and no other', async () => {
        const functions = WebAssembly.Module.exports(await kernels(simd, shared))
          .filter(({ kind }) => kind === 'function')
          .map(({ name }) => name);
        assert.deepEqual(functions.toSorted(), Object.keys(signatures).toSorted());
      });

      test('takes as many numbers as the table says', async () => {
        const memory = new WebAssembly.Memory({
          initial: 1,
          maximum: 65536,
          ...(shared && { shared }),
        });
        const env = { memory, abort: () => undefined };
        const module = await kernels(simd, shared);
        const { exports } = await WebAssembly.instantiate(module, { env });
        for (const [name, signature] of Object.entries(signatures))
          assert.equal((exports[name] as Function).length, parameterCount(signature), name);
      });
    });
  }
}

test('call lays arguments out in the order of the table, whatever order they are given in', () => {
  const job = call.reluBackward(5, {
    rule: 3,
    length: 20,
    rows: 4,
    dx: [7, 8, 9],
    y: [1, 2, 3],
    dy: [4, 5, 6],
  });
  assert.equal(kernelNames[job.kernel], 'reluBackward');
  assert.deepEqual(job.arguments, [1, 2, 3, 4, 5, 6, 7, 8, 9, 4, 20, 3]);
  assert.equal(job.tasks, 5);
});

test('call gives flags as 0 and 1, and leaves scratch and task to the worker', () => {
  const row = { x: 1, inputs: 2, weights: 3, weightsPanel: 4, outputs: 5, y: 6, bias: 7 };
  assert.deepEqual(call.denseRow(1, { ...row, rectify: true }).arguments, [1, 2, 3, 4, 5, 6, 7, 1]);
  const { arguments: given } = call.dropoutMask(1, {
    mask: 1,
    channels: 2,
    cells: 3,
    threshold: 4,
    kept: 0.5,
    seed: 6,
    stream: 7,
    last: 8,
    firstImage: 9,
  });
  assert.deepEqual(given, [1, 2, 3, 4, 0.5, 6, 7, 8, 9]);
  assert.equal(given.length + 2, parameterCount(signatures.dropoutMask));
});

test('a kernel of the worker has no namesake among the compiled ones', () => {
  for (const name of Object.keys(lossSignatures)) assert.ok(!(name in signatures), name);
});
