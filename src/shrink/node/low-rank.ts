import type { Model } from '../../model/model.ts';
import { denseSamples, factorise, inLowRank, ranksFor, sampledLayers } from '../low-rank.ts';
import type { Factors, Ranks } from '../low-rank.ts';
import { boldest, left } from './search.ts';
import type { Try } from './search.ts';
import { inside } from './workshop.ts';
import type { Workshop } from './workshop.ts';

/** Dense layers as two of a lower rank: the lowest ranks that the budget allows. */
export async function factorised(
  shop: Workshop,
  model: Model,
  top1: number,
  maxDrop: number,
): Promise<{ shrunk: Model; drop: number; ranks: Ranks }> {
  const keep = sampledLayers(model.network);
  const samples = await inside(shop, model, keep, shop.pictures.samples, denseSamples);
  const factors: Factors[] = [];
  for (const [layer, own] of samples) {
    shop.say(`looks for what ${layer} gives`);
    factors.push(await factorise(shop.engines.plain, model, layer, own));
  }
  const found = await boldest(shop, tries(model, factors), { top1, maxDrop });
  if (found !== undefined) return { shrunk: found.model, drop: found.drop, ranks: found.found };
  shop.notes.push('No dense layer can be of a lower rank within the budget: all keep theirs.');
  return { shrunk: model, drop: 0, ranks: new Map() };
}

function* tries(model: Model, factors: readonly Factors[]): Generator<Try<Ranks>> {
  for (const part of left) {
    const ranks = ranksFor(model, factors, part);
    const what = [...ranks].map(([layer, rank]) => `${layer} in rank ${rank}`).join(', ');
    yield { what, model: inLowRank(model, factors, ranks), found: ranks };
  }
}
