import type { Session } from '../engine/engine.ts';
import type { Model } from '../model/model.ts';
import { f32Values } from '../model/weights.ts';
import type { WeightTensor } from '../model/weights.ts';
import { hasParameters } from '../network/layer.ts';
import type { Network } from '../network/layer.ts';
import { inputsOf, maximumInputs, passesIntegers } from '../network/quantisation.ts';
import type { Grid, LayerQuantisation } from '../network/quantisation.ts';
import { inferShapes } from '../network/shapes.ts';
import type { LayerShape } from '../network/shapes.ts';
import { Histogram } from './calibrate.ts';

/** Grids by layer name: for what the layer gives. */
export type Grids = ReadonlyMap<string, Grid>;

/** Layers that can be computed in int8, in the network's order. */
export function int8Layers(network: Network): string[] {
  return inferShapes(network)
    .filter((shape) => hasParameters(shape.layer) && inputsOf(shape) <= maximumInputs)
    .map(({ layer }) => layer.name);
}

/** Layers whose activations grids are chosen for, all int8 layers being so. */
export function calibratedLayers(network: Network): string[] {
  const shapes = inferShapes(network);
  const wanted = new Set<string>();
  for (const name of int8Layers(network)) {
    const index = shapes.findIndex(({ layer }) => layer.name === name);
    wanted.add(shapes[index - 1]!.layer.name);
    if (isRectified(shapes, index)) wanted.add(shapes[index + 1]!.layer.name);
  }
  return [...wanted];
}

/**
 * Looks at images and chooses the grids with the least squared error.
 * @param session in floating point, prepared to keep {@link calibratedLayers}.
 * @param batches preprocessed images, at most the session's batch of each.
 */
export async function calibrate(
  session: Session,
  batches: AsyncIterable<Float32Array>,
): Promise<Grids> {
  const histograms = new Map(
    calibratedLayers(session.network).map((name) => [name, new Histogram()] as const),
  );
  for await (const images of batches) {
    await session.forward(images);
    for (const [name, histogram] of histograms) histogram.add(await session.activation(name));
  }
  return new Map([...histograms].map(([name, histogram]) => [name, histogram.grid()]));
}

/**
 * The model with these layers in int8: weights of 8 bits with a scale for each output channel,
 * activations on the grids.
 */
export function inInt8(model: Model, grids: Grids, layers: readonly string[]): Model {
  const shapes = inferShapes(model.network);
  const quantisation: Record<string, LayerQuantisation> = {};
  const weights = new Map(model.weights);
  for (const [index, { layer }] of shapes.entries()) {
    if (!layers.includes(layer.name)) continue;
    const input = grids.get(shapes[index - 1]!.layer.name)!;
    const output = isRectified(shapes, index) && !goesOnInIntegers(shapes, index, layers);
    quantisation[layer.name] = {
      compute: 'int8',
      input,
      ...(output && { output: grids.get(shapes[index + 1]!.layer.name)! }),
    };
    const name = `${layer.name}.weight`;
    const outputs = model.weights.get(`${layer.name}.bias`)!.data.length;
    weights.set(name, weightsOf8Bits(f32Values(model.weights.get(name)!), outputs));
  }
  return { ...model, weights, quantisation };
}

function isRectified(shapes: readonly LayerShape[], index: number): boolean {
  return shapes[index + 1]?.layer.type === 'relu';
}

/** Whether an int8 layer reads what this one gives; it says itself how. */
function goesOnInIntegers(
  shapes: readonly LayerShape[],
  index: number,
  layers: readonly string[],
): boolean {
  const reader = shapes.slice(index + 1).find((shape) => !passesIntegers(shape));
  return reader === undefined || layers.includes(reader.layer.name);
}

/** What the largest weight of a channel is cut to, as parts of it. */
const cuts = [1, 0.95, 0.9, 0.85, 0.8, 0.7];

/**
 * Symmetric, one scale for each output channel: of a few, the one with the least squared error.
 * @param outputs output channels.
 */
export function weightsOf8Bits(values: Float32Array, outputs: number): WeightTensor {
  const size = values.length / outputs;
  const data = new Int8Array(values.length);
  const scales = new Float32Array(outputs);
  for (let o = 0; o < outputs; o++) {
    const kernel = values.subarray(o * size, (o + 1) * size);
    const scale = bestScale(kernel);
    scales[o] = scale;
    for (let i = 0; i < size; i++) data[o * size + i] = rounded(kernel[i]!, scale);
  }
  return { dtype: 'i8', data, scales };
}

function bestScale(kernel: Float32Array): number {
  let largest = 0;
  for (const value of kernel) largest = Math.max(largest, Math.abs(value));
  // A kernel of zeros: any scale will do.
  if (largest < 1e-9) return 1e-9;
  let best = { scale: 0, error: Infinity };
  for (const part of cuts) {
    const scale = Math.fround((largest * part) / 127);
    const error = squaredError(kernel, scale);
    if (error < best.error) best = { scale, error };
  }
  return best.scale;
}

function squaredError(kernel: Float32Array, scale: number): number {
  let sum = 0;
  for (const value of kernel) {
    const apart = value - rounded(value, scale) * scale;
    sum += apart * apart;
  }
  return sum;
}

function rounded(value: number, scale: number): number {
  return Math.max(-127, Math.min(127, Math.round(value / scale)));
}
