// Makes the app's models, web/models/*.safetensors.
//
//   npx alexnet demo --out demo
//   node scripts/app-model.mjs pack scenes demo/run/model.safetensors demo/pictures
//
//   node scripts/app-model.mjs network network.json
//   npx alexnet train caltech101 --network network.json --set initial=variant --epochs 24 --out run
//   node scripts/app-model.mjs pack paper run/model.safetensors caltech101
//
// `pack` tells in the file how good the model is on pictures that had no say in its training.
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { alexnet, encodeModel, importWeights, valuesOf } from '../dist/index.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const [task, ...rest] = process.argv.slice(2);
if (task === 'network') await writeFile(rest[0], JSON.stringify(lowRank(alexnet('paper'), 96)));
else if (task === 'pack') await pack(...rest);
else throw new Error('Expected network FILE, or pack NAME MODEL DATA.');

/**
 * The paper's network with fc6 and fc7 as two dense layers each, which are 96 % of its bytes: so
 * 4.8 million parameters are left of 61, and the file is small enough for a page. Its initial
 * values are He's, with a first layer that begins small, so that its kernels are seen.
 */
function lowRank(network, rank) {
  const he = (fan, gain = 2) => ({
    distribution: 'normal',
    standardDeviation: Math.sqrt(gain / fan),
  });
  const fans = { conv2: 48 * 25, conv3: 256 * 9, conv4: 192 * 9, conv5: 192 * 9 };
  const rules = (initial) => ({
    weight: { initial, learningRate: 1, decay: 1 },
    bias: { initial: { distribution: 'constant', value: 0 }, learningRate: 1, decay: 1 },
  });
  const dense = { fc6: 9216, fc7: 4096 };
  return network.flatMap((layer) => {
    const { name, type } = layer;
    if (name === 'conv1')
      return { ...layer, parameters: rules({ distribution: 'normal', standardDeviation: 0.02 }) };
    if (type === 'convolution') return { ...layer, parameters: rules(he(fans[name])) };
    if (name === 'fc8') return { ...layer, parameters: rules(he(4096, 1)) };
    if (type !== 'dense') return layer;
    return [
      { ...layer, name: `${name}a`, outputs: rank, parameters: rules(he(dense[name], 1)) },
      { ...layer, name: `${name}b`, parameters: rules(he(rank)) },
    ];
  });
}

/** Weights as whole numbers of one byte, a scale per output: half of f16's size, and as good. */
function inBytes(values, outputs) {
  const scales = new Float32Array(outputs);
  const data = new Int8Array(values.length);
  const each = values.length / outputs;
  for (let k = 0; k < outputs; k++) {
    const row = values.subarray(k * each, (k + 1) * each);
    const largest = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    scales[k] = largest > 0 ? largest / 127 : 1;
    for (let i = 0; i < each; i++) data[k * each + i] = Math.round(row[i] / scales[k]);
  }
  return { dtype: 'i8', data, scales };
}

/**
 * The first layer's weights are looked at as pictures, and biases are few: they stay as they
 * are.
 */
function small({ network, weights, ...model }) {
  const outputs = new Map(network.map((layer) => [layer.name, layer.kernels ?? layer.outputs]));
  const packed = [...weights].map(([name, tensor]) => {
    const [layer, part] = name.split('.');
    if (part !== 'weight' || layer === 'conv1') return [name, tensor];
    return [name, inBytes(valuesOf(weights, name), outputs.get(layer))];
  });
  return { ...model, network, weights: new Map(packed) };
}

async function pack(name, from, data) {
  const file = `${root}web/models/${name}.safetensors`;
  const { model } = await importWeights(from);
  const { madeBy, data: pictures, recipe, engine, epoch } = model.provenance;
  const write = (provenance) =>
    writeFile(file, Buffer.concat([...encodeModel({ ...small(model), provenance })]));
  const provenance = { madeBy, data: pictures, recipe, engine, epoch };
  await write(provenance);
  const command = [`${root}bin/alexnet`, 'evaluate', file, data, '--split', 'test', '--json'];
  const options = { maxBuffer: 1 << 28 };
  const { stdout } = await promisify(execFile)(process.execPath, command, options);
  const { images, top1, top5 } = JSON.parse(stdout);
  await write({ ...provenance, test: { images, top1, top5 } });
  console.log(name, images, top1, top5);
}
