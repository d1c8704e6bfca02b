import type { Model } from '../../model/model.ts';
import { percent } from '../../text.ts';
import { finetuned } from './finetune.ts';
import { asked } from './workshop.ts';
import type { Workshop } from './workshop.ts';

/** A way to change the network. */
export interface Try<Found> {
  /** In words, for progress and notes. */
  readonly what: string;
  readonly model: Model;
  readonly found: Found;
}

/** Shares of what a layer gives that are left behind, the boldest first. */
export const left = [0.3, 0.2, 0.12, 0.07, 0.04, 0.02] as const;
/** How much more than the budget may be lost before fine-tuning, which mends it. */
const mended = 0.05;

/**
 * The first of these within the budget, fine-tuned where that is wanted; undefined where none is.
 * @param top1 before, on the held-out pictures.
 */
export async function boldest<Found>(
  shop: Workshop,
  tries: Iterable<Try<Found>>,
  { top1, maxDrop }: { readonly top1: number; readonly maxDrop: number },
): Promise<(Try<Found> & { readonly drop: number }) | undefined> {
  const { engines, options, notes, pictures, say } = shop;
  const { finetune = 0 } = options;
  let tried = '';
  for (const each of tries) {
    const { what } = each;
    if (what === '' || what === tried) continue;
    tried = what;
    let { model } = each;
    let drop = top1 - (await asked(shop, model, 'validation', what)).top1;
    if (finetune > 0 && drop <= maxDrop + mended) {
      model = await finetuned(model, {
        epochs: finetune,
        dataset: pictures.all,
        engine: engines.plain.name,
        threads: options.threads,
        onEpoch: say,
      });
      const before = drop;
      drop = top1 - (await asked(shop, model, 'validation', `${what}, fine-tuned`)).top1;
      notes.push(
        `With ${what} ${percent(before)} of the held-out pictures were lost before fine-tuning, ` +
          `${drop <= 0 ? 'none' : percent(drop)} after.`,
      );
    }
    if (drop <= maxDrop) return { ...each, model, drop };
  }
  return undefined;
}
