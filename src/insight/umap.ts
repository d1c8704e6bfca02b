import { yieldToEvents } from '#platform';
import { ensure } from '../errors.ts';
import { uniform } from '../random/draws.ts';
import { bits, purposes } from '../random/philox.ts';
import { inParts } from './work.ts';
import type { Work } from './work.ts';

export interface UmapOptions extends Work {
  /** Default 15, or fewer where there are fewer rows. */
  readonly neighbours?: number;
  /** How close points may lie: 0 to 1. Default 0.1. */
  readonly distance?: number;
  readonly seed?: number;
}

/**
 * Rows laid out in a plane so that near ones stay near (McInnes, Healy, Melville 2018), by umap-js,
 * with all its chance from the seed.
 * @param features `[count, dimensions]`; a few dozen principal components do as well as thousands
 * of features and are far quicker.
 * @returns `[count, 2]`
 */
export async function umap(
  features: Float32Array,
  dimensions: number,
  { neighbours = 15, distance = 0.1, seed = 0, ...work }: UmapOptions = {},
): Promise<Float32Array> {
  const count = features.length / dimensions;
  ensure(count >= 4, () => `UMAP needs at least 4 rows but found ${count}.`);
  const { UMAP } = await import('umap-js');
  const rows = Array.from({ length: count }, (_, n) =>
    Array.from(features.subarray(n * dimensions, (n + 1) * dimensions)),
  );
  const layout = new UMAP({
    nComponents: 2,
    nNeighbors: Math.min(neighbours, count - 1),
    minDist: distance,
    random: randomNumbers(seed),
  });
  const epochs = layout.initializeFit(rows);
  await inParts(epochs, 10, work, async (_, steps) => {
    for (let i = 0; i < steps; i++) layout.step();
    await yieldToEvents();
  });
  return Float32Array.from(layout.getEmbedding().flat());
}

function randomNumbers(seed: number): () => number {
  const words = bits({ seed, purpose: purposes.insight, index: 5 });
  const drawn = new Float64Array(4096);
  let used = 0;
  return () => {
    if (used % drawn.length === 0) uniform(words, drawn, 0, 1, used);
    return drawn[used++ % drawn.length]!;
  };
}
