import { valuesOf } from 'alexnet/browser';
import { shadesOf } from '../shades.ts';
import type { Reckoned, Traced } from './index.ts';

/** How many of a dense unit's products are written out. */
const shown = 12;

/** The products that count most, and the sum of all the others. */
export function denseTrace({ shape, below, input, model, unit }: Traced, bias: number): Reckoned {
  const inputs = input.length;
  const all = valuesOf(model.weights, `${shape.layer.name}.weight`)!;
  const weights = all.subarray(unit * inputs, (unit + 1) * inputs);
  const products = Float64Array.from(weights, (weight, i) => weight * input[i]!);
  const total = products.reduce((sum, product) => sum + product, 0);
  const order = Uint32Array.from(products, (_, i) => i)
    .sort((a, b) => Math.abs(products[b]!) - Math.abs(products[a]!))
    .subarray(0, shown);
  const largest = [...order].map((index) => ({
    index,
    input: input[index]!,
    weight: weights[index]!,
  }));
  const told = [...order].reduce((sum, index) => sum + products[index]!, 0);
  const [, height, width] = shape.input;
  const places = height * width;
  const byPlace = new Float32Array(places);
  products.forEach((product, i) => (byPlace[i % places]! += product));
  return {
    trace: {
      kind: 'dense',
      bias,
      below: below!.layer.name,
      belowShape: shape.input,
      inputs,
      largest,
      rest: total - told,
      restCount: inputs - largest.length,
      ...(places > 1 && { places: { ...shadesOf(byPlace), height, width } }),
    },
    reckoned: total + bias,
  };
}
