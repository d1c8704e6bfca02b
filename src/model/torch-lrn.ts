import type { OnnxNode } from '../formats/onnx.ts';
import { undividedAlpha } from '../network/layer.ts';
import type { LrnLayer } from '../network/layer.ts';
import { int, ints, shortest } from './onnx-graph.ts';
import type { OnnxGraph } from './onnx-graph.ts';

export interface TorchLrn {
  readonly layer: Omit<LrnLayer, 'name'>;
  /** The value where the chain goes on. */
  readonly output: string;
}

/**
 * What PyTorch's exporters, the old one and dynamo's, make of `LocalResponseNorm`:
 * `x / (k + α · mean of x² over channels)^β`, the mean by an AveragePool over channels that were
 * made the first of three (or two) spatial axes, with zeros around them.
 * @param value what is normalised.
 * @returns undefined where the graph does something else with it.
 */
export function readTorchLrn(
  graph: OnnxGraph,
  value: string,
  channels: number,
): TorchLrn | undefined {
  const consumers = graph.consumers(value);
  const square = consumers.find((node) => isSquare(node, value, graph));
  const divide = consumers.find(({ type, inputs }) => type === 'Div' && inputs[0] === value);
  if (consumers.length !== 2 || square === undefined || divide === undefined) return undefined;
  const pooled = pooledChannels(graph, square, channels);
  if (pooled === undefined) return undefined;
  const alpha = constantStep(graph, pooled.value, 'Mul');
  const k = constantStep(graph, alpha?.output, 'Add');
  const power = graph.only(k?.output, 'Pow');
  const beta = graph.numbers(power?.inputs[1])?.[0];
  if (!alpha || !k || !power || beta === undefined || power.inputs[0] !== k.output)
    return undefined;
  if (divide.inputs[1] !== power.outputs[0]) return undefined;
  const size = pooled.size;
  const layer: TorchLrn['layer'] = {
    type: 'lrn',
    across: 'channels',
    size,
    alpha: shortest(undividedAlpha({ across: 'channels', size }, shortest(alpha.number))),
    beta: shortest(beta),
    k: shortest(k.number),
    groups: 1,
  };
  return { layer, output: divide.outputs[0]! };
}

function isSquare({ type, inputs }: OnnxNode, value: string, graph: OnnxGraph): boolean {
  if (type === 'Mul') return inputs.length === 2 && inputs.every((input) => input === value);
  return type === 'Pow' && inputs[0] === value && graph.numbers(inputs[1])?.join() === '2';
}

interface Pooled {
  readonly value: string;
  readonly size: number;
}

/** The most nodes between the square and the end of the mean. */
const mostSteps = 12;

/** Follows the squares through Unsqueeze, Reshape, Pad, AveragePool, Squeeze or If, Reshape. */
function pooledChannels(graph: OnnxGraph, square: OnnxNode, channels: number): Pooled | undefined {
  let value = square.outputs[0]!;
  let size: number | undefined;
  let paddings: OnnxNode[] = [];
  for (let steps = 0; steps < mostSteps; steps++) {
    const node = nextNode(graph, value);
    if (node === undefined) return undefined;
    if (node.type === 'AveragePool') {
      if (size !== undefined) return undefined;
      size = windowOf(node);
      if (size === undefined || !isCentred(graph, paddings, node, size)) return undefined;
      paddings = [];
    } else if (node.type === 'Pad') paddings.push(node);
    else if (node.type === 'Mul') return size === undefined ? undefined : { value, size };
    else if (!movesAxesOnly(graph, node, channels)) return undefined;
    value = node.outputs[0]!;
  }
  return undefined;
}

/**
 * The one node that goes on. The old exporter squeezes only if the axis has one number: an If that
 * asks for the shape, and whose branches use the value without naming it as their input.
 */
function nextNode(graph: OnnxGraph, value: string): OnnxNode | undefined {
  const nodes = graph.consumers(value);
  if (nodes.length > 0) return nodes.length === 1 ? nodes[0] : undefined;
  const size = graph.only(graph.shapeOf(value), 'Gather');
  const same = graph.only(size?.outputs[0], 'Equal');
  const squeeze = graph.only(same?.outputs[0], 'If');
  const axis = graph.numbers(size?.inputs[1])?.[0];
  return axis === 1 ? squeeze : undefined;
}

/** Whether a node leaves the order of the numbers, and channels an axis of their own. */
function movesAxesOnly(graph: OnnxGraph, node: OnnxNode, channels: number): boolean {
  switch (node.type) {
    case 'Unsqueeze':
    case 'Squeeze':
      return ints(node, 'axes', graph.numbers(node.inputs[1]) ?? []).join() === '1';
    case 'If':
    case 'Identity':
    case 'Cast':
      return true;
    case 'Reshape': {
      const shape = graph.numbers(node.inputs[1]);
      if (shape === undefined) return graph.isShapeArithmetic(node.inputs[1]);
      const axis = shape[1] === 1 ? 2 : 1;
      return shape[axis] === channels || shape[axis] === 0;
    }
    default:
      return false;
  }
}

/** The window of a mean over the first spatial axis alone. */
function windowOf(pool: OnnxNode): number | undefined {
  const [size = 0, ...others] = ints(pool, 'kernel_shape', []);
  const strides = ints(pool, 'strides', []);
  const plain = others.length > 0 && [...others, ...strides].every((number) => number === 1);
  return plain && int(pool, 'ceil_mode', 0) === 0 && size >= 1 ? size : undefined;
}

/** Whether the zeros around the channels centre the window: half of it before, the rest behind. */
function isCentred(
  graph: OnnxGraph,
  paddings: readonly OnnxNode[],
  pool: OnnxNode,
  size: number,
): boolean {
  const half = Math.floor(size / 2);
  const inside = ints(pool, 'pads', []);
  const own = inside.some((cells) => cells > 0);
  if (own && (paddings.length > 0 || int(pool, 'count_include_pad', 0) !== 1)) return false;
  const all = own ? [inside] : paddings.map((node) => paddingOf(graph, node));
  if (paddings.some((node) => (node.attributes.get('mode') ?? 'constant') !== 'constant'))
    return false;
  const used = all.filter((cells) => cells === undefined || cells.some((n) => n > 0));
  const [cells] = used;
  if (used.length !== 1 || cells === undefined) return false;
  const behind = size - 1 - half;
  return (
    cells.filter((n) => n > 0).join() === [half, behind].join() &&
    cells.findIndex((n) => n > 0) === channelsIn(cells, own)
  );
}

/** Where a list of paddings says what comes before the channels. */
function channelsIn({ length }: readonly number[], ofPool: boolean): number {
  if (ofPool) return 0;
  // PyTorch's own list names the last axis first, with before and behind side by side.
  return length === 6 ? 4 : 2;
}

/**
 * How many cells a Pad adds. The old exporter works it out in the graph, from the list that PyTorch
 * was given: that list holds the same numbers, zeros aside.
 */
function paddingOf(graph: OnnxGraph, node: OnnxNode): readonly number[] | undefined {
  const attribute = node.attributes.get('pads');
  // Two for each of five axes, more than any other list has.
  if (Array.isArray(attribute)) return attribute as readonly number[];
  const told = graph.numbers(node.inputs[1]);
  if (told !== undefined) return told;
  return graph.constantsBehind(node.inputs[1]).find(({ length }) => length === 6);
}

interface Step {
  readonly number: number;
  readonly output: string;
}

/** A product with, or a sum of, one constant. */
function constantStep(
  graph: OnnxGraph,
  value: string | undefined,
  type: 'Mul' | 'Add',
): Step | undefined {
  const node = graph.only(value, type);
  const constant = graph.numbers(node?.inputs.find((input) => input !== value));
  return node === undefined || constant?.length !== 1
    ? undefined
    : { number: constant[0]!, output: node.outputs[0]! };
}
