// What we answer, for scripts/check-weights.py to hold against what others answer. It calls:
//   node bench/weights.mjs in FOLDER PHOTOS OUT
//     each file of FOLDER/expected.json: OUT/NAME.safetensors with images and logits
//   node bench/weights.mjs out VARIANT WIDTH PHOTOS OUT
//     a model of VARIANT in every form we write, with images, bytes and probabilities
//   node bench/weights.mjs web OUT
//     onnxruntime-web's probabilities of every .onnx in OUT
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findEngine } from '../dist/engine/registry.js';
import { readSafetensors, writeSafetensors } from '../dist/formats/safetensors.js';
import { bytesSource } from '../dist/formats/source.js';
import { loadPicture, preprocess } from '../dist/images/preprocess.js';
import { exportModel } from '../dist/model/node/export.js';
import { importWeights } from '../dist/model/node/import.js';
import { imagenetLabels } from '../dist/model/imagenet.js';
import { publishedPreprocessing } from '../dist/model/published.js';
import { initialValues, parametersOf } from '../dist/network/parameters.js';
import { alexnet } from '../dist/network/variants.js';
import { inferShapes } from '../dist/network/shapes.js';

const count = 8;

/** So many photographs of a folder, from its beginning to its end. */
async function photographs(folder) {
  const names = (await readdir(folder, { recursive: true }))
    .filter((name) => /\.jpe?g$/i.test(name))
    .toSorted();
  return Array.from({ length: count }, (_, i) =>
    join(folder, names[Math.floor((i * names.length) / count)]),
  );
}

/** `[count, 3, crop, crop]` */
async function inputs(files, preprocessing, meanImage) {
  const parts = [];
  for (const file of files)
    parts.push(preprocess(await loadPicture(file, preprocessing), preprocessing, 1, meanImage));
  const images = new Float32Array(parts.length * parts[0].length);
  parts.forEach((part, i) => images.set(part, i * part.length));
  return images;
}

/** Logits and probabilities of the fastest engine here. */
async function answers({ network, weights }, images) {
  const engine = await findEngine('auto');
  const dense = network.findLast(({ type }) => type === 'dense').name;
  const session = await engine.prepare(network, {
    batch: count,
    mode: 'inspection',
    keep: [dense],
  });
  for (const [name, values] of weights) await session.setParameter(name, values);
  const probabilities = Float32Array.from(await session.forward(images));
  const logits = Float32Array.from(await session.activation(dense));
  await session.dispose();
  return { engine: engine.name, logits, probabilities };
}

async function save(path, tensors, metadata = {}) {
  await writeFile(
    path,
    Buffer.concat([
      ...writeSafetensors(
        Object.entries(tensors).map(([name, [shape, data]]) => ({ name, shape, data })),
        { metadata },
      ),
    ]),
  );
}

async function checkIn(folder, photos, out) {
  const expected = JSON.parse(await readFile(join(folder, 'expected.json'), 'utf8'));
  const files = await photographs(photos);
  await mkdir(out, { recursive: true });
  for (const name of Object.keys(expected)) {
    const start = performance.now();
    const { model, kind, variant } = await importWeights(join(folder, name));
    const milliseconds = performance.now() - start;
    const { crop, channels } = model.preprocessing;
    const images = await inputs(files, model.preprocessing, model.meanImage);
    const { logits, engine } = await answers(model, images);
    await save(
      join(out, `${name}.safetensors`),
      {
        images: [[count, 3, crop, crop], images],
        logits: [[count, logits.length / count], logits],
      },
      {
        kind,
        variant,
        channels,
        engine,
        files: JSON.stringify(files),
        milliseconds: milliseconds.toFixed(0),
      },
    );
  }
}

/**
 * Random weights whose answers differ from image to image: of He's size, and a last layer that
 * gives logits of some units.
 */
async function made(variant, width, files) {
  const network = alexnet(variant, { width });
  const parameters = parametersOf(network);
  const weights = new Map(
    parameters.map((parameter, index) => {
      const inside = parameter.size / parameter.shape[0];
      const initial =
        parameter.kind === 'weight'
          ? { distribution: 'normal', standardDeviation: Math.sqrt(2 / inside) }
          : { distribution: 'normal', standardDeviation: 0.1 };
      return [
        parameter.name,
        initialValues({ ...parameter, rule: { ...parameter.rule, initial } }, index, 2012),
      ];
    }),
  );
  const preprocessing = publishedPreprocessing(variant, inferShapes(network)[0].output[1]);
  const model = {
    network,
    weights,
    preprocessing,
    labels: imagenetLabels(),
    provenance: { note: 'random' },
  };
  const images = await inputs(files, preprocessing);
  const { logits } = await answers(model, images);
  const factor = 8 / logits.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (const { name } of parameters.slice(-2))
    weights.set(
      name,
      weights.get(name).map((value) => value * factor),
    );
  return { model, images };
}

async function checkOut(variant, width, photos, out) {
  const files = await photographs(photos);
  await mkdir(out, { recursive: true });
  const { model, images } = await made(variant, Number(width), files);
  const { crop } = model.preprocessing;
  const plain = { ...model.preprocessing, scale: 1, mean: [0, 0, 0], deviation: [1, 1, 1] };
  const bytes = await inputs(files, plain);
  const write = (name, options) => exportModel(join(out, name), model, options);
  await write('f32.onnx', {});
  await write('portable.onnx', { portable: true });
  await write('with-preprocessing.onnx', { withPreprocessing: true });
  await write('f16.onnx', { precision: 'f16' });
  await write('portable-f16-with-preprocessing.onnx', {
    precision: 'f16',
    portable: true,
    withPreprocessing: true,
  });
  await write('weights.npz', {});
  if (variant !== 'small') await write('torchvision.safetensors', { names: 'torchvision' });
  await write('ours.safetensors', {});
  const full = await answers(model, images);
  // What f16 answers is what we answer with the numbers that are in its file.
  const half = await answers((await importWeights(join(out, 'f16.onnx'))).model, images);
  const shape = [count, 1000];
  const pictures = [count, 3, crop, crop];
  await save(
    join(out, 'answers'),
    {
      images: [pictures, images],
      bytes: [pictures, bytes],
      f32: [shape, full.probabilities],
      f16: [shape, half.probabilities],
    },
    { engine: full.engine },
  );
}

async function read(path) {
  const { tensors } = await readSafetensors(bytesSource(await readFile(path)));
  return async (name) => ({ shape: tensors.get(name).shape, data: await tensors.get(name).read() });
}

async function checkWeb(out) {
  const ort = await import('onnxruntime-web');
  ort.env.wasm.numThreads = 1;
  const tensor = await read(join(out, 'answers'));
  const worst = {};
  for (const name of (await readdir(out)).filter((file) => file.endsWith('.onnx')).toSorted()) {
    const { shape, data } = await tensor(name.includes('with-preprocessing') ? 'bytes' : 'images');
    const wanted = (await tensor(name.includes('f16') ? 'f16' : 'f32')).data;
    const session = await ort.InferenceSession.create(await readFile(join(out, name)));
    const { probabilities } = await session.run({ image: new ort.Tensor('float32', data, shape) });
    worst[name] = wanted.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - probabilities.data[i])),
      0,
    );
    await session.release();
  }
  console.log(
    JSON.stringify({ version: ort.env.versions?.web ?? ort.env.versions?.common, worst }),
  );
}

const [verb, ...rest] = process.argv.slice(2);
await { in: checkIn, out: checkOut, web: checkWeb }[verb](...rest);
