import { dtypeBytes } from '../formats/tensor.ts';
import { parametersOf } from '../network/parameters.ts';
import type { Model } from './model.ts';
import { f32Values } from './weights.ts';
import type { WeightTensor } from './weights.ts';

/** What one tensor of a model holds. */
export interface TensorStatistics {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: WeightTensor['dtype'];
  readonly bytes: number;
  /** Of the finite numbers, as all that follows; null where there are none. */
  readonly minimum: number | null;
  readonly maximum: number | null;
  readonly mean: number | null;
  readonly deviation: number | null;
  readonly zeros: number;
  /** NaN and infinities. */
  readonly notFinite: number;
  /** Kernels or units whose weights are all zero; of a bias 0. */
  readonly dead: number;
}

/** Statistics of every parameter, in the network's order. */
export function statisticsOf({ network, weights }: Model): TensorStatistics[] {
  return parametersOf(network).map(({ name, shape, kind }) => {
    const tensor = weights.get(name)!;
    const values = f32Values(tensor);
    return {
      name,
      shape,
      dtype: tensor.dtype,
      bytes: values.length * dtypeBytes[tensor.dtype],
      ...numbersOf(values),
      dead: kind === 'weight' ? deadOutputs(values, shape[0]!) : 0,
    };
  });
}

type Numbers = Omit<TensorStatistics, 'name' | 'shape' | 'dtype' | 'bytes' | 'dead'>;

function numbersOf(values: Float32Array): Numbers {
  let [minimum, maximum, sum, zeros, count] = [Infinity, -Infinity, 0, 0, 0];
  values.forEach((value) => {
    if (!Number.isFinite(value)) return;
    count++;
    sum += value;
    if (value === 0) zeros++;
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
  });
  const notFinite = values.length - count;
  if (count === 0)
    return { minimum: null, maximum: null, mean: null, deviation: null, zeros, notFinite };
  const mean = sum / count;
  let squares = 0;
  values.forEach((value) => {
    if (Number.isFinite(value)) squares += (value - mean) ** 2;
  });
  return { minimum, maximum, mean, deviation: Math.sqrt(squares / count), zeros, notFinite };
}

function deadOutputs(values: Float32Array, outputs: number): number {
  const each = values.length / outputs;
  let dead = 0;
  for (let i = 0; i < outputs; i++)
    if (values.subarray(i * each, (i + 1) * each).every((value) => value === 0)) dead++;
  return dead;
}
