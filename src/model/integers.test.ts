import assert from 'node:assert/strict';
import { test } from 'node:test';
import { referenceEngine } from '../engine/reference/index.ts';
import { AlexNetError } from '../errors.ts';
import { readOnnx } from '../formats/onnx.ts';
import { readSafetensors, writeSafetensors } from '../formats/safetensors.ts';
import { bytesSource } from '../formats/source.ts';
import type { NamedTensor, StoredTensor } from '../formats/tensor.ts';
import { AlexNet } from '../inference/alexnet.ts';
import { edgesOf, halfEven } from '../network/quantisation.ts';
import { inferShapes } from '../network/shapes.ts';
import { bits, purposes } from '../random/philox.ts';
import { testImages, testParameters } from '../testing/data.ts';
import { narrowVariants } from '../testing/networks.ts';
import { quantisedTest } from '../testing/quantised.ts';
import { blueprintOf } from '../training/core/blueprint.ts';
import { resolveSettings } from '../training/core/resolve.ts';
import { exportOnnx } from './export-onnx.ts';
import { integersOf, refuseTraining } from './integers.ts';
import { decodeModel, encodeModel } from './model.ts';
import type { Model } from './model.ts';
import { f32Values, f32Weights } from './weights.ts';
import type { WeightTensor } from './weights.ts';

const network = narrowVariants.small;
const model = await quantisedModel();

async function quantisedModel(): Promise<Model> {
  const { quantisation, integers } = await quantisedTest(network);
  const weights = new Map<string, WeightTensor>(f32Weights(testParameters(network, 1)));
  for (const [layer, { weight, scales }] of integers)
    weights.set(`${layer}.weight`, { dtype: 'i8', data: weight, scales });
  return {
    network,
    weights,
    quantisation,
    labels: Array.from({ length: 7 }, (_, i) => ({ name: `class ${i}` })),
    preprocessing: {
      resize: { how: 'shorterSide', size: 36 },
      crop: 33,
      channels: 'RGB',
      scale: 1,
      mean: [0, 0, 0],
      deviation: [1, 1, 1],
    },
    provenance: {},
  };
}

test('halfEven() takes the even one of two numbers that are as near', () => {
  const given = [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49, 0.51, -0.51, 7, -7];
  const expected = [0, 2, 2, 0, -2, -2, 0, 1, -1, 7, -7];
  assert.deepEqual(
    given.map(halfEven).map((value) => value + 0),
    expected,
  );
});

test('edgesOf() holds 8 bits from the layer that gives them to its reader', async () => {
  const paper = narrowVariants.paper;
  const { quantisation } = await quantisedTest(paper);
  const edges = edgesOf(inferShapes(paper), quantisation);
  const at = (name: string): unknown => edges[paper.findIndex((layer) => layer.name === name)];
  assert.deepEqual(at('input'), quantisation['conv1']!.input);
  for (const name of ['lrn1', 'pool1']) assert.deepEqual(at(name), quantisation['conv2']!.input);
  for (const name of ['conv5', 'relu5', 'pool5'])
    assert.deepEqual(at(name), quantisation['fc6']!.input);
  assert.deepEqual(at('drop6'), quantisation['fc7']!.input);
  // The paper's dropout halves at test time: the same integers, on a grid twice as wide.
  const { scale } = quantisation['fc7']!.input;
  assert.deepEqual(at('relu6'), { ...quantisation['fc7']!.input, scale: scale / 0.5 });
  assert.deepEqual([at('fc8'), at('softmax')], ['f32', 'f32']);
  const { output } = quantisation['conv1']!;
  assert.deepEqual([at('conv1'), at('relu1')], [output ?? 'f32', output ?? 'f32']);
});

test('integersOf() gives biases in units of the sums, one scale as one for each', () => {
  const { bias, scales, weight } = integersOf(network, model.quantisation!, model.weights, 'fc7');
  const { scale } = model.quantisation!['fc7']!.input;
  const given = f32Values(model.weights.get('fc7.bias')!);
  for (const [o, value] of given.entries())
    assert.ok(Math.abs(bias[o]! * scale * scales[o]! - value) <= 0.5001 * scale * scales[o]!);
  const one: WeightTensor = { dtype: 'i8', data: weight, scales: Float32Array.of(0.25) };
  const weights = new Map([...model.weights, ['fc7.weight', one] as const]);
  const same = integersOf(network, model.quantisation!, weights, 'fc7');
  assert.deepEqual(same.scales, new Float32Array(given.length).fill(0.25));
});

test('a quantised model computes its integers, near the floating point', async () => {
  const images = testImages(network, 2, 5);
  const loaded = await AlexNet.of(await decodeModel(written(model)), { engine: referenceEngine });
  const found = await loaded.probabilities(images);
  await loaded.dispose();
  const { quantisation: _, ...plain } = model;
  const floating = await AlexNet.of(plain, { engine: referenceEngine });
  const expected = await floating.probabilities(images);
  await floating.dispose();
  const apart = found.map((value, i) => Math.abs(value - expected[i]!));
  const most = apart.reduce((a, b) => Math.max(a, b));
  assert.ok(most > 0, 'the integers were not computed');
  assert.ok(most < 0.1, `off by ${most}`);
});

test('training a quantised model is refused with what to do', () => {
  const message =
    'The model is quantised (its layer "conv1" is computed in int8), and steps of training are ' +
    'smaller than whole numbers show. Train the model that it was made from and shrink it again; ' +
    'or turn this one into f32 first, with what rounding has cost: npx alexnet convert MODEL ' +
    'OUT.safetensors --precision f32';
  assert.throws(() => refuseTraining(model), { name: 'AlexNetError', message });
  const settings = resolveSettings('photos', { variant: 'small' });
  const classes = ['a', 'b'];
  assert.throws(() => blueprintOf({ settings, classes, pictures: 9, model }), { message });
});

test('a quantised model goes out as ONNX in the form that runtimes compute in integers', async () => {
  const { nodes, initializers } = await readOnnx(
    bytesSource(Buffer.concat([...exportOnnx(model)])),
    () => Promise.reject(new Error('nothing is external')),
  );
  const named = new Map(nodes.map((node) => [node.name, node]));
  const layers = Object.keys(model.quantisation!);
  for (const layer of layers) {
    const { inputs } = named.get(layer)!;
    // From a dequantised edge, with dequantised weights and biases.
    assert.match(inputs[0]!, /\.numbers$/);
    for (const [kind, dtype] of [
      ['weight', 'i8'],
      ['bias', 'i32'],
    ] as const) {
      const name = `${layer}.${kind}`;
      const by = named.get(`${name}.dequantized`)!;
      assert.deepEqual(by.outputs, [name]);
      assert.deepEqual(
        by.inputs.map((input) => initializers.get(input)!.dtype),
        [dtype, 'f32', dtype],
      );
      assert.equal(by.attributes.get('axis'), 0);
    }
  }
  const { scale } = model.quantisation!['conv2']!.input;
  const [, by, zero] = named.get('lrn1.rounded')!.inputs;
  assert.deepEqual([...(await initializers.get(by!)!.read())], [Math.fround(scale)]);
  assert.equal(initializers.get(zero!)!.dtype, 'u8');
  const rounded = nodes.filter(({ type }) => type === 'QuantizeLinear').map(({ name }) => name);
  assert.ok(rounded.includes('input.rounded') && rounded.includes('pool5.rounded'));
  // Behind the ReLU, not before it; and dropout is another scale of the same integers.
  assert.ok(!rounded.includes('conv3.rounded') && rounded.includes('relu3.rounded'));
  assert.ok(!rounded.includes('drop6.rounded'));
  assert.equal(named.get('drop6.numbers')!.inputs[0], 'relu6.rounded');
});

test('in f16 a quantised model goes out as numbers', async () => {
  const { nodes } = await readOnnx(
    bytesSource(Buffer.concat([...exportOnnx(model, { precision: 'f16' })])),
    () => Promise.reject(new Error('nothing is external')),
  );
  assert.ok(!nodes.some(({ type }) => type === 'DequantizeLinear'));
});

/** Numbers that a damaged scale may be. */
const bad = [0, -0, -1, NaN, Infinity, -Infinity, 1e-45, 1e38, 2, 0.01, 255];
/** What a damaged record may hold. */
const wrong = [0, -1, null, 1e308, 1e-300, 256, 2.5, '1', [], {}, true, 'int4', 128, 0.5];

test('400 damaged quantised models are refused in words, or answer probabilities', async () => {
  const { tensors, metadata } = await readSafetensors(written(model));
  const words = bits({ seed: 18, purpose: purposes.test, index: 0 });
  const buffer = new Uint32Array(400 * 8);
  words(0, buffer.length, buffer);
  let at = 0;
  const below = (limit: number): number => buffer[at++ % buffer.length]! % limit;
  const counts = { refused: 0, read: 0 };
  const original = await Promise.all([...tensors.values()].map(asWritten));
  for (let i = 0; i < 400; i++) {
    const texts = Object.fromEntries(metadata);
    let all = [...original];
    if (below(2) === 0)
      texts['alexnet.quantisation'] = damageRecord(metadata.get('alexnet.quantisation')!, below);
    else all = damageTensor(all, below);
    const refusal = await refusalOf([...writeSafetensors(all, { metadata: texts })]);
    counts[refusal ? 'refused' : 'read']++;
  }
  assert.ok(counts.refused > 100 && counts.read > 10, JSON.stringify(counts));
});

async function refusalOf(pieces: readonly Uint8Array[]): Promise<string | undefined> {
  try {
    const read = await decodeModel(bytesSource(Buffer.concat(pieces)));
    const loaded = await AlexNet.of(read, { engine: referenceEngine });
    const found = await loaded.probabilities(testImages(network, 1, 1));
    await loaded.dispose();
    assert.ok(found.every((value) => value >= 0 && value <= 1));
    return undefined;
  } catch (error) {
    if (!(error instanceof AlexNetError)) throw error;
    return error.message;
  }
}

/** One field anywhere in the record becomes something else, or is gone. */
function damageRecord(json: string, below: (limit: number) => number): string {
  const record = JSON.parse(json) as Record<string, unknown>;
  let part: Record<string, unknown> = record;
  for (;;) {
    const keys = Object.keys(part);
    const key = keys[below(keys.length)]!;
    const inside = part[key];
    if (typeof inside === 'object' && inside !== null && below(5) > 0) {
      part = inside as Record<string, unknown>;
      continue;
    }
    const kind = below(4);
    if (kind === 0) delete part[key];
    else if (kind === 1) part[`${key}x`] = inside;
    else part[key] = wrong[below(wrong.length)];
    return JSON.stringify(record);
  }
}

function damageTensor(
  tensors: readonly NamedTensor[],
  below: (limit: number) => number,
): NamedTensor[] {
  const quantised = tensors.filter(({ name }) => /scales$|weight$/.test(name));
  const chosen = quantised[below(quantised.length)]!;
  const data = chosen.data.slice();
  const kind = below(5);
  if (kind === 0) return tensors.filter((tensor) => tensor !== chosen);
  if (kind < 3) data[below(data.length)] = bad[below(bad.length)]!;
  const shape = kind === 3 ? [...chosen.shape, 1] : chosen.shape;
  const floats = kind === 4 ? Float32Array.from(data) : data;
  return tensors.map((tensor) => (tensor === chosen ? { ...tensor, shape, data: floats } : tensor));
}

async function asWritten(tensor: StoredTensor): Promise<NamedTensor> {
  const { name, shape, dtype } = tensor;
  const data =
    dtype === 'i8' ? new Int8Array((await tensor.readRaw()).buffer) : await tensor.read();
  return { name, shape, data: data as NamedTensor['data'] };
}

function written(given: Model): ReturnType<typeof bytesSource> {
  return bytesSource(Buffer.concat([...encodeModel(given)]));
}
