import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOnnx, writeOnnx } from '../formats/onnx.ts';
import type { OnnxModel, WrittenModel, WrittenNode, WrittenTensor } from '../formats/onnx.ts';
import { bytesSource } from '../formats/source.ts';
import { importOnnx } from './import-onnx.ts';
import type { OnnxChain } from './import-onnx.ts';

const floats = (name: string, ...shape: number[]): WrittenTensor => ({
  name,
  shape,
  data: Float32Array.from(
    { length: shape.reduce((product, size) => product * size, 1) },
    (_, i) => i % 7,
  ),
});
const weights = [
  floats('w', 2, 3, 3, 3),
  floats('b', 2),
  floats('fc', 2, 8),
  floats('turned', 8, 2),
  floats('square', 2, 2),
  floats('mean', 1, 3, 1, 1),
  { name: 'deviation', shape: [1, 3, 1, 1], data: Float32Array.of(4, 5, 6) },
  { name: 'scale', shape: [1], data: Float32Array.of(0.25) },
];

/** A chain of nodes on a picture of 4×4 pixels: `[type, further inputs, attributes]`. */
type Step = readonly [
  type: string,
  inputs?: readonly string[],
  attributes?: WrittenNode['attributes'],
];

async function chain(
  steps: readonly Step[],
  changes: Partial<WrittenModel> = {},
): Promise<OnnxChain> {
  const nodes = steps.map(([type, inputs = [], attributes = {}], i): WrittenNode => ({
    type,
    name: `n${i}`,
    inputs: [i === 0 ? 'x' : `v${i - 1}`, ...inputs],
    outputs: [`v${i}`],
    attributes,
  }));
  const model: WrittenModel = {
    opset: 17,
    producer: { name: '', version: '' },
    graph: '',
    nodes,
    initializers: weights,
    metadata: {},
    inputs: [{ name: 'x', shape: ['n', 3, 4, 4] }],
    outputs: [{ name: `v${steps.length - 1}`, shape: [] }],
    ...changes,
  };
  return importOnnx(await readOnnx(bytesSource(Buffer.concat([...writeOnnx(model)]))));
}

/** The tensors as a file's reader gives them. */
async function stored(): Promise<OnnxModel> {
  const model: WrittenModel = {
    opset: 17,
    producer: { name: '', version: '' },
    graph: '',
    nodes: [],
    initializers: weights,
    metadata: {},
    inputs: [],
    outputs: [],
  };
  return readOnnx(bytesSource(Buffer.concat([...writeOnnx(model)])));
}

const conv: Step = ['Conv', ['w', 'b']];
const flat: Step = ['Flatten'];
const types = ({ network }: OnnxChain): string[] => network.map(({ type }) => type);

test('importOnnx() takes Gemm, either transposed and scaled, and MatMul with Add', async () => {
  const byGemm = await chain([conv, flat, ['Gemm', ['fc', 'b'], { transB: { int: 1 } }]]);
  assert.deepEqual(types(byGemm), ['input', 'convolution', 'dense', 'softmax']);
  const turned = await chain([
    conv,
    flat,
    ['Gemm', ['turned', 'b'], { alpha: { float: 2 }, beta: { float: 0.5 } }],
  ]);
  const byMatMul = await chain([conv, flat, ['MatMul', ['turned']], ['Add', ['b']]]);
  const matrix = byMatMul.weights.get('fc2.weight')!;
  assert.deepEqual([...matrix].slice(0, 4), [0, 2, 4, 6]);
  assert.deepEqual(
    turned.weights.get('fc2.weight'),
    matrix.map((value) => 2 * value),
  );
  assert.deepEqual([...turned.weights.get('fc2.bias')!], [0, 0.5]);
  assert.deepEqual([...byMatMul.weights.get('fc2.bias')!], [0, 1]);
});

test('importOnnx() takes a ReLU that onnxruntime put into its layer', async () => {
  const model = {
    ...(await stored()),
    inputs: [{ name: 'x', shape: [1, 3, 4, 4] }],
    outputs: [{ name: 'y', shape: undefined }],
  };
  const conv = {
    name: 'c',
    type: 'FusedConv',
    domain: 'com.microsoft',
    inputs: ['x', 'w', 'b'],
    outputs: ['v'],
    attributes: new Map([['activation', 'Relu']]),
  };
  const flatten = {
    name: 'f',
    type: 'Flatten',
    domain: '',
    inputs: ['v'],
    outputs: ['u'],
    attributes: new Map(),
  };
  const gemm = {
    name: 'g',
    type: 'FusedGemm',
    domain: 'com.microsoft',
    inputs: ['u', 'turned', 'b'],
    outputs: ['y'],
    attributes: new Map([['activation', 'Relu']]),
  };
  assert.deepEqual(types(await importOnnx({ ...model, nodes: [conv, flatten, gemm] })), [
    'input',
    'convolution',
    'relu',
    'dense',
    'relu',
    'softmax',
  ]);
  const message = (why: string): object => ({
    name: 'AlexNetError',
    message:
      'The ONNX graph is not a chain of AlexNet\'s layers: the node "c" (FusedConv) does not ' +
      `fit, because ${why}.`,
  });
  await assert.rejects(
    importOnnx({
      ...model,
      nodes: [{ ...conv, attributes: new Map([['activation', 'Tanh']]) }, flatten, gemm],
    }),
    message('its activation is not Relu'),
  );
  await assert.rejects(
    importOnnx({ ...model, nodes: [{ ...conv, domain: '' }, flatten, gemm] }),
    message('this operator is none of them'),
  );
  await assert.rejects(
    importOnnx({ ...model, nodes: [{ ...conv, domain: 'my.own' }, flatten, gemm] }),
    message('it comes from the domain "my.own"'),
  );
});

test('importOnnx() takes what stands before the first layer as preprocessing', async () => {
  const { arithmetic } = await chain([
    ['Mul', ['scale']],
    ['Sub', ['mean']],
    ['Div', ['deviation']],
    conv,
    flat,
    ['Gemm', ['fc', 'b'], { transB: { int: 1 } }],
  ]);
  assert.deepEqual(arithmetic, { scale: 0.25, mean: [0, 1, 2], deviation: [4, 5, 6] });
});

const refused: [what: string, steps: readonly Step[], why: string][] = [
  [
    'unknown operators',
    [conv, ['Sigmoid']],
    'the node "n1" (Sigmoid) does not fit, because this operator is none of them',
  ],
  [
    'operators named like what every object has',
    [['constructor']],
    'the node "n0" (constructor) does not fit, because this operator is none of them',
  ],
  [
    'towers that nobody normalises',
    [['Split', [], { axis: { int: 1 } }]],
    'the node "n0" (Split) does not fit, because what it splits is not normalised',
  ],
  [
    'rows that are split',
    [['Split']],
    'the node "n0" (Split) does not fit, because it does not split the channels into equal towers',
  ],
  [
    'dilated kernels',
    [['Conv', ['w', 'b'], { dilations: { ints: [2, 2] } }]],
    'the node "n0" (Conv) does not fit, because its dilations are not 1',
  ],
  [
    'weights that are computed',
    [['Conv', ['x']]],
    'the node "n0" (Conv) does not fit, because its input 1 is not stored in the model',
  ],
  [
    'weights of another number of axes',
    [['Conv', ['fc']]],
    'the node "n0" (Conv) does not fit, because its input 1 should have 4 axes but has the ' +
      'shape [2,8]',
  ],
  [
    'transposed inputs',
    [conv, flat, ['Gemm', ['fc'], { transA: { int: 1 } }]],
    'the node "n2" (Gemm) does not fit, because it transposes its input',
  ],
  [
    'other vectors',
    [conv, flat, ['Softmax', [], { axis: { int: 0 } }]],
    'the node "n2" (Softmax) does not fit, because its axis is 0 and not 1',
  ],
  [
    'negative padding',
    [['MaxPool', [], { kernel_shape: { ints: [2, 2] }, pads: { ints: [-1, 0, 0, 0] } }]],
    'the node "n0" (MaxPool) does not fit, because its padding is below zero',
  ],
  [
    'sums',
    [conv, ['Add', ['scale']]],
    'the node "n1" (Add) does not fit, because this operator is none of them',
  ],
  [
    'weights that many layers share',
    [
      conv,
      flat,
      ['Gemm', ['fc'], { transB: { int: 1 } }],
      ...Array.from({ length: 200 }, (): Step => ['Gemm', ['square']]),
    ],
    'the node "n175" (Gemm) does not fit, because its input 1 belongs to more than ten layers',
  ],
];

for (const [what, steps, why] of refused) {
  test(`importOnnx() refuses ${what} and names the node`, async () => {
    await assert.rejects(chain(steps), {
      name: 'AlexNetError',
      message: `The ONNX graph is not a chain of AlexNet's layers: ${why}.`,
    });
  });
}

test('importOnnx() refuses graphs that are no chain from one picture to one answer', async () => {
  const inputs = ['x', 'y'].map((name) => ({ name, shape: ['n', 3, 4, 4] }));
  await assert.rejects(chain([conv], { inputs }), {
    message: 'The ONNX model should have one input, the picture, but has 2: x, y.',
  });
  await assert.rejects(chain([conv], { outputs: [{ name: 'elsewhere', shape: [] }] }), {
    message:
      "The ONNX graph is not a chain of AlexNet's layers: from its picture on it ends at " +
      '"v0", but its answer is "elsewhere".',
  });
  const branch = [
    { type: 'Relu', name: 'a', inputs: ['x'], outputs: ['p'] },
    { type: 'Relu', name: 'b', inputs: ['x'], outputs: ['q'] },
  ];
  await assert.rejects(chain([conv], { nodes: branch }), {
    message:
      'The ONNX graph is not a chain of AlexNet\'s layers: the node "a" (Relu) does not fit, ' +
      'because the value "x" goes on to 2 nodes (Relu, Relu), and that is no local response ' +
      'normalisation.',
  });
  await assert.rejects(chain([conv], { opset: 26 }), {
    message: 'The ONNX model uses opset 26; 1 to 25 are known.',
  });
  await assert.rejects(chain(Array.from({ length: 300 }, (): Step => ['Relu'])), {
    message: 'The network has more than 256 layers, as no AlexNet has.',
  });
});
