import {
  classTarget,
  explain,
  rangeOf,
  randomize,
  rankCorrelation,
  signedRangeOf,
  valuesOf,
} from 'alexnet/browser';
import type { ExplainOptions, Explanation } from 'alexnet/browser';
import type { Asked, Task } from '../context.ts';
import type { Open } from '../opened.ts';
import type { WhyAnswer, WishOf } from '../protocol.ts';
import { shadesOf } from '../shades.ts';

type Wish = WishOf<'why'>;

/** Why this class, by one method; or what the method shows when the weights are shuffled. */
export const why: Task<Wish, WhyAnswer> = async (
  { method, class: index, randomize: from, ...scene },
  asked,
) => {
  const open = await asked.opened.open(scene.model, scene.engine, asked);
  const { session, imported } = open;
  classTarget(session.network, index);
  const input = await asked.pictures.input(scene.picture, open.id, imported.model);
  const { crop } = imported.model.preprocessing;
  asked.opened.forget(open);
  const began = performance.now();
  const once = (): Promise<Explanation> =>
    explain(session, input, index, method, optionsFor(crop, asked));
  const { heat, signed, unit, facts } = await once();
  const about = { method, height: crop, width: crop, unit, facts };
  if (from === undefined) {
    const milliseconds = performance.now() - began;
    return { ...about, heat: shaded(heat, signed), milliseconds };
  }
  const shuffled = await withShuffled(open, from, once);
  return {
    ...about,
    heat: shaded(shuffled.heat, signed),
    facts: {},
    randomized: from,
    correlation: rankCorrelation(heat, shuffled.heat),
    milliseconds: performance.now() - began,
  };
};

/** Coarser than on Node: one waits for it. */
function optionsFor(crop: number, { signal, progress }: Asked): ExplainOptions {
  const patch = Math.max(4, Math.round(crop / 7));
  return {
    signal,
    progress: (done, total) => progress({ done, total }),
    occlusion: { patch, stride: Math.max(2, Math.round(patch / 2)) },
    steps: 32,
  };
}

/** One pixel in two hundred may be beyond the scale's end: a single bright one hides the rest. */
function shaded(heat: Float32Array, signed: boolean): WhyAnswer['heat'] {
  const share = 0.995;
  const range = signed ? signedRangeOf(heat, share) : rangeOf(heat, share);
  const { bytes, low, high } = shadesOf(heat, share, range);
  return { bytes, low, high, signed };
}

/** The weights are as they were afterwards. */
async function withShuffled<T>(open: Open, from: string, use: () => Promise<T>): Promise<T> {
  const { session, imported } = open;
  try {
    await randomize(session, from, 1);
    return await use();
  } finally {
    for (const { name } of session.parameters)
      await session.setParameter(name, valuesOf(imported.model.weights, name)!);
  }
}
