import type * as door from '../browser.ts';
import type { Batch } from '../data/batches.ts';
import type { Engine } from '../engine/engine.ts';
import { eachValues } from '../model/weights.ts';
import { randomNumbers } from './data.ts';

type Door = Pick<typeof door, 'MemoryStore' | 'blueprintOf' | 'resolveSettings' | 'trainNetwork'>;
type Options = Parameters<Door['trainNetwork']>[0];

const classes = ['dark', 'grey', 'light'];
const pictures = 18;
const batch = 9;
const input = 16;

/**
 * Options to train with on made-up pictures, anywhere: two steps per epoch on a network so small
 * that the reference engine takes milliseconds.
 */
export function madeUpTraining(
  { MemoryStore, blueprintOf, resolveSettings }: Door,
  engine: Engine,
  overrides: Readonly<Record<string, unknown>> = {},
): Options & { readonly store: InstanceType<Door['MemoryStore']> } {
  const settings = resolveSettings('photos', {
    variant: 'small',
    width: 1 / 16,
    input,
    batch,
    epochs: 3,
    learningRate: 0.01,
    warmup: 0,
    average: { decay: 0.9, every: 2 },
    ...overrides,
  });
  const source = madeUpPictures();
  return {
    blueprint: blueprintOf({ settings, classes, pictures }),
    engine,
    inputs: {
      preprocessing: {
        resize: { how: 'shorterSide', size: input },
        crop: input,
        channels: 'RGB',
        scale: 1,
        mean: [0, 0, 0],
        deviation: [1, 1, 1],
      },
    },
    training: source,
    validation: source,
    data: { root: 'made up', kind: 'numbers', digest: 'none' },
    store: new MemoryStore(),
  };
}

/** Pictures whose brightness tells their class, with noise; in the same order in every epoch. */
function madeUpPictures(): Options['training'] {
  const volume = 3 * input ** 2;
  const images = randomNumbers(pictures * volume, 0.5, 1);
  const labels = Int32Array.from({ length: pictures }, (_, i) => i % classes.length);
  for (const [i, label] of labels.entries()) {
    for (let at = i * volume; at < (i + 1) * volume; at++) images[at]! += label - 1;
  }
  const length = pictures / batch;
  const batchOf = (number: number): Batch => {
    const [first, end] = [number * batch, (number + 1) * batch];
    return {
      number,
      images: images.subarray(first * volume, end * volume),
      labels: labels.subarray(first, end),
      indices: Int32Array.from({ length: batch }, (_, i) => first + i),
      size: batch,
      waited: 0,
    };
  };
  return {
    length,
    samples: pictures,
    async *epoch(_, from = 0) {
      for (let number = from; number < length; number++) yield batchOf(number);
    },
  };
}

/**
 * Trains on made-up pictures with what a door gives, and keeps the run in memory.
 * @returns the loss on the validation pictures, epoch by epoch, and the sum of the squares of the
 * weights.
 */
export async function learn(given: Door, engine: Engine): Promise<number[]> {
  const options = madeUpTraining(given, engine);
  const { model } = await given.trainNetwork(options);
  const entries = await options.store.entries();
  const losses = entries.flatMap((entry) =>
    entry.kind === 'epoch' ? [entry.validation!.loss] : [],
  );
  let squares = 0;
  for (const [, values] of eachValues(model.weights))
    for (const value of values) squares += value ** 2;
  return [...losses, squares];
}
