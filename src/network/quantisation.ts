/**
 * Which layers are computed with whole numbers, as data, and what that makes of every number that
 * passes between two layers.
 *
 * **Rules, the same on every engine.** A number x of an edge that is held in 8 bits is
 *
 *     q = clamp(round(x / scale) + zeroPoint, 0, 255)        x = (q − zeroPoint) · scale
 *
 * with one division, one product and one rounding in f32, halves to even; NaN becomes the zero
 * point. A layer computed in int8 has weights of 8 bits with a sign and a scale for each output
 * channel, and a bias of 32 bits in units of `sx · sw`. Its sum
 *
 *     sum = bias[o] + Σ weight · (q − zeroPoint)
 *
 * is exact. On an edge of 8 bits it becomes `clamp(round(f32(sum) · m[o]) + zeroPoint, 0, 255)`
 * with `m[o] = f32(f32(sx · sw[o]) / sy)`, otherwise the number `f32(sum) · f32(sx · sw[o])`.
 * onnxruntime's QLinearConv does the same.
 *
 * ReLU, max-pool and dropout change no scale but dropout's own factor, so they work on `q` as it
 * is: a max-pool of integers is the integer of the max-pool. LRN, means, tanh and softmax are
 * computed in floating point from `x`.
 */
import { ensure } from '../errors.ts';
import { explain, fields, number, object, oneOf, whole } from './check.ts';
import type { Check } from './check.ts';
import { hasParameters } from './layer.ts';
import type { Layer } from './layer.ts';
import { volume } from './shapes.ts';
import type { LayerShape } from './shapes.ts';

/** How 8 bits without a sign stand for numbers: `x = (q − zeroPoint) · scale`. */
export interface Grid {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** How one layer is computed with whole numbers. */
export interface LayerQuantisation {
  readonly compute: 'int8';
  /** What its input is rounded to. */
  readonly input: Grid;
  /**
   * What its output is rounded to where a layer in floating point reads it (through ReLU, max-pool
   * or dropout perhaps). Without it that layer gets f32. Where an int8 layer reads it, that layer's
   * `input` says.
   */
  readonly output?: Grid;
}

/** Layers by name; those that are not in it are computed in floating point. */
export type Quantisation = Readonly<Record<string, LayerQuantisation>>;

/** The parameters of an int8 layer as engines take them. */
export interface Integers {
  /** Canonical layout, from −127 to 127. */
  readonly weight: Int8Array;
  /** One per output channel. */
  readonly scales: Float32Array;
  /** One per output channel, in units of input scale · weight scale. */
  readonly bias: Int32Array;
}

/** What passes from a layer to the next: 8 bits on a grid, or f32. */
export type Edge = Grid | 'f32';

/** So that no product of scales, and no quotient of them, leaves the range of f32. */
export const scaleRange = [1e-12, 1e12] as const;

export function isScale(value: number): boolean {
  return value >= scaleRange[0] && value <= scaleRange[1];
}

const gridCheck = fields<Grid>({
  scale: number(`a number from ${scaleRange.join(' to ')}`, isScale),
  zeroPoint: whole('a whole number from 0 to 255', (n) => n >= 0 && n <= 255),
});
const layerCheck = fields<LayerQuantisation>(
  { compute: oneOf('int8'), input: gridCheck, output: gridCheck },
  ['output'],
);

/** What a model file holds as its quantisation, before it is compared with the network. */
export const quantisationCheck: Check = (value) => {
  const noObject = object(value);
  if (noObject !== undefined) return noObject;
  const layers = Object.keys(value as object).map((layer) => [layer, layerCheck] as const);
  return fields<Record<string, LayerQuantisation>>(Object.fromEntries(layers))(value);
};

/** The largest sum of 32 bits over this many inputs of at most 255 · 127 each. */
export const maximumInputs = Math.floor(2 ** 31 / (255 * 127)) - 1;

/**
 * The largest bias that leaves room for the sum over so many inputs.
 */
export function maximumBias(inputs: number): number {
  return 2 ** 31 - 1 - inputs * 255 * 127;
}

/** Numbers that one output of a layer with parameters sums over. */
export function inputsOf({ layer, input }: LayerShape): number {
  return layer.type === 'convolution'
    ? (input[0] / layer.groups) * layer.kernel[0] * layer.kernel[1]
    : volume(input);
}

/**
 * What passes over every edge of a network: entry i is what layer i gives.
 * @throws {AlexNetError} where the record does not fit the network.
 */
export function edgesOf(shapes: readonly LayerShape[], quantisation: Quantisation): Edge[] {
  checkLayers(shapes, quantisation);
  const edges = new Array<Edge>(shapes.length).fill('f32');
  for (let index = shapes.length - 2; index >= 0; index--) {
    const next = shapes[index + 1]!;
    const record = recordOf(quantisation, next.layer.name);
    if (record !== undefined) edges[index] = record.input;
    else if (passesIntegers(next)) edges[index] = before(next.layer, edges[index + 1]!);
  }
  for (const [index, { layer }] of shapes.entries()) {
    const output = recordOf(quantisation, layer.name)?.output;
    if (output === undefined) continue;
    let at = index;
    let grid = output;
    while (edges[at] === 'f32') {
      edges[at] = grid;
      const next = shapes[at + 1];
      if (next === undefined || !passesIntegers(next)) break;
      grid = after(next.layer, grid);
      at++;
    }
  }
  return edges;
}

/** The nearest whole number; of two as near the even one. */
export function halfEven(value: number): number {
  const down = Math.floor(value);
  const rest = value - down;
  if (rest !== 0.5) return Math.round(value);
  return down % 2 === 0 ? down : down + 1;
}

/** What the sums of each output channel are multiplied by on their way to an edge. */
export function multipliers(input: Grid, scales: Float32Array, edge: Edge): Float32Array {
  const inputScale = Math.fround(input.scale);
  if (edge === 'f32') return scales.map((scale) => Math.fround(inputScale * scale));
  const outputScale = Math.fround(edge.scale);
  return scales.map((scale) => Math.fround(Math.fround(inputScale * scale) / outputScale));
}

/** How a layer is computed, undefined for floating point. */
export function recordOf(quantisation: Quantisation, layer: string): LayerQuantisation | undefined {
  return Object.hasOwn(quantisation, layer) ? quantisation[layer] : undefined;
}

/** Whether a layer gives, for integers on a grid, integers on the same one (dropout's aside). */
export function passesIntegers({ layer, input, output }: LayerShape): boolean {
  if (layer.type === 'adaptiveAveragePool') return input.join() === output.join();
  return layer.type === 'relu' || layer.type === 'maxPool' || layer.type === 'dropout';
}

/** What dropout multiplies by at test time; 1 for every other layer. */
function factorOf(layer: Layer): number {
  return layer.type === 'dropout' && layer.scale === 'test' ? 1 - layer.rate : 1;
}

function before(layer: Layer, edge: Edge): Edge {
  return edge === 'f32' ? edge : { ...edge, scale: edge.scale / factorOf(layer) };
}

function after(layer: Layer, grid: Grid): Grid {
  return { ...grid, scale: grid.scale * factorOf(layer) };
}

function checkLayers(shapes: readonly LayerShape[], quantisation: Quantisation): void {
  const flaw = quantisationCheck(quantisation);
  ensure(
    flaw === undefined,
    () => `The quantisation of the model is not valid: ${explain(flaw!)}.`,
  );
  for (const [name, { output }] of Object.entries(quantisation)) {
    const index = shapes.findIndex(({ layer }) => layer.name === name);
    const shape = shapes[index];
    ensure(
      shape !== undefined && hasParameters(shape.layer),
      `The quantisation names the layer "${name}", but the network has no convolution and no ` +
        'dense layer of that name.',
    );
    const inputs = inputsOf(shape);
    ensure(
      inputs <= maximumInputs,
      `The layer "${name}" sums over ${inputs} inputs, but sums of 32 bits hold at most ` +
        `${maximumInputs} products of 8 bits. Leave it in floating point.`,
    );
    ensure(
      output === undefined || !readByInteger(shapes, index, quantisation),
      `The quantisation of the layer "${name}" has an output of its own, but the int8 layer ` +
        'behind it says what it reads. Leave it out.',
    );
  }
}

/** Whether an int8 layer reads what this one gives, with nothing in floating point between. */
function readByInteger(
  shapes: readonly LayerShape[],
  index: number,
  quantisation: Quantisation,
): boolean {
  const reader = shapes.slice(index + 1).find((shape) => !passesIntegers(shape));
  return reader !== undefined && recordOf(quantisation, reader.layer.name) !== undefined;
}
