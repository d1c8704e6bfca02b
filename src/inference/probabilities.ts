import type { Session } from '../engine/engine.ts';
import { ensure } from '../errors.ts';
import { inferShapes, volume } from '../network/shapes.ts';

/**
 * Probabilities `[n, classes]` of preprocessed pictures `[n, c, h, w]`, any number of them: passed
 * through the session in pieces that fit.
 */
export async function probabilitiesOf(
  session: Session,
  images: Float32Array,
): Promise<Float32Array> {
  const shapes = inferShapes(session.network);
  const input = shapes[0]!.output;
  const classes = volume(shapes.at(-1)!.output);
  const size = volume(input);
  const count = images.length / size;
  ensure(
    Number.isInteger(count) && count > 0,
    () =>
      `Expected whole pictures of ${input.join('×')} = ${size} numbers ` +
      `but found ${images.length} numbers.`,
  );
  const out = new Float32Array(count * classes);
  for (let done = 0; done < count; done += session.batch) {
    const end = Math.min(count, done + session.batch);
    out.set(await session.forward(images.subarray(done * size, end * size)), done * classes);
  }
  return out;
}

/**
 * The mean over each picture's crops (paper §4.1), summed in float64 and rounded once.
 * @param probabilities `[pictures, crops, classes]`
 * @returns `[pictures, classes]`
 */
export function averageCrops(
  probabilities: Float32Array,
  crops: number,
  classes: number,
): Float32Array {
  if (crops === 1) return probabilities;
  const sums = new Float64Array(probabilities.length / crops);
  for (let i = 0; i < probabilities.length; i++) {
    const picture = Math.floor(i / (crops * classes));
    sums[picture * classes + (i % classes)]! += probabilities[i]! / crops;
  }
  return Float32Array.from(sums);
}
