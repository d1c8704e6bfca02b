import type { Model } from '../../model/model.ts';
import { percent } from '../../text.ts';
import { denseSamples, factorise, inLowRank, ranksFor, sampledLayers } from '../low-rank.ts';
import type { Factors, Ranks } from '../low-rank.ts';
import { finetuned } from './finetune.ts';
import { asked, inside } from './workshop.ts';
import type { Workshop } from './workshop.ts';

/** How much more than the budget may be lost before fine-tuning, which mends it. */
const mended = 0.05;
/** Shares of a layer's variance that are left behind, the boldest first. */
const left = [0.3, 0.2, 0.12, 0.07, 0.04, 0.02] as const;

/** Dense layers as two of a lower rank: the lowest ranks that the budget allows. */
export async function factorised(
  shop: Workshop,
  model: Model,
  top1: number,
  maxDrop: number,
): Promise<{ shrunk: Model; drop: number; ranks: Ranks }> {
  const { engines, options, notes, pictures, say } = shop;
  const keep = sampledLayers(model.network);
  const samples = await inside(shop, model, keep, pictures.samples, denseSamples);
  const factors: Factors[] = [];
  for (const [layer, own] of samples) {
    say(`looks for what ${layer} gives`);
    factors.push(await factorise(engines.plain, model, layer, own));
  }
  const { finetune = 0 } = options;
  let tried = '';
  for (const part of left) {
    const ranks = ranksFor(model, factors, part);
    const what = [...ranks].map(([layer, rank]) => `${layer} in rank ${rank}`).join(', ');
    if (ranks.size === 0 || what === tried) continue;
    tried = what;
    let shrunk = inLowRank(model, factors, ranks);
    let drop = top1 - (await asked(shop, shrunk, 'validation', what)).top1;
    if (finetune > 0 && drop <= maxDrop + mended) {
      shrunk = await finetuned(shrunk, {
        epochs: finetune,
        dataset: pictures.all,
        engine: engines.plain.name,
        threads: options.threads,
        onEpoch: say,
      });
      const before = drop;
      drop = top1 - (await asked(shop, shrunk, 'validation', `${what}, fine-tuned`)).top1;
      notes.push(
        `With ${what} ${percent(before)} of the held-out pictures were lost before fine-tuning, ` +
          `${drop <= 0 ? 'none' : percent(drop)} after.`,
      );
    }
    if (drop <= maxDrop) return { shrunk, drop, ranks };
  }
  notes.push('No dense layer can be of a lower rank within the budget: all keep theirs.');
  return { shrunk: model, drop: 0, ranks: new Map() };
}
