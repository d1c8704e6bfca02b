// What check-server.sh serves and what it must answer: a made-up model with its ONNX, pictures, an
// input, and the engine's own numbers for it.
//   node scripts/check-server-make.mjs FOLDER paper|small [ENGINE]
import { mkdirSync, writeFileSync } from 'node:fs';
import sharp from 'sharp';
import * as alexnet from '../dist/index.js';

const [folder, variant, engine = 'auto'] = process.argv.slice(2);
const classes = variant === 'small' ? 10 : 1000;
const network = alexnet.alexnet(variant, { classes });
const [, , side] = network[0].shape;
const size = side === 227 ? 256 : side + 4;

/** He-scaled, so that every layer's output keeps its scale; the last layer's smaller. */
function weightsOf() {
  const parameters = alexnet.parametersOf(network);
  return alexnet.f32Weights(
    parameters.map((parameter, i) => {
      const { name, kind, shape, size, rule } = parameter;
      const last = i >= parameters.length - 2 ? 0.02 : 1;
      const standardDeviation = last * (kind === 'bias' ? 0.1 : Math.sqrt((2 * shape[0]) / size));
      const initial = { distribution: 'normal', standardDeviation };
      return [name, alexnet.initialValues({ ...parameter, rule: { ...rule, initial } }, i, 7)];
    }),
  );
}

async function picture(seed) {
  const [width, height] = [500 + 37 * seed, 375];
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++)
        data[i++] = 128 + 100 * Math.sin((x + 11 * seed) / (9 + c + seed)) * Math.cos(y / (7 + c));
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 85 })
    .toBuffer();
}

mkdirSync(`${folder}/models`, { recursive: true });
const model = {
  network,
  weights: weightsOf(),
  labels: Array.from({ length: classes }, (_, i) => ({ name: `class ${i}` })),
  preprocessing: {
    resize: { how: 'shorterSide', size },
    crop: side,
    channels: 'RGB',
    scale: 1,
    mean: [124, 117, 104],
    deviation: [1, 1, 1],
  },
  provenance: {},
};
await alexnet.writeModel(`${folder}/models/checked.safetensors`, model);

const pictures = await Promise.all([0, 1, 2, 3].map(picture));
for (const [i, bytes] of pictures.entries()) writeFileSync(`${folder}/picture-${i}.jpg`, bytes);
const images = [];
for (const bytes of pictures)
  images.push(
    alexnet.preprocess(await alexnet.loadPicture(bytes, model.preprocessing), model.preprocessing),
  );
const input = new Float32Array(images.flatMap((image) => [...image]));
writeFileSync(`${folder}/input.f32`, new Uint8Array(input.buffer));
const asked = await (
  await alexnet.findEngine(engine)
).prepare(network, {
  batch: 4,
  mode: 'inference',
  keep: 'all',
});
for (const [name, tensor] of model.weights) await asked.setParameter(name, tensor.data);
const probabilities = await asked.forward(input);
const layers = ['fc6', network.find(({ type }) => type === 'convolution').name];
const expected = {
  input: [4, ...network[0].shape],
  name: network[0].name,
  probabilities: [...probabilities],
  logits: [...(await asked.activation(network.at(-2).name))],
  layers: {},
};
for (const layer of layers) expected.layers[layer] = [...(await asked.activation(layer))];
writeFileSync(`${folder}/expected.json`, JSON.stringify(expected));
await asked.dispose();
