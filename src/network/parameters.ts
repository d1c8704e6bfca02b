import { bits, purposes } from '../random/philox.ts';
import { normal, uniform } from '../random/draws.ts';
import { hasParameters } from './layer.ts';
import type { Network, ParameterLayer, ParameterRule } from './layer.ts';
import { inferShapes } from './shapes.ts';

/** One weight or bias tensor of a network, in the order of the layers, weight before bias. */
export interface Parameter {
  /** `conv1.weight`, `conv1.bias`, … */
  readonly name: string;
  readonly layer: ParameterLayer;
  readonly kind: 'weight' | 'bias';
  /** Canonical: `[out, in/groups, kh, kw]`, `[out, in]` or `[out]`, row by row. */
  readonly shape: readonly number[];
  readonly size: number;
  readonly rule: ParameterRule;
}

/** All parameters of a network: what there is to train, to save and to load. */
export function parametersOf(network: Network): Parameter[] {
  return inferShapes(network).flatMap(({ layer, input }) => {
    if (!hasParameters(layer)) return [];
    const out = layer.type === 'convolution' ? layer.kernels : layer.outputs;
    const weightShape =
      layer.type === 'convolution'
        ? [out, input[0] / layer.groups, ...layer.kernel]
        : [out, input[0] * input[1] * input[2]];
    return [parameter(layer, 'weight', weightShape), parameter(layer, 'bias', [out])];
  });
}

/**
 * The values a parameter has before training, drawn from (seed, position of the parameter in the
 * network).
 * @param index the parameter's position in {@link parametersOf}.
 */
export function initialValues(parameter: Parameter, index: number, seed: number): Float32Array {
  const values = new Float32Array(parameter.size);
  drawInitialValues(parameter, index, seed, values);
  return values;
}

/** Fills `out` with a part of {@link initialValues}, from number `first`, which is even, on. */
export function drawInitialValues(
  { rule: { initial } }: Parameter,
  index: number,
  seed: number,
  out: Float32Array,
  first = 0,
): void {
  if (initial.distribution === 'constant') {
    out.fill(initial.value);
    return;
  }
  const draws = bits({ seed, purpose: purposes.initialValues, index });
  if (initial.distribution === 'normal') normal(draws, out, initial.standardDeviation, first);
  else uniform(draws, out, -initial.bound, initial.bound, first);
}

function parameter(
  layer: ParameterLayer,
  kind: Parameter['kind'],
  shape: readonly number[],
): Parameter {
  return {
    name: `${layer.name}.${kind}`,
    layer,
    kind,
    shape,
    size: shape.reduce((product, n) => product * n, 1),
    rule: layer.parameters[kind],
  };
}
