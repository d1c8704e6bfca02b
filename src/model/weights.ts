import { ensure } from '../errors.ts';
import { fromHalves, toHalves } from '../formats/halves.ts';
import type { Session } from '../engine/engine.ts';
import type { Parameter } from '../network/parameters.ts';

/**
 * A parameter's numbers as a model holds them, row by row in the canonical layout. Quantised ones
 * mean `data · scale` (i8) or `(data − zero point) · scale` (u8), with one scale for the whole
 * tensor or one per output channel (the first axis).
 */
export type WeightTensor =
  | { readonly dtype: 'f32'; readonly data: Float32Array }
  /** Bit patterns of IEEE binary16. */
  | { readonly dtype: 'f16'; readonly data: Uint16Array }
  | { readonly dtype: 'i8'; readonly data: Int8Array; readonly scales: Float32Array }
  | {
      readonly dtype: 'u8';
      readonly data: Uint8Array;
      readonly scales: Float32Array;
      /** As many as scales. */
      readonly zeroPoints: Uint8Array;
    };

/** Every parameter by name (`conv1.weight`, …). */
export type Weights = ReadonlyMap<string, WeightTensor>;

/** Weights of plain f32. The arrays are not copied. */
export function f32Weights(values: Iterable<readonly [string, Float32Array]>): Weights {
  return new Map([...values].map(([name, data]) => [name, { dtype: 'f32', data }]));
}

/** A tensor's numbers as f32; of an f32 tensor its own array, not a copy. */
export function f32Values(tensor: WeightTensor): Float32Array {
  switch (tensor.dtype) {
    case 'f32':
      return tensor.data;
    case 'f16': {
      const values = new Float32Array(tensor.data.length);
      fromHalves(tensor.data, values);
      return values;
    }
    case 'i8':
      return scaled(tensor.data, tensor.scales);
    case 'u8':
      return scaled(tensor.data, tensor.scales, tensor.zeroPoints);
  }
}

function scaled(
  data: Int8Array | Uint8Array,
  scales: Float32Array,
  zeroPoints?: Uint8Array,
): Float32Array {
  const values = new Float32Array(data.length);
  const perScale = data.length / scales.length;
  for (const [channel, scale] of scales.entries()) {
    const zero = zeroPoints?.[channel] ?? 0;
    const end = (channel + 1) * perScale;
    for (let i = channel * perScale; i < end; i++) values[i] = (data[i]! - zero) * scale;
  }
  return values;
}

/** A parameter's numbers as f32; undefined where there is none of this name. */
export function valuesOf(weights: Weights, name: string): Float32Array | undefined {
  const tensor = weights.get(name);
  return tensor && f32Values(tensor);
}

/** Every parameter's name and numbers as f32, decoded one after another. */
export function* eachValues(weights: Weights): Generator<[string, Float32Array]> {
  for (const [name, tensor] of weights) yield [name, f32Values(tensor)];
}

/** @throws {AlexNetError} naming the first tensor that holds NaN or infinity. */
export function checkFinite(weights: Weights): void {
  for (const [name, tensor] of weights) {
    const count = notFinite(tensor);
    ensure(
      count === 0,
      `the weights "${name}" hold ${count} numbers of ${tensor.data.length} that are NaN or ` +
        'infinite, so the network has no answers. See which ones with: alexnet explain MODEL',
    );
  }
}

function notFinite(tensor: WeightTensor): number {
  if (tensor.dtype === 'f16')
    return tensor.data.reduce((sum, bits) => sum + Number((bits & 0x7c00) === 0x7c00), 0);
  if (tensor.dtype !== 'f32') return 0;
  const { data } = tensor;
  let finite = true;
  for (let from = 0; from < data.length && finite; from += numbersAtOnce)
    finite = allFinite(data, from, Math.min(from + numbersAtOnce, data.length));
  return finite ? 0 : data.reduce((n, value) => n + Number(!Number.isFinite(value)), 0);
}

/** V8 compiles a loop well once it has been entered often, not while it runs for long. */
const numbersAtOnce = 1 << 13;

/**
 * A sum is finite only where every number is: NaN and infinity stay, and numbers of 32 bits never
 * exceed one of 64. Four sums, because an addition waits for the one before it.
 */
function allFinite(values: Float32Array, from: number, end: number): boolean {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = from;
  for (; i + 3 < end; i += 4) {
    a += values[i]!;
    b += values[i + 1]!;
    c += values[i + 2]!;
    d += values[i + 3]!;
  }
  for (; i < end; i++) a += values[i]!;
  return Number.isFinite(a + b + c + d);
}

/** Gives a session that computes in floating point these weights. */
export async function loadWeights(session: Session, weights: Weights): Promise<void> {
  const set = [...weights].map(([name, tensor]) => session.setParameter(name, f32Values(tensor)));
  await Promise.all(set);
}

/** The same weights with every tensor as f32, or every tensor as f16. */
export function converted(weights: Weights, dtype: 'f32' | 'f16'): Weights {
  return new Map([...weights].map(([name, tensor]) => [name, convertedTensor(tensor, dtype)]));
}

function convertedTensor(tensor: WeightTensor, dtype: 'f32' | 'f16'): WeightTensor {
  if (tensor.dtype === dtype) return tensor;
  const values = f32Values(tensor);
  if (dtype === 'f32') return { dtype, data: values };
  const data = new Uint16Array(values.length);
  toHalves(values, data);
  return { dtype, data };
}

/** @throws {AlexNetError} unless a tensor fits its parameter and its scales fit it. */
export function checkTensor({ name, shape, size }: Parameter, tensor?: WeightTensor): void {
  const found = tensor?.data.length;
  ensure(
    tensor !== undefined && found === size,
    () => `Expected ${size} numbers for the parameter "${name}" but found ${found ?? 'none'}.`,
  );
  if (!('scales' in tensor)) return;
  const { scales } = tensor;
  const outputs = shape[0]!;
  ensure(
    scales.length === 1 || scales.length === outputs,
    () =>
      `Expected one scale for the parameter "${name}", or one per output channel, ${outputs}, ` +
      `but found ${scales.length}.`,
  );
  const flaw = scales.find((scale) => !(scale > 0 && scale < Infinity));
  ensure(
    flaw === undefined,
    `Expected the scales of the parameter "${name}" to be above zero but found ${flaw}.`,
  );
  if (tensor.dtype !== 'u8') return;
  const zeros = tensor.zeroPoints.length;
  ensure(
    zeros === scales.length,
    `Expected ${scales.length} zero points for the parameter "${name}" but found ${zeros}.`,
  );
}
