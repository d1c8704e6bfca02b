import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Network } from '../../network/layer.ts';
import { alexnet } from '../../network/variants.ts';
import { command } from '../../testing/cli.ts';

interface Answer {
  readonly variant: string | null;
  readonly totals: { readonly parameters: number };
  readonly network: Network;
}

describe('alexnet explain and files', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'alexnet-explain-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function written(name: string, value: unknown): Promise<string> {
    const file = join(folder, name);
    await writeFile(file, typeof value === 'string' ? value : JSON.stringify(value));
    return file;
  }

  test('--html writes the explanation, and answers as always', async () => {
    const file = join(folder, 'alexnet.html');
    const { code, out, err } = await command(['explain', '--html', file]);
    assert.equal(code, 0);
    assert.match(out, /^8 layers with weights: 5 convolutional, 3 dense\.$/m);
    assert.match(out, /^What each layer is for, as a page: alexnet explain --html alexnet\.html$/m);
    assert.equal(err, `AlexNet, explained, is in ${file}: open it in a browser.\n`);
    const page = await readFile(file, 'utf8');
    assert.ok(page.startsWith('<!doctype html>') && page.includes('AlexNet, explained'));
  });

  test('--html says where it could not write', async () => {
    const { code, err } = await command(['explain', '--html', join(folder, 'none', 'a.html')]);
    assert.equal(code, 1);
    assert.match(err, /^The page could not be written to ".+a\.html": .+Name a file in a folder/);
  });

  test('--network explains what --json answered, after a change', async () => {
    const before = await command(['explain', '--variant', 'small', '--classes', '5', '--json']);
    const answer = JSON.parse(before.out) as Answer;
    assert.deepEqual(answer.network, alexnet('small', { classes: 5 }));
    const wider = answer.network.map((layer) =>
      layer.name === 'fc8' && layer.type === 'dense' ? { ...layer, outputs: 7 } : layer,
    );
    const file = await written('network.json', { ...answer, network: wider });
    const after = await command(['explain', '--network', file, '--json']);
    assert.equal(after.code, 0, after.err);
    const own = JSON.parse(after.out) as Answer;
    assert.equal(own.variant, null);
    assert.deepEqual(own.network, wider);
    const array = await written('array.json', wider);
    assert.equal((await command(['explain', '--network', array, '--json'])).out, after.out);
    assert.match((await command(['explain', '--network', file])).out, /network\.json/);
  });

  test('--network names the layer, the field, what was expected and what was found', async () => {
    const network = alexnet('small');
    const wrong = network.map((layer) =>
      layer.name === 'conv1' ? { ...layer, kernals: 3, kernels: -1 } : layer,
    );
    const extra = await command(['explain', '--network', await written('extra.json', wrong)]);
    assert.equal(extra.code, 1);
    assert.match(
      extra.err,
      /extra\.json: Layer 1 "conv1" of the network is not valid: expected its "kernals" to be left out \(the fields are .+\) but found 3\.$/m,
    );
    const negative = network.map((layer) =>
      layer.name === 'conv1' ? { ...layer, kernels: -1 } : layer,
    );
    const less = await command(['explain', '--network', await written('less.json', negative)]);
    assert.match(
      less.err,
      /"conv1" .+ its "kernels" to be a whole number above 0 but found -1\.$/m,
    );
    const text = await command(['explain', '--network', await written('text.json', '[{')]);
    assert.match(text.err, /text\.json: The network is not valid JSON: /);
    const none = await command(['explain', '--network', join(folder, 'none.json')]);
    assert.match(none.err, /could not be read from ".+none\.json": .+Name a JSON file/);
  });

  test('--network has no variant beside it', async () => {
    const file = await written('network.json', alexnet('small'));
    const { code, err } = await command(['explain', '--network', file, '--variant', 'paper']);
    assert.equal(code, 2);
    assert.match(
      err,
      /^--network names the whole network, so --variant has no place beside it\. Leave one of them out\./,
    );
  });
});
