import assert from 'node:assert/strict';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readOnnx } from '../../formats/onnx.ts';
import { readSafetensors } from '../../formats/safetensors.ts';
import { bytesSource } from '../../formats/source.ts';
import type { Preprocessing } from '../../images/preprocessing.ts';
import { importWeights } from '../../model/import.ts';
import { publishedPreprocessing } from '../../model/published.ts';
import { command } from '../../testing/cli.ts';
import { withFolder } from '../../testing/folders.ts';

const weights = (name: string): string =>
  fileURLToPath(new URL(`../../../test/weights/${name}`, import.meta.url));
const labelsGuess =
  'The file has no labels: its 5 outputs are called "class 0", "class 1", …. If not so: ' +
  '--labels FILE.\n';
const torchvisionGuess =
  'The file does not say how its pictures are made ready: RGB, scale 1/255, mean 0.485 0.456 ' +
  '0.406, deviation 0.229 0.224 0.225, shorter side 256, crop 224 is taken, because the network ' +
  "is torchvision's. If not so: --preprocess torchvision, caffe or FILE.json, or single values " +
  '(--channels, --scale, --mean, --deviation, --resize, --size).\n';

async function labels(folder: string): Promise<string> {
  const path = join(folder, 'labels.txt');
  await writeFile(path, 'ant\nbee\ncrane\ncrane\neel\n');
  return path;
}

const usage = '\nUsage: alexnet convert [options] <in> <out>\nMore: alexnet convert --help\n';

test("alexnet convert gives the contract's JSON, and a file that answers the same", async () => {
  await withFolder(async (folder) => {
    const out = join(folder, 'out.onnx');
    assert.deepEqual(await command(['convert', weights('torchvision.pth'), out, '--json']), {
      code: 0,
      out: '{"from":"torch","to":"onnx","parameters":23141}\n',
      err: `Taken as the variant torchvision.\n${torchvisionGuess}${labelsGuess}`,
    });
    assert.deepEqual(await readdir(folder), ['out.onnx']);
    const [from, to] = await Promise.all([
      importWeights(weights('torchvision.pth')),
      importWeights(out),
    ]);
    assert.deepEqual(to.model.weights, from.model.weights);
    assert.deepEqual(to.model.preprocessing, from.model.preprocessing);
    const again = await command([
      'convert',
      out,
      join(folder, 'again.npz'),
      '--precision',
      'f16',
      '--quiet',
    ]);
    assert.deepEqual(
      [again.code, again.out],
      [0, `23,141 parameters from onnx to numpy: ${join(folder, 'again.npz')}\n`],
    );
  });
});

test('alexnet convert says which other variants weights could be', async () => {
  await withFolder(async (folder) => {
    const out = join(folder, 'a.safetensors');
    const remarks =
      'Taken as the variant caffe.\nWeights of these shapes could also be caffenet, paper, ' +
      'source, which answer differently: if so, say --variant.\n';
    const npy = weights('bvlc_alexnet.npy');
    const known = ['--preprocess', 'caffe', '--lrn', 'k=1', '--labels', await labels(folder)];
    assert.equal((await command(['convert', npy, out, ...known])).err, remarks);
    assert.equal(
      (await command(['convert', npy, out, '--variant', 'paper', ...known])).err,
      'Taken as the variant paper.\n',
    );
  });
});

test('alexnet convert says what it guesses, why, and how to say otherwise', async () => {
  await withFolder(async (folder) => {
    const out = join(folder, 'a.safetensors');
    const { err } = await command(['convert', weights('bvlc_alexnet.npy'), out]);
    assert.deepEqual(err.split('\n').slice(2), [
      'The file does not say how its pictures are made ready: BGR, scale 1, mean 104.00698793 ' +
        '116.66876762 122.67891434, deviation 1 1 1, squeezed to 256, crop 227 is taken, because ' +
        "the network is Caffe's (caffe). If not so: --preprocess torchvision, caffe or " +
        'FILE.json, or single values (--channels, --scale, --mean, --deviation, --resize, --size).',
      labelsGuess.trim(),
      'The file does not hold the settings of LRN: size 5, alpha 0.00002, beta 0.75, k 1 of the ' +
        'variant are taken (alpha as in the paper, not divided by the size). If not so: --lrn ' +
        '(PyTorch: --lrn k=2,alpha=1e-4,divided).',
      '',
    ]);
  });
});

test('alexnet convert takes preprocessing by name, from a file, value by value', async () => {
  await withFolder(async (folder) => {
    const npy = weights('bvlc_alexnet.npy');
    const preprocessingOf = async (...flags: string[]): Promise<Preprocessing> => {
      const out = join(folder, 'out.safetensors');
      const { code, err } = await command(['convert', npy, out, ...flags]);
      assert.equal(code, 0, err);
      return (await importWeights(out)).model.preprocessing;
    };
    const theirs = await preprocessingOf('--preprocess', 'torchvision');
    assert.deepEqual(theirs, publishedPreprocessing('torchvision', 227));
    const file = join(folder, 'own.json');
    await writeFile(file, JSON.stringify({ ...theirs, scale: 0.5 }));
    assert.deepEqual(await preprocessingOf('--preprocess', file), { ...theirs, scale: 0.5 });
    const values =
      '--preprocess torchvision --scale 1/127.5 --mean 1,1,1 --deviation 1,2,3 --resize warp ' +
      '--size 240';
    assert.deepEqual(await preprocessingOf(...values.split(' ')), {
      ...theirs,
      scale: 1 / 127.5,
      mean: [1, 1, 1],
      deviation: [1, 2, 3],
      resize: { ...theirs.resize, how: 'warp', size: 240 },
    });
    const turned = await preprocessingOf('--channels', 'RGB');
    assert.deepEqual(turned.mean, [122.67891434, 116.66876762, 104.00698793]);
    await writeFile(file, '{"scale": 0.5}');
    const refused = await command(['convert', npy, join(folder, 'b.npz'), '--preprocess', file]);
    assert.equal(refused.code, 1);
    assert.ok(refused.err.startsWith(`--preprocess ${file}: it is no preprocessing: `));
  });
});

test("alexnet convert takes PyTorch's settings of LRN", async () => {
  await withFolder(async (folder) => {
    const out = join(folder, 'out.safetensors');
    const flags = ['--lrn', 'k=2,alpha=1e-4,divided'];
    await command(['convert', weights('bvlc_alexnet.npy'), out, ...flags]);
    const { network } = (await importWeights(out)).model;
    const lrn = network.find(({ type }) => type === 'lrn');
    assert.ok(lrn?.type === 'lrn');
    assert.deepEqual([lrn.k, lrn.alpha, lrn.beta, lrn.size], [2, 1e-4 / 5, 0.75, 5]);
    const why = 'settings of LRN are given, but the network has no local response normalisation.';
    assert.deepEqual(await command(['convert', pth, join(folder, 'a.npz'), ...flags]), {
      code: 1,
      out: '',
      err: `${pth}: ${why}\n`,
    });
  });
});

test('alexnet convert --names torchvision warns where that network is another', async () => {
  await withFolder(async (folder) => {
    const out = join(folder, 'out.safetensors');
    const known = ['--names', 'torchvision', '--preprocess', 'caffe', '--lrn', 'k=1'];
    const { err } = await command(['convert', weights('bvlc_alexnet.npy'), out, ...known]);
    assert.ok(
      err.endsWith(
        "\nWarning: torchvision's alexnet cannot be this network: its weights have other " +
          'shapes, so load_state_dict refuses them.\n',
      ),
    );
  });
});

test('alexnet convert takes names of classes, mean image and prototxt along', async () => {
  await withFolder(async (folder) => {
    const names = join(folder, 'names.txt');
    await writeFile(names, 'ant\nbee\ncrane\ncrane\neel\n');
    const model = join(folder, 'model.safetensors');
    const from = [
      weights('caffe-v1.caffemodel'),
      model,
      '--labels',
      names,
      '--prototxt',
      weights('caffe.prototxt'),
    ];
    assert.equal((await command(['convert', ...from])).code, 0);
    assert.deepEqual(
      (await importWeights(model)).model.labels,
      ['ant', 'bee', 'crane', 'crane', 'eel'].map((name) => ({ name })),
    );
    const relabelled = join(folder, 'relabelled.safetensors');
    await writeFile(names, 'five\nfour\nthree\ntwo\none\n');
    assert.equal((await command(['convert', model, relabelled, '--labels', names])).code, 0);
    assert.deepEqual((await importWeights(relabelled)).model.labels[4], { name: 'one' });
    const onnx = join(folder, 'model.onnx');
    assert.equal(
      (await command(['convert', model, onnx, '--portable', '--with-preprocessing'])).code,
      0,
    );
    const { nodes } = await readOnnx(bytesSource(await readFile(onnx)));
    assert.equal(nodes[0]!.type, 'Sub');
    assert.ok(!nodes.some(({ type }) => type === 'LRN'));
    const bare = join(folder, 'bare.safetensors');
    assert.equal(
      (await command(['convert', model, bare, '--names', 'torchvision', '--precision', 'f16']))
        .code,
      0,
    );
    const { tensors } = await readSafetensors(bytesSource(await readFile(bare)));
    assert.equal(tensors.get('classifier.6.bias')!.dtype, 'f16');
  });
});

const pth = weights('torchvision.pth');
const wrong: [what: string, argv: string[], code: 1 | 2, err: string][] = [
  ['no file to write', [pth], 2, `Missing required argument 'out'.${usage}`],
  [
    'an ending that says nothing',
    [pth, 'out.h5'],
    2,
    'The ending of out.h5 should say what is written: .safetensors, .onnx, .npz. Found ' +
      `".h5".${usage}`,
  ],
  [
    'an unknown variant',
    [pth, 'out.npz', '--variant', 'cafe'],
    2,
    'There is no variant "cafe". Did you mean "caffe"? The variants are: paper, single, ' +
      `source, caffe, caffenet, torchvision, onetower, small.${usage}`,
  ],
  [
    'an unknown precision',
    [pth, 'out.npz', '--precision', 'bf16'],
    2,
    `Option '--precision <p>' argument 'bf16' is invalid. Allowed choices are f32, f16.${usage}`,
  ],
  [
    'an input that is no number',
    [pth, 'out.npz', '--input', 'large'],
    2,
    "Option '--input <n>' argument 'large' is invalid. Expected a whole number of at least 1 " +
      `but found "large".${usage}`,
  ],
  [
    'a wish that the file cannot grant',
    [pth, 'out.npz', '--portable'],
    2,
    `--portable is for files ending in .onnx, but out.npz is to be written.${usage}`,
  ],
  [
    'names where there are none',
    [pth, 'out.onnx', '--names', 'torchvision'],
    2,
    '--names torchvision is for files ending in .safetensors, but out.onnx is to be ' +
      `written.${usage}`,
  ],
  [
    'a prototxt of something else',
    [pth, 'out.onnx', '--prototxt', weights('caffe.prototxt')],
    2,
    `--prototxt goes with a .caffemodel, but ${pth} is of the kind torch.${usage}`,
  ],
  [
    'a file that is missing',
    ['nowhere.pth', 'out.onnx'],
    1,
    'nowhere.pth could not be opened: there is no such file or folder.\n',
  ],
  [
    'labels that are missing',
    [pth, 'out.onnx', '--labels', 'nowhere.txt'],
    1,
    'nowhere.txt could not be opened: there is no such file or folder.\n',
  ],
  [
    'labels that do not fit',
    [pth, 'out.onnx', '--labels', weights('caffe.prototxt')],
    1,
    `${pth}: the network has 5 outputs, but 167 labels are given.\n`,
  ],
  [
    'a variant of other shapes',
    [pth, 'out.onnx', '--variant', 'caffe'],
    1,
    `${pth}: The variant caffe has no weights of these shapes. Found, in order: features.0 ` +
      '[4,3,11,11], features.3 [12,4,5,5], features.6 [24,12,3,3], features.8 [16,24,3,3], ' +
      'features.10 [16,16,3,3], classifier.1 [20,576], classifier.4 [20,20], classifier.6 ' +
      '[5,20].\n',
  ],
  [
    'an input that the file tells otherwise',
    [weights('zoo-opset9.onnx'), 'out.npz', '--input', '99'],
    1,
    `${weights('zoo-opset9.onnx')}: the file says itself that its input is 224×224, so an ` +
      'input of 99×99 cannot be asked for.\n',
  ],
  [
    'a variant that the file tells otherwise',
    [weights('zoo-opset9.onnx'), 'out.npz', '--variant', 'paper'],
    1,
    `${weights('zoo-opset9.onnx')}: the file says itself what its network is, and that is ` +
      'not the variant paper.\n',
  ],
  [
    'a mean image that is none',
    [pth, 'out.npz', '--mean', weights('photograph.png')],
    1,
    `${weights('photograph.png')}: expected the mean image of a Caffe network (.binaryproto). ` +
      'The file is damaged: the mean image holds a field that does not end where it should.\n',
  ],
  [
    'a folder that is missing',
    [pth, '/nowhere/out.onnx'],
    1,
    '/nowhere/out.onnx could not be written: there is no such file or folder.\n',
  ],
];

for (const [what, argv, code, err] of wrong) {
  test(`alexnet convert refuses ${what} with code ${code}`, async () => {
    assert.deepEqual(await command(['convert', ...argv]), { code, out: '', err });
  });
}

test("alexnet convert refuses Keras' files and says what else is read", async () => {
  await withFolder(async (folder) => {
    const h5 = join(folder, 'model.h5');
    await writeFile(h5, Uint8Array.of(0x89, 0x48, 0x44, 0x46, 13, 10, 26, 10));
    const { code, err } = await command(['convert', h5, join(folder, 'out.onnx')]);
    assert.deepEqual(
      [code, err],
      [
        1,
        `${h5}: it is an HDF5 file (Keras), which is not read. Save the weights as one of: ` +
          'PyTorch (.pth, .pt), safetensors, ONNX, Caffe (.caffemodel), NumPy (.npz, .npy).\n',
      ],
    );
  });
});
