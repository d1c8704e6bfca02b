import type { Session } from '../engine/engine.ts';
import { AlexNetError, ensure } from '../errors.ts';
import type { Network } from '../network/layer.ts';
import {
  edgesOf,
  halfEven,
  inputsOf,
  isScale,
  maximumBias,
  recordOf,
  scaleRange,
} from '../network/quantisation.ts';
import type { Integers, Quantisation } from '../network/quantisation.ts';
import { findLayer, inferShapes } from '../network/shapes.ts';
import type { LayerShape } from '../network/shapes.ts';
import { f32Values, valuesOf } from './weights.ts';
import type { Weights } from './weights.ts';

/** @throws {AlexNetError} where a record does not fit the model's network or weights. */
export function checkQuantisation(
  network: Network,
  quantisation: Quantisation,
  weights: Weights,
): void {
  const shapes = inferShapes(network);
  edgesOf(shapes, quantisation);
  for (const layer of Object.keys(quantisation)) {
    const name = `${layer}.weight`;
    const weight = weights.get(name);
    ensure(
      weight?.dtype === 'i8',
      `The quantisation of the layer "${layer}" needs weights of i8 but found ` +
        `${weight?.dtype ?? 'none'}.`,
    );
    const lowest = weight.data.includes(-128) ? -128 : 0;
    ensure(
      lowest === 0,
      `Expected the weights of the int8 layer "${layer}" from -127 to 127 but found -128.`,
    );
    const scale = weight.scales.find((value) => !isScale(value));
    ensure(
      scale === undefined,
      `Expected the scales of the int8 layer "${layer}" from ${scaleRange.join(' to ')} but ` +
        `found ${scale}.`,
    );
    const bias = weights.get(`${layer}.bias`);
    const flaw = bias && f32Values(bias).find((value) => !Number.isFinite(value));
    ensure(
      flaw === undefined,
      `Expected the biases of the int8 layer "${layer}" to be finite but found ${flaw}.`,
    );
  }
}

/**
 * What an engine computes an int8 layer with. The file's bias is f32; here it is in units of input
 * scale · weight scale, rounded halves to even, and no larger than leaves room for the sum.
 */
export function integersOf(
  network: Network,
  quantisation: Quantisation,
  weights: Weights,
  layer: string,
): Integers {
  const shape = findLayer(inferShapes(network), layer);
  const weight = weights.get(`${layer}.weight`);
  const record = recordOf(quantisation, layer);
  if (weight?.dtype !== 'i8' || record === undefined)
    throw new Error(`The layer "${layer}" is not quantised.`);
  const bias = f32Values(weights.get(`${layer}.bias`)!);
  const scales =
    weight.scales.length === bias.length
      ? weight.scales
      : new Float32Array(bias.length).fill(weight.scales[0]!);
  return {
    weight: weight.data,
    scales,
    bias: integerBias(shape, record.input.scale, scales, bias),
  };
}

function integerBias(
  shape: LayerShape,
  inputScale: number,
  scales: Float32Array,
  bias: Float32Array,
): Int32Array {
  const most = maximumBias(inputsOf(shape));
  return Int32Array.from(bias, (value, o) => {
    const units = halfEven(value / Math.fround(Math.fround(inputScale) * scales[o]!));
    return Math.max(-most, Math.min(most, units));
  });
}

/** Of a model, what computing with it needs. */
interface Computed {
  readonly network: Network;
  readonly weights: Weights;
  readonly quantisation?: Quantisation;
}

/**
 * Gives a session a model's parameters: whole numbers to layers that it computes with them, f32 to
 * the others.
 */
export async function loadModel(
  session: Session,
  { network, weights, quantisation = {} }: Computed,
): Promise<void> {
  const set = session.parameters.map(async ({ name, kind, layer }) => {
    if (recordOf(quantisation, layer.name) === undefined)
      await session.setParameter(name, valuesOf(weights, name)!);
    else if (kind === 'weight')
      await session.setIntegers(layer.name, integersOf(network, quantisation, weights, layer.name));
  });
  await Promise.all(set);
}

/** @throws {AlexNetError} for a model that is not to be trained. */
export function refuseTraining({ quantisation = {} }: Pick<Computed, 'quantisation'>): void {
  const [first] = Object.keys(quantisation);
  if (first === undefined) return;
  throw new AlexNetError(
    `The model is quantised (its layer "${first}" is computed in int8), and steps of training ` +
      'are smaller than whole numbers show. Train the model that it was made from and shrink it ' +
      'again; or turn this one into f32 first, with what rounding has cost: npx alexnet convert ' +
      'MODEL OUT.safetensors --precision f32',
  );
}
