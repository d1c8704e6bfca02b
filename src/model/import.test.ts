import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { referenceEngine } from '../engine/reference/index.ts';
import { ProtobufWriter } from '../formats/protobuf.ts';
import { writeSafetensors } from '../formats/safetensors.ts';
import { bytesSource } from '../formats/source.ts';
import { bytesOf } from '../formats/tensor.ts';
import { loadPicture, preprocess } from '../images/preprocess.ts';
import { alexnet } from '../network/variants.ts';
import type { Variant } from '../network/variants.ts';
import { parametersOf } from '../network/parameters.ts';
import { importWeights } from './import.ts';
import type { Model } from './model.ts';
import { computation } from './chain.ts';
import { torchvisionNames } from './tensor-names.ts';
import { loadWeights, valuesOf } from './weights.ts';

/**
 * Files written by PyTorch, NumPy, safetensors, onnx; and what PyTorch, onnxruntime and OpenCV
 * answer: scripts/make-weights.py.
 */
const weights = new URL('../../test/weights/', import.meta.url);
const expected = JSON.parse(await readFile(new URL('expected.json', weights), 'utf8')) as Record<
  string,
  {
    size: number;
    spread: number;
    variant: Variant | null;
    logits: number[][];
    photograph: number[];
  }
>;

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alexnet-import-'));
});
after(() => rm(folder, { recursive: true, force: true }));

/** Picture 0 of `picture` in scripts/make-weights.py. */
function picture(size: number, spread: number): Float32Array {
  return Float32Array.from(
    { length: 3 * size * size },
    (_, i) => ((Math.imul(i, 2654435761) >>> 0) / 2 ** 32 - 0.5) * spread,
  );
}

async function logits(
  { network, weights: values }: Model,
  images: Float32Array,
): Promise<Float32Array> {
  const last = network.findLast(({ type }) => type === 'dense')!.name;
  const session = await referenceEngine.prepare(network, {
    batch: 1,
    mode: 'inference',
    keep: [last],
  });
  await loadWeights(session, values);
  await session.forward(images);
  const found = await session.activation(last);
  await session.dispose();
  return found;
}

function assertClose(found: ArrayLike<number>, wanted: readonly number[], tolerance: number): void {
  const scale = Math.max(...wanted.map(Math.abs));
  wanted.forEach((value, i) =>
    assert.ok(
      Math.abs(found[i]! - value) <= tolerance * scale,
      `number ${i}: ${found[i]} instead of ${value}`,
    ),
  );
}

const ambiguous: Readonly<Record<string, readonly Variant[]>> = {
  torch: ['caffenet', 'paper', 'source'],
  numpy: ['caffenet', 'paper', 'source'],
};

for (const [
  name,
  {
    size,
    spread,
    variant,
    logits: [wanted],
    photograph,
  },
] of Object.entries(expected)) {
  test(`importWeights() of ${name} answers what its makers answer`, async () => {
    const imported = await importWeights(new URL(name, weights).pathname);
    assert.equal(imported.variant, variant ?? undefined);
    const grouped = variant === 'caffe' && imported.kind in ambiguous;
    assert.deepEqual(imported.alternatives, grouped ? ambiguous[imported.kind] : []);
    const model = imported.model;
    assert.equal(model.network[0]!.type === 'input' && model.network[0].shape[1], size);
    assertClose(await logits(model, picture(size, spread)), wanted!, 1e-4);
    // With the preprocessing that came with the weights, and no word about it: its makers had made
    // this picture ready themselves.
    const { preprocessing } = model;
    const ready = preprocess(
      await loadPicture(new URL('photograph.png', weights).pathname, preprocessing),
      preprocessing,
    );
    assertClose(await logits(model, ready), photograph, 1e-4);
  });
}

const layerNames = ['conv1', 'conv2', 'conv3', 'conv4', 'conv5', 'fc6', 'fc7', 'fc8'];
const namings: Readonly<
  Record<string, (torchvision: string, layer: string, kind: string) => string>
> = {
  'Lightning, timm': (torchvision) => `model.${torchvision}`,
  'Hugging Face': (torchvision) => `alexnet.encoder.${torchvision}`,
  'two GPUs': (torchvision) => `state_dict.module.${torchvision}`,
  'ours and Caffe': (_, layer, kind) => `${layer}.${kind}`,
  Caffe2: (_, layer, kind) => `${layer}_${kind === 'weight' ? 'w' : 'b'}`,
  'TensorFlow, channels first': (_, layer, kind) =>
    `net/${layer}/${kind === 'weight' ? 'kernel' : 'bias'}`,
};

for (const [who, rename] of Object.entries(namings)) {
  test(`importWeights() takes names as ${who} writes them`, async () => {
    const { model } = await importWeights(new URL('torchvision.safetensors', weights).pathname);
    const names = [...torchvisionNames(model.network)];
    const tensors = parametersOf(model.network).map(({ name, shape, kind }, i) => ({
      name: rename(names[i]![1], layerNames[i >> 1]!, kind),
      shape,
      data: valuesOf(model.weights, name)!,
    }));
    const path = join(folder, 'renamed.safetensors');
    await writeFile(path, Buffer.concat([...writeSafetensors(tensors.toReversed())]));
    const back = await importWeights(path, { variant: 'torchvision' });
    assert.deepEqual([back.model.weights, back.model.network], [model.weights, model.network]);
  });
}

test('the folder holds what its script says it made, and nothing else', async () => {
  const beside = [
    'caffe.prototxt',
    'caffenet.prototxt',
    'expected.json',
    'photograph.png',
    'tiny',
    'zoo-external.bin',
  ];
  assert.deepEqual(
    (await readdir(weights)).toSorted(),
    [...Object.keys(expected), ...beside].toSorted(),
  );
});

test('importWeights() tells the kind by the content, whatever the name says', async () => {
  const kinds = {
    'torchvision.pth': 'torch',
    'torchvision-legacy.pth': 'torch',
    'torchvision.safetensors': 'safetensors',
    'zoo-opset9.onnx': 'onnx',
    'caffe-new.caffemodel': 'caffe',
    'tensorflow.npz': 'numpy',
    'bvlc_alexnet.npy': 'numpy',
  };
  const path = join(folder, 'weights.bin');
  for (const [name, kind] of Object.entries(kinds)) {
    await copyFile(new URL(name, weights), path);
    assert.equal((await importWeights(path)).kind, kind, name);
  }
});

/** A blob of Caffe in the old form: `[1, 3, size, size]`. */
function meanFile(size: number): Uint8Array {
  const values = Float32Array.from({ length: 3 * size * size }, (_, i) => i % 251);
  return Buffer.concat([
    ...new ProtobufWriter()
      .whole(1, 1)
      .whole(2, 3)
      .whole(3, size)
      .whole(4, size)
      .bytes(5, bytesOf(values))
      .write(),
  ]);
}

test('importWeights() takes a mean image and a prototxt along with Caffe weights', async () => {
  const mean = join(folder, 'mean.binaryproto');
  await writeFile(mean, meanFile(256));
  const { model, variant } = await importWeights(new URL('caffe-v1.caffemodel', weights).pathname, {
    mean,
    prototxt: new URL('caffe.prototxt', weights).pathname,
  });
  assert.equal(variant, 'caffe');
  assert.deepEqual(model.preprocessing, {
    resize: { how: 'warp', size: 256, kernel: 'opencv' },
    colourProfile: 'ignored',
    orientation: 'ignored',
    crop: 227,
    channels: 'BGR',
    scale: 1,
    mean: { tensor: 'preprocessing.mean', at: 'crop' },
    deviation: [1, 1, 1],
  });
  assert.deepEqual([model.meanImage!.length, model.meanImage![252]], [3 * 256 * 256, 1]);
});

test('published weights bring their own preprocessing and names of classes', async () => {
  const network = alexnet('torchvision', { width: 0.05 });
  const path = join(folder, 'thousand.safetensors');
  const tensors = parametersOf(network).map(({ name, shape, size }) => ({
    name,
    shape,
    data: new Float32Array(size),
  }));
  await writeFile(path, Buffer.concat([...writeSafetensors(tensors)]));
  const { model } = await importWeights(path, { variant: 'torchvision' });
  assert.deepEqual(model.labels[0], { name: 'tench, Tinca tinca', wnid: 'n01440764' });
  assert.deepEqual(
    model.labels.filter(({ name }) => name === 'crane'),
    [
      { name: 'crane', wnid: 'n02012849' },
      { name: 'crane', wnid: 'n03126707' },
    ],
  );
  assert.equal(new Set(model.labels.map(({ wnid }) => wnid)).size, 1000);
  assert.deepEqual(model.preprocessing, {
    resize: { how: 'shorterSide', size: 256, geometry: 'torchvision', kernel: 'pillow' },
    colourProfile: 'ignored',
    orientation: 'ignored',
    crop: 224,
    channels: 'RGB',
    scale: 1 / 255,
    mean: [0.485, 0.456, 0.406],
    deviation: [0.229, 0.224, 0.225],
  });
  assert.deepEqual(model.provenance, {
    source: 'thousand.safetensors',
    kind: 'safetensors',
    variant: 'torchvision',
  });
  assert.equal(computation(model.network), computation(network));
});

const stranger = { name: 'bn.running_mean', shape: [3, 3, 3], data: new Float32Array(27) };
const refused: [name: string, content: () => Uint8Array, message: string][] = [
  [
    'keras.h5',
    () => Uint8Array.of(0x89, 0x48, 0x44, 0x46, 13, 10, 26, 10),
    'it is an HDF5 file (Keras), which is not read. Save the weights as one of: PyTorch ' +
      '(.pth, .pt), safetensors, ONNX, Caffe (.caffemodel), NumPy (.npz, .npy).',
  ],
  [
    'text.txt',
    () => Buffer.from('hello'),
    'its content is of no known kind. Weights are read from PyTorch (.pth, .pt), ' +
      'safetensors, ONNX, Caffe (.caffemodel), NumPy (.npz, .npy).',
  ],
  [
    'empty',
    () => new Uint8Array(0),
    'its content is of no known kind. Weights are read from PyTorch (.pth, .pt), ' +
      'safetensors, ONNX, Caffe (.caffemodel), NumPy (.npz, .npy).',
  ],
  [
    'odd.safetensors',
    () => Buffer.concat([...writeSafetensors([stranger])]),
    'The weights are not AlexNet\'s: "bn.running" should be one weight of two or four axes ' +
      'with one bias, but is bn.running_mean [3,3,3]. Layers of other kinds (batch ' +
      'normalisation, attention, …) are not known.',
  ],
  [
    'other.safetensors',
    () =>
      Buffer.concat([
        ...writeSafetensors([{ name: 'fc.weight', shape: [2, 3], data: new Float32Array(6) }]),
      ]),
    'None of the variants (paper, single, source, caffe, caffenet, torchvision, onetower, ' +
      'small) has weights of these shapes. Found, in order: fc [2,3].',
  ],
];

for (const [name, content, message] of refused) {
  test(`importWeights() refuses ${name} and says why`, async () => {
    const path = join(folder, name);
    await writeFile(path, content());
    await assert.rejects(importWeights(path), {
      name: 'AlexNetError',
      message: `${path}: ${message}`,
    });
  });
}

test("importWeights() opens no file outside of an ONNX model's own folder", async () => {
  const bytes = await readFile(new URL('zoo-external.onnx', weights));
  const moved = join(folder, 'moved.onnx');
  await writeFile(moved, bytes);
  await assert.rejects(importWeights(moved), {
    message: `${moved}: its tensors are in "zoo-external.bin", which is missing beside it.`,
  });
  await symlink(new URL('zoo-external.bin', weights).pathname, join(folder, 'zoo-external.bin'));
  await assert.rejects(importWeights(moved), {
    message:
      `${moved}: its tensors claim to be in "zoo-external.bin", which leads out of the model's ` +
      'folder. It is not opened.',
  });
  const evil = join(folder, 'evil.onnx');
  await writeFile(
    evil,
    Buffer.from(
      bytes.toString('latin1').replaceAll('zoo-external.bin', '../../etc/passwd'),
      'latin1',
    ),
  );
  await assert.rejects(importWeights(evil), {
    message:
      `${evil}: The tensor "w0" of the ONNX model claims to lie in "../../etc/passwd", outside ` +
      "of the model's own folder. It is not opened.",
  });
});

test('importWeights() takes a File with its name, and bytes without one', async () => {
  const bytes = await readFile(new URL('caffe-v1.caffemodel', weights));
  const mean = meanFile(256);
  await writeFile(join(folder, 'mean.binaryproto'), mean);
  const prototxt = await readFile(new URL('caffe.prototxt', weights));
  const path = new URL('caffe-v1.caffemodel', weights).pathname;
  const byPath = await importWeights(path, {
    mean: join(folder, 'mean.binaryproto'),
    prototxt: new URL('caffe.prototxt', weights).pathname,
  });
  const options = { mean: new Blob([mean as BlobPart]), prototxt: bytesSource(prototxt) };
  const byFile = await importWeights(new File([bytes], 'caffe-v1.caffemodel'), options);
  assert.deepEqual(byFile, byPath);
  const byBytes = await importWeights(bytesSource(bytes), options);
  assert.deepEqual(byBytes.model.weights, byPath.model.weights);
  assert.equal(byBytes.model.provenance['source'], undefined);
  await assert.rejects(importWeights(new File(['x'], 'x.pth')), {
    message: /^x\.pth: its content is of no known kind\./,
  });
  await assert.rejects(importWeights(new Blob(['x'])), {
    message: /^its content is of no known kind\./,
  });
});

test('importWeights() of an ONNX model in memory asks for the files beside it', async () => {
  const model = bytesSource(await readFile(new URL('zoo-external.onnx', weights)));
  const tensors = bytesSource(await readFile(new URL('zoo-external.bin', weights)));
  await assert.rejects(importWeights(model), {
    message:
      'its tensors are in "zoo-external.bin", a file of their own. ' +
      'Give it with the option "beside".',
  });
  const asked: string[] = [];
  const found = await importWeights(model, {
    beside: async (name) => {
      asked.push(name);
      return tensors;
    },
  });
  const { model: expected } = await importWeights(new URL('zoo-external.onnx', weights).pathname);
  assert.deepEqual(found.model.weights, expected.weights);
  assert.deepEqual([...new Set(asked)], ['zoo-external.bin']);
});
