import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOnnx } from '../formats/onnx.ts';
import { writeSafetensors } from '../formats/safetensors.ts';
import type { WrittenTensor } from '../formats/safetensors.ts';
import { bytesSource } from '../formats/source.ts';
import type { ByteSource } from '../formats/source.ts';
import { alexnet } from '../network/variants.ts';
import { parametersOf } from '../network/parameters.ts';
import { exportOnnx } from './export-onnx.ts';
import { torchvisionMisfit } from './export-tensors.ts';
import { likelyPreprocessing, networkWarnings } from './guesses.ts';
import { importWeights } from './import.ts';
import type { Imported } from './import.ts';
import { pairTensors } from './tensor-names.ts';
import { importTensors } from './import-tensors.ts';
import { describe } from './model.ts';
import { withoutPaths } from './provenance.ts';
import { torchvisionNames } from './tensor-names.ts';
import { valuesOf } from './weights.ts';

const file = (name: string): string =>
  new URL(`../../test/weights/${name}`, import.meta.url).pathname;
const { model } = await importWeights(file('torchvision.pth'));

/** The model's tensors, renamed. */
function tensors(rename: (torchvision: string) => string, factor = 1): WrittenTensor[] {
  const names = torchvisionNames(model.network);
  return parametersOf(model.network).map(({ name, shape }) => ({
    name: rename(names.get(name)!),
    shape,
    data: valuesOf(model.weights, name)!.map((value) => factor * value),
  }));
}

function source(written: readonly WrittenTensor[]): ByteSource {
  return bytesSource(Buffer.concat([...writeSafetensors(written)]));
}

test('a file of two networks asks which, and takes the one whose prefix is said', async () => {
  const two = source([
    ...tensors((name) => `state_dict.student.${name}`),
    ...tensors((name) => `state_dict.teacher.${name}`, 2),
  ]);
  await assert.rejects(importWeights(two), {
    message:
      'the file holds several networks. Choose by the beginning of its names (--prefix): ' +
      '"state_dict.student", "state_dict.teacher".',
  });
  const first = (imported: Imported): number =>
    valuesOf(imported.model.weights, 'conv1.weight')![0]!;
  const own = valuesOf(model.weights, 'conv1.weight')![0]!;
  assert.equal(first(await importWeights(two, { prefix: 'state_dict.student' })), own);
  assert.equal(
    first(await importWeights(two, { prefix: 'state_dict.teacher.' })),
    Math.fround(2 * own),
  );
  await assert.rejects(importWeights(two, { prefix: 'other' }), {
    message:
      'no tensor\'s name begins with "other.". Names begin with "state_dict.student.", ' +
      '"state_dict.teacher.".',
  });
});

test('a network beside tensors of another kind is named', async () => {
  const head = { name: 'norm.running_mean', shape: [2, 2, 2], data: new Float32Array(8) };
  await assert.rejects(importWeights(source([...tensors((name) => `net.${name}`), head])), {
    message:
      'the file holds other tensors beside the network. Choose by the beginning of its names ' +
      '(--prefix): "net".',
  });
});

test('names in an order of their own are said, those by number or alphabet are not', async () => {
  const inOrder = tensors((name) => name);
  const { warnings } = await importWeights(source([...inOrder.slice(2), ...inOrder.slice(0, 2)]));
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /^The file has its layers in the order features\.3, features\.6, /);
  const alphabetical = inOrder.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  for (const order of [inOrder, alphabetical])
    assert.deepEqual((await importWeights(source(order))).warnings, []);
});

test('tensors that are one in the file are said', async () => {
  const shared = parametersOf(model.network).map(({ name, shape, size }) => ({
    name: torchvisionNames(model.network).get(name)!,
    dtype: 'f32' as const,
    shape,
    count: size,
    share: name.endsWith('bias') && size === 16 ? '7:0' : name,
    read: async () => new Float32Array(size),
    readRaw: async () => new Uint8Array(4 * size),
  }));
  assert.equal(pairTensors(shared).length, 8);
  assert.deepEqual((await importTensors(shared)).warnings, [
    '"features.8.bias" and "features.10.bias" are one tensor in the file; here each gets a copy.',
  ]);
});

test('features taken for classes are said', () => {
  const network = alexnet('torchvision');
  assert.deepEqual(networkWarnings(network), []);
  const wide = alexnet('torchvision', { classes: 4096 });
  assert.deepEqual(networkWarnings(wide), [
    'This looks like a part of a network that gives features, not classes: it ends with "fc8", ' +
      '4096 numbers. Its outputs are taken as classes all the same, and what it answers means ' +
      'nothing.',
  ]);
  const last = network.findIndex(({ name }) => name === 'fc8');
  const cut = [...network.slice(0, last), { type: 'softmax', name: 'softmax' } as const];
  assert.match(networkWarnings(cut)[0]!, /it ends with "relu7", 4096 numbers\./);
});

test('weights of no known network are taken for whose they look like', () => {
  const network = alexnet('torchvision', { input: 99 });
  const by = (more: object): unknown =>
    likelyPreprocessing({ network, variant: undefined, kind: 'onnx', ...more }, 99).preprocessing
      .scale;
  assert.equal(by({}), 1 / 255);
  assert.equal(by({ network: alexnet('single') }), 1);
  assert.equal(by({ network: alexnet('single'), producer: 'pytorch' }), 1 / 255);
  assert.equal(by({ variant: 'caffe' }), 1);
});

test('withoutPaths() leaves no folder of the machine', () => {
  const provenance = {
    data: { root: '/home/ann/photos', kind: 'folder' },
    settings: '{"from":"C:\\\\ann\\\\model.onnx","batch":[2,"/x/y"]}',
    source: 'https://example.org/a/b.pth',
    note: 'and/or',
    date: null,
  };
  assert.deepEqual(withoutPaths(provenance), {
    ...provenance,
    data: { root: 'photos', kind: 'folder' },
    settings: '{"from":"model.onnx","batch":[2,"y"]}',
  });
  const described = describe({ ...model, provenance });
  assert.ok(!described['alexnet.provenance']!.includes('ann'));
});

test('torchvisionMisfit() tells what torchvision loads and what it would compute', () => {
  assert.equal(torchvisionMisfit(alexnet('torchvision', { classes: 10, input: 256 })), undefined);
  assert.match(torchvisionMisfit(alexnet('onetower'))!, /its shapes are the same/);
  assert.match(torchvisionMisfit(alexnet('single'))!, /its weights have other shapes/);
});

test('an ONNX file says what its image is and what it answers', async () => {
  const docs = async (withPreprocessing: boolean): Promise<(string | undefined)[]> => {
    const bytes = Buffer.concat([...exportOnnx(model, { withPreprocessing })]);
    const { inputs, outputs } = await readOnnx(bytesSource(bytes));
    return [...inputs, ...outputs].map(({ doc }) => doc);
  };
  const pixels =
    'Pictures as f32 [n, 3, 224, 224], channels R, G, B: scaled until the shorter side has 256 ' +
    'pixels, the centre cut out';
  const answer =
    'Of each picture the probabilities of 5 classes; their names are in the metadata ' +
    'alexnet.labels.';
  assert.deepEqual(await docs(false), [
    `${pixels}, each byte p as (p · ${1 / 255} − mean) / deviation with mean [0.485, 0.456, ` +
      '0.406] and deviation [0.229, 0.224, 0.225].',
    answer,
  ]);
  assert.deepEqual(await docs(true), [
    `${pixels}, bytes 0 to 255 as they are; scale, mean and deviation are in the graph.`,
    answer,
  ]);
});
