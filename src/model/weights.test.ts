import assert from 'node:assert/strict';
import { test } from 'node:test';
import { referenceEngine } from '../engine/reference/index.ts';
import { bytesSource } from '../formats/source.ts';
import { readSafetensors, writeSafetensors } from '../formats/safetensors.ts';
import { parametersOf } from '../network/parameters.ts';
import { alexnet } from '../network/variants.ts';
import { randomNumbers, testParameters } from '../testing/data.ts';
import { checkModel, decodeModel, encodeModel } from './model.ts';
import type { Model } from './model.ts';
import { checkFinite, eachValues, f32Values, f32Weights, loadWeights } from './weights.ts';
import type { Weights, WeightTensor } from './weights.ts';

const network = alexnet('small', { classes: 3, width: 0.1 });
const parameters = parametersOf(network);
const outputs = new Map(parameters.map(({ name, shape }) => [name, shape[0]!]));
const sizes = new Map(parameters.map(({ name, size }) => [name, size]));

/** Numbers of every kind that can be held. */
function mixed(): Model {
  const bytes = (name: string): Uint8Array =>
    Uint8Array.from(randomNumbers(sizes.get(name)!, 128, 1), (value) => value + 128);
  const signed = (name: string): Int8Array =>
    Int8Array.from(randomNumbers(sizes.get(name)!, 40, 1), (value) =>
      Math.max(-127, Math.min(127, value)),
    );
  const weights = new Map(f32Weights(testParameters(network, 3)));
  weights.set('conv1.weight', {
    dtype: 'f16',
    data: new Uint16Array(sizes.get('conv1.weight')!).fill(0x3e00),
  });
  weights.set('conv2.weight', {
    dtype: 'i8',
    data: signed('conv2.weight'),
    scales: Float32Array.from({ length: outputs.get('conv2.weight')! }, (_, i) => 0.01 * (i + 1)),
  });
  weights.set('conv3.weight', {
    dtype: 'u8',
    data: bytes('conv3.weight'),
    scales: Float32Array.of(0.5),
    zeroPoints: Uint8Array.of(130),
  });
  return {
    network,
    weights,
    quantisation: {
      conv2: { compute: 'int8', input: { scale: 0.125, zeroPoint: 0 } },
    },
    labels: ['a', 'b', 'c'].map((name) => ({ name })),
    preprocessing: {
      resize: { how: 'shorterSide', size: 36 },
      crop: 32,
      channels: 'RGB',
      scale: 1,
      mean: [0, 0, 0],
      deviation: [1, 1, 1],
    },
    provenance: {},
  };
}

function source(pieces: Iterable<Uint8Array>): ReturnType<typeof bytesSource> {
  return bytesSource(Buffer.concat([...pieces]));
}

test('f32Values() gives what each kind of number means', () => {
  const given: readonly (readonly [WeightTensor, readonly number[]])[] = [
    [{ dtype: 'f32', data: Float32Array.of(1, -2) }, [1, -2]],
    [{ dtype: 'f16', data: Uint16Array.of(0x3c00, 0xc000, 0x0001) }, [1, -2, 2 ** -24]],
    [{ dtype: 'i8', data: Int8Array.of(-128, 127), scales: Float32Array.of(0.5) }, [-64, 63.5]],
    [
      { dtype: 'i8', data: Int8Array.of(1, 2, 3, 4), scales: Float32Array.of(0.5, 2) },
      [0.5, 1, 6, 8],
    ],
    [
      {
        dtype: 'u8',
        data: Uint8Array.of(0, 255, 10, 11),
        scales: Float32Array.of(0.5, 4),
        zeroPoints: Uint8Array.of(128, 10),
      },
      [-64, 63.5, 0, 4],
    ],
  ];
  for (const [tensor, expected] of given) assert.deepEqual([...f32Values(tensor)], expected);
});

test('a model file keeps f16, i8 and u8 weights with their scales', async () => {
  const model = mixed();
  const back = await decodeModel(source(encodeModel(model)));
  assert.deepEqual(back, model);
  const { tensors } = await readSafetensors(source(encodeModel(model)));
  assert.deepEqual(
    ['conv1.weight', 'conv2.weight', 'conv3.weight', 'conv3.weight.zeroPoints', 'conv1.bias'].map(
      (name) => tensors.get(name)!.dtype,
    ),
    ['f16', 'i8', 'u8', 'u8', 'f32'],
  );
});

test('a precision that is asked for holds for quantised weights too', async () => {
  const model = mixed();
  const back = await decodeModel(source(encodeModel(model, 'f32')));
  assert.ok([...back.weights.values()].every(({ dtype }) => dtype === 'f32'));
  assert.deepEqual(new Map(eachValues(back.weights)), new Map(eachValues(model.weights)));
  assert.equal(back.quantisation, undefined);
  const halves = await decodeModel(source(encodeModel(model, 'f16')));
  assert.ok([...halves.weights.values()].every(({ dtype }) => dtype === 'f16'));
});

test('a model of plain f32 is written as before, other types are read as f32', async () => {
  const weights = f32Weights(testParameters(network, 3));
  const { quantisation: _, ...model } = { ...mixed(), weights };
  const written = Buffer.concat([...encodeModel(model)]);
  const { metadata, tensors } = await readSafetensors(bytesSource(written));
  assert.deepEqual([...tensors.keys()].toSorted(), [...weights.keys()].toSorted());
  assert.equal(metadata.has('alexnet.quantisation'), false);
  const doubles = parameters.map(({ name, shape }) => ({
    name,
    shape,
    data: Float64Array.from(f32Values(weights.get(name)!)),
  }));
  const old = writeSafetensors(doubles, { metadata: Object.fromEntries(metadata) });
  assert.deepEqual((await decodeModel(source(old))).weights, weights);
});

test('loadWeights() gives a session the numbers that are meant', async () => {
  const model = mixed();
  const session = await referenceEngine.prepare(network, { batch: 1, mode: 'inference' });
  await loadWeights(session, model.weights);
  for (const [name, values] of eachValues(model.weights))
    assert.deepEqual(await session.getParameter(name), values, name);
  await session.dispose();
});

const grid = { scale: 0.5, zeroPoint: 3 };

function with2Bias(model: Model, value: number): Model['weights'] {
  const data = new Float32Array(outputs.get('conv2.bias')!).fill(value);
  return new Map([...model.weights, ['conv2.bias', { dtype: 'f32', data }]]);
}

test('checkModel() refuses scales and records that do not fit', () => {
  const model = mixed();
  const data = new Int8Array(sizes.get('conv2.weight')!);
  const with2 = (tensor: WeightTensor): Model => ({
    ...model,
    weights: new Map([...model.weights, ['conv2.weight', tensor]]),
  });
  const channels = outputs.get('conv2.weight')!;
  const refusals: readonly (readonly [Model, string])[] = [
    [
      with2({ dtype: 'i8', data, scales: Float32Array.of(1, 1) }),
      'Expected one scale for the parameter "conv2.weight", or one per output channel, ' +
        `${channels}, but found 2.`,
    ],
    [
      with2({ dtype: 'i8', data, scales: Float32Array.of(NaN) }),
      'Expected the scales of the parameter "conv2.weight" to be above zero but found NaN.',
    ],
    [
      with2({
        dtype: 'u8',
        data: new Uint8Array(data.length),
        scales: Float32Array.of(1),
        zeroPoints: new Uint8Array(2),
      }),
      'Expected 1 zero points for the parameter "conv2.weight" but found 2.',
    ],
    [
      with2({ dtype: 'f32', data: new Float32Array(data.length) }),
      'The quantisation of the layer "conv2" needs weights of i8 but found f32.',
    ],
    [
      with2({ dtype: 'i8', data: data.map(() => -128), scales: Float32Array.of(1) }),
      'Expected the weights of the int8 layer "conv2" from -127 to 127 but found -128.',
    ],
    [
      { ...model, weights: with2Bias(model, NaN) },
      'Expected the biases of the int8 layer "conv2" to be finite but found NaN.',
    ],
    [
      { ...model, quantisation: { pool1: { compute: 'int8', input: grid } } },
      'The quantisation names the layer "pool1", but the network has no convolution and no ' +
        'dense layer of that name.',
    ],
    [
      { ...model, quantisation: { conv2: { compute: 'int8', input: { ...grid, scale: 0 } } } },
      'The quantisation of the model is not valid: expected its "conv2.input.scale" to be ' +
        'a number from 1e-12 to 1000000000000 but found 0.',
    ],
    [
      {
        ...model,
        quantisation: {
          conv3: { compute: 'int8', input: grid, output: grid },
          conv4: { compute: 'int8', input: grid },
        },
      },
      'The quantisation of the layer "conv3" has an output of its own, but the int8 layer behind ' +
        'it says what it reads. Leave it out.',
    ],
    [
      {
        ...model,
        quantisation: { conv2: { compute: 'int8', input: { scale: 1, zeroPoint: 256 } } },
      },
      'The quantisation of the model is not valid: expected its "conv2.input.zeroPoint" to be ' +
        'a whole number from 0 to 255 but found 256.',
    ],
  ];
  for (const [refused, message] of refusals)
    assert.throws(() => checkModel(refused), { name: 'AlexNetError', message });
});

test('decodeModel() refuses a damaged record of quantisation', async () => {
  const model = mixed();
  const { metadata } = await readSafetensors(source(encodeModel(model)));
  const plain = parameters.map(({ name, shape, size }) => ({
    name,
    shape,
    data: new Float32Array(size),
  }));
  const changed = { ...Object.fromEntries(metadata), 'alexnet.quantisation': '{"conv2":7}' };
  await assert.rejects(decodeModel(source(writeSafetensors(plain, { metadata: changed }))), {
    message:
      'the model file\'s quantisation are not valid: expected its "conv2" to be an object ' +
      'but found 7.',
  });
  const bytes = parameters.map(({ name, shape, size }) => ({
    name,
    shape,
    data: new Uint8Array(size),
  }));
  const scales = { name: 'conv1.weight.scales', shape: [1], data: Float32Array.of(1) };
  const half = writeSafetensors([...bytes, scales], { metadata: Object.fromEntries(metadata) });
  await assert.rejects(decodeModel(source(half)), {
    message:
      'the tensor "conv1.weight" has scales, so it should be i8, or u8 with zero points, ' +
      'but it is u8 without zero points.',
  });
});

test('checkFinite() finds one number that is not finite wherever it stands', () => {
  const length = (1 << 12) + 7;
  const weights = (at: number, value: number, also?: number): Weights => {
    const data = new Float32Array(length).fill(-3.4e38);
    data[at] = value;
    if (also !== undefined) data[(at + 4) % length] = also;
    return f32Weights([['fc.weight', data]]);
  };
  checkFinite(weights(0, 3.4e38));
  for (const at of [0, 1, 2, 3, (1 << 12) - 1, 1 << 12, length - 3, length - 2, length - 1])
    for (const value of [NaN, Infinity, -Infinity])
      assert.throws(() => checkFinite(weights(at, value)), {
        message:
          `the weights "fc.weight" hold 1 numbers of ${length} that are NaN or infinite, so the ` +
          'network has no answers. See which ones with: alexnet explain MODEL',
      });
  assert.throws(() => checkFinite(weights(5, Infinity, -Infinity)), /hold 2 numbers of/);
});
