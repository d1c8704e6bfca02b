import type * as door from '../browser.ts';
import { eachValues } from '../model/weights.ts';
import { randomNumbers } from './data.ts';

/** What the settings ask for, so that Node and a page need not resize each in its way. */
const side = 18;
const perClass = 6;

/**
 * Trains three steps on pictures in memory, by nothing but what a door gives: the way of a page.
 * @returns the losses of the steps, and the sum of the squares of the weights.
 */
export async function trainThreeSteps(given: typeof door): Promise<number[]> {
  const pictures = ['dark', 'grey', 'light'].flatMap((label, brightness) =>
    Array.from({ length: perClass }, (_, i) => {
      const noise = randomNumbers(side * side * 3, 40, 1 + brightness * perClass + i);
      const data = Uint8Array.from(noise, (value) => 48 + 80 * brightness + value);
      return { label, picture: { width: side, height: side, data } };
    }),
  );
  const dataset = await given.picturesInMemory(pictures);
  const settings = given.resolveSettings('photos', {
    variant: 'small',
    width: 1 / 8,
    input: 16,
    epochs: 1,
    batch: 6,
    learningRate: 0.01,
    warmup: 0,
    holdOut: 0,
  });
  const { classes, samples } = dataset;
  const blueprint = given.blueprintOf({ settings, classes, pictures: samples.length });
  const source = await given.openBatchSource(dataset);
  const opened = await given.openPictures(source, blueprint);
  const store = new given.MemoryStore();
  try {
    const { data, inputs, training } = opened;
    const engine = given.wasmEngine;
    const { model } = await given.trainNetwork({
      blueprint,
      engine,
      inputs,
      training,
      data,
      store,
    });
    let squares = 0;
    for (const [, values] of eachValues(model.weights))
      for (const value of values) squares += value ** 2;
    const entries = await store.entries();
    return [...entries.flatMap((entry) => (entry.kind === 'step' ? [entry.loss] : [])), squares];
  } finally {
    await opened.close();
    await source.close();
  }
}
