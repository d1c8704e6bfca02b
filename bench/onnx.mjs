// Just enough of ONNX to hand a network to onnxruntime. Message and field numbers are those of
// onnx.proto3.
import { inferShapes } from '../dist/network/shapes.js';

const floatType = 1;

/**
 * @returns the bytes of a model with one input `input` [batch, c, h, w] and one output `output`.
 */
export function onnxModel(network, values) {
  const graph = { nodes: [], initializers: [], current: 'input' };
  const shapes = inferShapes(network);
  for (const shape of shapes.slice(1)) addLayer(graph, shape, values);
  const made = message(
    ...graph.nodes.map((n) => bytes(1, n)),
    text(2, 'alexnet'),
    ...graph.initializers.map((t) => bytes(5, t)),
    bytes(11, valueInfo('input', ['batch', ...network[0].shape])),
    bytes(12, valueInfo('output', ['batch', shapes.at(-1).output[0]])),
  );
  return message(number(1, 7), bytes(7, made), bytes(8, message(text(1, ''), number(2, 12))));
}

function addLayer(graph, { layer, input, window }, values) {
  const { name } = layer;
  const parameter = (kind, dims) =>
    constant(graph, `${name}.${kind}`, dims, values.get(`${name}.${kind}`));
  switch (layer.type) {
    case 'convolution': {
      const weight = [layer.kernels, input[0] / layer.groups, ...layer.kernel];
      const inputs = [parameter('weight', weight), parameter('bias', [layer.kernels])];
      add(graph, 'Conv', name, inputs, [...geometry(window), int('group', layer.groups)]);
      break;
    }
    case 'relu':
      add(graph, 'Relu', name, []);
      break;
    case 'maxPool':
      add(graph, 'MaxPool', name, [], geometry(window));
      break;
    case 'lrn':
      addTowerLrn(graph, layer);
      break;
    case 'dense': {
      if (input[1] * input[2] > 1) add(graph, 'Flatten', `${name}.flat`, []);
      const weight = [layer.outputs, input[0] * input[1] * input[2]];
      const inputs = [parameter('weight', weight), parameter('bias', [layer.outputs])];
      add(graph, 'Gemm', name, inputs, [int('transB', 1)]);
      break;
    }
    case 'dropout':
      if (layer.scale === 'test') {
        const kept = Float32Array.of(1 - layer.rate);
        add(graph, 'Mul', name, [constant(graph, `${name}.kept`, [], kept)]);
      }
      break;
    case 'softmax':
      add(graph, 'Softmax', 'output', []);
      break;
    default:
      throw new Error(`${layer.type} is not written here.`);
  }
}

/** Each tower has windows of its own, so it is normalised alone. ONNX divides alpha by the size. */
function addTowerLrn(graph, { name, groups, size, alpha, beta, k }) {
  const towers = Array.from({ length: groups }, (_, i) => `${name}.in${i}`);
  const normalised = towers.map((tower) => tower.replace('in', 'out'));
  graph.nodes.push(splitNode(graph.current, towers));
  for (const [i, tower] of towers.entries())
    graph.nodes.push(
      node('LRN', [tower], normalised[i], [
        float('alpha', alpha * size),
        float('beta', beta),
        float('bias', k),
        int('size', size),
      ]),
    );
  graph.nodes.push(node('Concat', normalised, name, [int('axis', 1)]));
  graph.current = name;
}

/** A node that reads what the last one gave, and `inputs`. */
function add(graph, type, name, inputs, attributes = []) {
  graph.nodes.push(node(type, [graph.current, ...inputs], name, attributes));
  graph.current = name;
}

function constant(graph, name, dims, data) {
  graph.initializers.push(tensor(name, dims, data));
  return name;
}

function geometry({ kernel, stride, padding }) {
  return [
    ints('kernel_shape', kernel),
    ints('strides', stride),
    ints('pads', [
      padding.top,
      padding.left,
      Math.max(0, padding.bottom),
      Math.max(0, padding.right),
    ]),
  ];
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
