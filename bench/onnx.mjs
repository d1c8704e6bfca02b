// Just enough of ONNX to hand a network to onnxruntime. Message and field numbers are those of
// onnx.proto3.
import { inferShapes } from '../dist/network/shapes.js';

const floatType = 1;

/**
 * @returns the bytes of a model with one input `input` [batch, c, h, w] and one output `output`.
 */
export function onnxModel(network, values) {
  const nodes = [];
  const initializers = [];
  let current = 'input';
  const shapes = inferShapes(network);
  const constant = (name, dims, data) => {
    initializers.push(tensor(name, dims, data));
    return name;
  };
  const add = (type, name, inputs, attributes = []) => {
    nodes.push(node(type, [current, ...inputs], name, attributes));
    current = name;
  };
  for (const { layer, input, window } of shapes.slice(1)) {
    const { name } = layer;
    const parameter = (kind, dims) =>
      constant(`${name}.${kind}`, dims, values.get(`${name}.${kind}`));
    const geometry = window && [
      ints('kernel_shape', window.kernel),
      ints('strides', window.stride),
      ints('pads', [
        window.padding.top,
        window.padding.left,
        Math.max(0, window.padding.bottom),
        Math.max(0, window.padding.right),
      ]),
    ];
    if (layer.type === 'convolution')
      add(
        'Conv',
        name,
        [
          parameter('weight', [layer.kernels, input[0] / layer.groups, ...layer.kernel]),
          parameter('bias', [layer.kernels]),
        ],
        [...geometry, int('group', layer.groups)],
      );
    else if (layer.type === 'relu') add('Relu', name, []);
    else if (layer.type === 'maxPool') add('MaxPool', name, [], geometry);
    else if (layer.type === 'lrn') {
      // Towers have windows of their own, so they are normalised apart. ONNX divides alpha by the
      // size.
      const towers = Array.from({ length: layer.groups }, (_, i) => `${name}.in${i}`);
      nodes.push(splitNode(current, towers));
      for (const tower of towers)
        nodes.push(
          node('LRN', [tower], tower.replace('in', 'out'), [
            float('alpha', layer.alpha * layer.size),
            float('beta', layer.beta),
            float('bias', layer.k),
            int('size', layer.size),
          ]),
        );
      nodes.push(
        node(
          'Concat',
          towers.map((tower) => tower.replace('in', 'out')),
          name,
          [int('axis', 1)],
        ),
      );
      current = name;
    } else if (layer.type === 'dense') {
      if (input[1] * input[2] > 1) add('Flatten', `${name}.flat`, []);
      add(
        'Gemm',
        name,
        [
          parameter('weight', [layer.outputs, input[0] * input[1] * input[2]]),
          parameter('bias', [layer.outputs]),
        ],
        [int('transB', 1)],
      );
    } else if (layer.type === 'dropout' && layer.scale === 'test')
      add('Mul', name, [constant(`${name}.kept`, [], Float32Array.of(1 - layer.rate))]);
    else if (layer.type === 'softmax') add('Softmax', 'output', []);
    else if (layer.type !== 'dropout') throw new Error(`${layer.type} is not written here.`);
  }
  const graph = message(
    ...nodes.map((n) => bytes(1, n)),
    text(2, 'alexnet'),
    ...initializers.map((t) => bytes(5, t)),
    bytes(11, valueInfo('input', ['batch', ...network[0].shape])),
    bytes(12, valueInfo('output', ['batch', shapes.at(-1).output[0]])),
  );
  return message(number(1, 7), bytes(7, graph), bytes(8, message(text(1, ''), number(2, 12))));
}

const node = (type, inputs, output, attributes) =>
  message(
    ...inputs.map((i) => text(1, i)),
    text(2, output),
    text(4, type),
    ...attributes.map((a) => bytes(5, a)),
  );
const splitNode = (input, outputs) =>
  message(
    text(1, input),
    ...outputs.map((o) => text(2, o)),
    text(4, 'Split'),
    bytes(5, int('axis', 1)),
  );
const int = (name, value) => message(text(1, name), number(3, value), number(20, 2));
const ints = (name, values) =>
  message(text(1, name), ...values.map((v) => number(8, v)), number(20, 7));
const float = (name, value) =>
  message(
    text(1, name),
    Buffer.concat([varint((2 << 3) | 5), Buffer.from(Float32Array.of(value).buffer)]),
    number(20, 1),
  );
const tensor = (name, dims, data) =>
  message(
    ...dims.map((d) => number(1, d)),
    number(2, floatType),
    text(8, name),
    bytes(9, Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
  );
const valueInfo = (name, dims) =>
  message(
    text(1, name),
    bytes(
      2,
      message(
        bytes(
          1,
          message(
            number(1, floatType),
            bytes(
              2,
              message(
                ...dims.map((d) =>
                  bytes(1, typeof d === 'string' ? message(text(2, d)) : message(number(1, d))),
                ),
              ),
            ),
          ),
        ),
      ),
    ),
  );

const message = (...fields) => Buffer.concat(fields);
const bytes = (field, data) => Buffer.concat([varint((field << 3) | 2), varint(data.length), data]);
const text = (field, value) => bytes(field, Buffer.from(value));
const number = (field, value) => Buffer.concat([varint(field << 3), varint(value)]);

function varint(value) {
  const out = [];
  for (; value > 127; value = Math.floor(value / 128)) out.push((value % 128) | 128);
  return Buffer.from([...out, value]);
}
