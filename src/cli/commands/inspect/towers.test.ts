import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeModel } from '../../../model/node/model-file.ts';
import { f32Weights } from '../../../model/weights.ts';
import { alexnet } from '../../../network/variants.ts';
import { command } from '../../../testing/cli.ts';
import { testParameters } from '../../../testing/data.ts';
import { withFolder } from '../../../testing/folders.ts';
import { testModel } from '../../../testing/model.ts';

const towers = alexnet('paper', { classes: 3, width: 1 / 8, input: 67 });
const names = ['cat', 'dog', 'owl'];

/** Upright stripes: grey in the first tower, red against green in the second. */
function striped(): Map<string, Float32Array> {
  const weights = testParameters(towers, 3);
  const conv1 = weights.get('conv1.weight')!;
  const kernels = conv1.length / 363;
  for (let i = 0; i < conv1.length; i++) {
    const [kernel, channel] = [Math.floor(i / 363), Math.floor(i / 121) % 3];
    const stripe = Math.sin((2 * Math.PI * (i % 11)) / (4 + (kernel % 5)));
    conv1[i] = kernel < kernels / 2 ? stripe : [stripe, -stripe, 0][channel]!;
  }
  return weights;
}

async function json(...words: string[]): Promise<Record<string, unknown>> {
  const { code, out, err } = await command(['inspect', ...words, '--json']);
  assert.equal(code, 0, err);
  return JSON.parse(out) as Record<string, unknown>;
}

test('inspect towers finds that one is grey and the other in colour', async () => {
  await withFolder(async (folder) => {
    const model = join(folder, 'two.safetensors');
    await writeModel(model, { ...testModel(towers, names), weights: f32Weights(striped()) });
    const answer = await json('towers', model);
    const groups = answer['groups'] as { grey: number; colour: number }[];
    assert.deepEqual(
      groups.map(({ grey, colour }) => [grey, colour]),
      [
        [6, 0],
        [0, 6],
      ],
    );
    const { p, permutations, seed } = answer['test'] as Record<string, number>;
    // Of C(12, 6) = 924 dealings two are as far apart.
    assert.ok(Math.abs(p! - 2 / 924) < 0.002, String(p));
    assert.deepEqual([permutations, seed], [9999, 1]);
    assert.match(
      answer['verdict'] as string,
      /^The towers differ in colour: .+ Of 9,999 dealings of the same kernels at random \d+ are as far apart: p = 0\.00\d+ \(seed 1\)\.$/,
    );
    const { code, err } = await command(['inspect', 'towers', model, '--halves']);
    assert.equal(code, 2);
    assert.match(err, /^two\.safetensors has 2 towers, which are compared without --halves\./);
  });
});

test('inspect towers calls one tower one, and compares halves when asked', async () => {
  await withFolder(async (folder) => {
    const model = join(folder, 'one.safetensors');
    await writeModel(
      model,
      testModel(alexnet('single', { classes: 3, width: 1 / 8, input: 67 }), names),
    );
    const plain = await json('towers', model);
    assert.deepEqual(
      [plain['towers'], plain['compared'], plain['groups'], plain['test']],
      [1, null, [], null],
    );
    assert.match(plain['verdict'] as string, /^one\.safetensors has one tower: /);
    const halves = await json('towers', model, '--halves');
    assert.deepEqual(
      [halves['towers'], halves['compared'], (halves['groups'] as unknown[]).length],
      [1, 'half', 2],
    );
  });
});

test('inspect kernels --order tower leaves kernels as they stand, tower by tower', async () => {
  await withFolder(async (folder) => {
    const model = join(folder, 'two.safetensors');
    await writeModel(model, testModel(towers, names));
    const page = async (...words: string[]): Promise<string> => {
      const out = join(folder, 'page.html');
      const { code, err } = await command(['inspect', 'kernels', model, ...words, '--out', out]);
      assert.equal(code, 0, err);
      return readFile(out, 'utf8');
    };
    const first = await page('--order', 'tower');
    assert.deepEqual(
      [...first.matchAll(/<h2>(Tower [^<]+)<|<strong>(\d+)</g)].map(
        (found) => found[1] ?? found[2],
      ),
      [0, 6].flatMap((from, tower) => [
        `Tower ${tower + 1}: kernels ${from} to ${from + 5}`,
        ...Array.from({ length: 6 }, (_, i) => String(from + i)),
      ]),
    );
    // conv2 of the second tower reads maps 6 to 11.
    const second = (await page('--layer', 'conv2', '--order', 'tower')).split('<h2>Tower 2')[1]!;
    const inputs = [...second.matchAll(/strongest input channels, ([\d, ]+)"/g)];
    assert.equal(inputs.length, 12);
    for (const [, list] of inputs)
      assert.ok(
        list!.split(', ').every((input) => Number(input) >= 6 && Number(input) < 12),
        list,
      );
    const { code, err } = await command([
      'inspect',
      'kernels',
      model,
      '--layer',
      'conv2',
      '--order',
      'kind',
    ]);
    assert.equal(code, 2);
    assert.match(
      err,
      /^Only kernels of a first layer, which work on colours, are told by kind; those of conv2 can be had with --order strength or --order tower\./,
    );
  });
});
