import type { Network } from '../network/layer.ts';
import { parametersOf } from '../network/parameters.ts';
import { inferShapes, volume } from '../network/shapes.ts';
import { normal } from '../random/draws.ts';
import { bits, purposes } from '../random/philox.ts';

/**
 * Normal numbers at a test address: `index` and `seed` tell arrays apart. scripts/goldens.py draws
 * the same.
 */
export function randomNumbers(
  length: number,
  standardDeviation: number,
  seed: number,
  index = 0,
): Float32Array {
  const values = new Float32Array(length);
  normal(bits({ seed, purpose: purposes.test, index }), values, standardDeviation);
  return values;
}

/**
 * Images of the scale that AlexNet sees (0–255, mean taken off). With images around 1 the LRN would
 * divide by its k alone, and a wrong α would pass every test.
 */
export function testImages(network: Network, count: number, seed: number): Float32Array {
  return randomNumbers(count * volume(inferShapes(network)[0]!.output), 64, seed, 0);
}

export function testLabels(network: Network, count: number, seed: number): Int32Array {
  const words = new Uint32Array(count);
  bits({ seed, purpose: purposes.test, index: 1 })(0, count, words);
  return Int32Array.from(words, (word) => word % inferShapes(network).at(-1)!.output[0]);
}

/**
 * He-scaled weights and small biases, so that every layer's output stays at the scale of its input;
 * the last layer's are 100 times smaller, for logits around 1.
 */
export function testParameters(network: Network, seed: number): Map<string, Float32Array> {
  const parameters = parametersOf(network);
  return new Map(
    parameters.map(({ name, kind, shape, size }, index) => {
      const last = index >= parameters.length - 2 ? 0.01 : 1;
      const standardDeviation = last * (kind === 'bias' ? 1 : Math.sqrt((2 * shape[0]!) / size));
      return [name, randomNumbers(size, standardDeviation, seed, 2 + index)];
    }),
  );
}

/**
 * The largest difference, relative to the truth's largest number. Infinity where lengths differ or
 * something is NaN.
 */
export function relativeError(found: ArrayLike<number>, truth: ArrayLike<number>): number {
  if (found.length !== truth.length) return Infinity;
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < truth.length; i++) {
    const apart = Math.abs(found[i]! - truth[i]!);
    if (!(apart <= Number.MAX_VALUE)) return Infinity;
    difference = Math.max(difference, apart);
    largest = Math.max(largest, Math.abs(truth[i]!));
  }
  return difference === 0 ? 0 : difference / largest;
}
