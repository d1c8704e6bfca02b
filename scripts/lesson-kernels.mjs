#!/usr/bin/env node
// The first-layer kernels of a trained model as a small file for the explanation of AlexNet
// (src/lesson/trained-kernels.ts), each told by what its weights measure, some of them beside the
// map that they make of a drawn picture:
//
//     node scripts/lesson-kernels.mjs runs/photos/model.safetensors 'what it was trained on'
//
// Afterwards: make format, make docs.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { drawScene, sceneClasses } from '../dist/data/scenes/scene.js';
import { convolution } from '../dist/engine/reference/convolution.js';
import { relu } from '../dist/engine/reference/relu.js';
import { amounts } from '../dist/insight/colours.js';
import { mapPicture, signedPicture, tiled } from '../dist/insight/draw.js';
import { describeKernels } from '../dist/insight/kernels.js';
import { readModel } from '../dist/index.js';
import { f32Values } from '../dist/model/weights.js';
import { inferShapes } from '../dist/network/shapes.js';

const [file, data] = process.argv.slice(2);
if (data === undefined) {
  console.error('Usage: node scripts/lesson-kernels.mjs MODEL DATA');
  process.exit(2);
}
const model = await readModel(file);
const { preprocessing } = model;
const run = JSON.parse(JSON.stringify(model.provenance));
const { layer } = inferShapes(model.network).find(({ layer }) => layer.type === 'convolution');
const weight = f32Values(model.weights.get(`${layer.name}.weight`));
const bias = Float64Array.from(f32Values(model.weights.get(`${layer.name}.bias`)));
const shape = [layer.kernels, 3, ...layer.kernel];
const size = weight.length / layer.kernels;
const described = describeKernels(weight, shape);
const largest = weight.reduce((most, w) => Math.max(most, Math.abs(w)), 0);

const kernelPicture = (kernel) =>
  signedPicture(
    weight.subarray(kernel * size, (kernel + 1) * size),
    [3, ...layer.kernel],
    largest,
    preprocessing.channels,
  );
const sheet = tiled(
  described.map(({ kernel }) => kernelPicture(kernel)),
  12,
  1,
);

// What the kernels make of a drawn picture: the layer as it is, on a picture of the paper's size.
const side = 227;
const label = sceneClasses.indexOf('house');
const picture = await drawScene({ seed: 1, label, number: 3 }, side);
const input = new Float64Array(3 * side * side);
for (let c = 0; c < 3; c++) {
  const from = preprocessing.channels === 'RGB' ? c : 2 - c;
  for (let i = 0; i < side * side; i++) {
    const value = picture.data[3 * i + from] * preprocessing.scale - preprocessing.mean[c];
    input[c * side * side + i] = value / preprocessing.deviation[c];
  }
}
const places = (side - layer.kernel[0]) / layer.stride[0] + 1;
const maps = new Float64Array(layer.kernels * places ** 2);
convolution(
  {
    layer,
    window: {
      kernel: layer.kernel,
      stride: layer.stride,
      padding: { top: 0, right: 0, bottom: 0, left: 0 },
    },
    input: [3, side, side],
    output: [layer.kernels, places, places],
  },
  input,
  Float64Array.from(weight),
  bias,
  1,
  maps,
);
relu(maps, maps.length, maps);

// The strongest of each kind; edges of different directions.
const strongest = described.toSorted((a, b) => b.norm - a.norm);
const edges = strongest.filter(({ kind }) => kind === 'edge').slice(0, 12);
const apart = (a, b) => Math.min(Math.abs(a - b), 180 - Math.abs(a - b));
const chosen = edges.slice(0, 1);
for (const one of edges) {
  if (chosen.length < 3 && chosen.every((other) => apart(one.angle, other.angle) > 25)) {
    chosen.push(one);
  }
}
for (const [kind, count] of Object.entries({ blob: 2, colour: 2, noise: 1 })) {
  chosen.push(...strongest.filter((one) => one.kind === kind).slice(0, count));
}

const raw = ({ width, height, data }) => sharp(data, { raw: { width, height, channels: 3 } });
const base64 = async (image) => (await image.toBuffer()).toString('base64');
/** In 33 steps from the least to the most: enough to be seen, and half the size. */
const coarse = ({ width, height, data }) =>
  raw({ width, height, data: data.map((value) => Math.min(255, 8 * Math.round(value / 8))) });
const cells = (picture) => base64(coarse(picture).png({ compressionLevel: 9, effort: 10 }));
const drawn = (picture) => base64(raw(picture).jpeg({ quality: 60 }));
const few = (picture) => base64(raw(picture).png({ palette: true, colours: 24, dither: 0 }));
const shown = [];
for (const { kernel, kind, angle, frequency, colour } of chosen) {
  const map = maps.subarray(kernel * places ** 2, (kernel + 1) * places ** 2);
  const high = map.reduce((most, value) => Math.max(most, value), 1e-9);
  shown.push({
    kernel,
    kind,
    angle: Math.round(angle),
    frequency: Number(frequency.toPrecision(2)),
    colour: Number(colour.toFixed(2)),
    zeros: Number((map.filter((value) => value === 0).length / map.length).toFixed(2)),
    picture: await cells(kernelPicture(kernel)),
    map: await few(mapPicture(map, places, places, { low: 0, high }, amounts)),
  });
}

const { epochs, ...settings } = JSON.parse(run.settings);
// A run that started from another model's network says neither.
const variant = settings.variant ?? 'paper';
const pixels = preprocessing.crop;
const provenance =
  `Trained by this project on ${data}: variant ${variant} at ${pixels}×${pixels} pixels, recipe ` +
  `${run.recipe}, epoch ${run.epoch} of ${epochs}; it then named ` +
  `${(100 * run.validation.top1).toFixed(0)} % of ${run.data.validation} other images rightly.`;

const kept = {
  provenance,
  layer: layer.name,
  side: layer.kernel[0],
  kinds: described.map(({ kind }) => kind),
  sheet: { width: sheet.width, height: sheet.height, png: await cells(sheet) },
  picture: { side, jpeg: await drawn(picture) },
  mapSide: places,
  shown,
};

/** Long texts in pieces, so that no line is longer than the others of the project. */
function literal(value) {
  if (typeof value === 'string' && value.length > 80) {
    const pieces = value.match(/.{1,88}/g).map((piece) => JSON.stringify(piece));
    return `[${pieces.join(',\n')}].join('')`;
  }
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'object') {
    const fields = Object.entries(value).map(([key, inside]) => `${key}: ${literal(inside)}`);
    return `{${fields.join(', ')}}`;
  }
  return JSON.stringify(value);
}

writeFileSync(
  fileURLToPath(new URL('../src/lesson/trained-kernels.ts', import.meta.url)),
  `/**
 * First-layer kernels of a trained network, and what they make of a drawn picture. Made by
 * scripts/lesson-kernels.mjs; the kinds are those of \`alexnet inspect kernels\`.
 */
export const trainedKernels = ${literal(kept)} as const;
`,
);
console.log(
  `${shown.map(({ kernel, kind }) => `${kernel} ${kind}`).join(', ')}; sheet ` +
    `${kept.sheet.png.length} characters`,
);
