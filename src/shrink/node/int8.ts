import type { Evaluation, Verdict } from '../../inference/evaluation.ts';
import type { Model } from '../../model/model.ts';
import { percent } from '../../text.ts';
import { calibrate, calibratedLayers, inInt8, int8Layers } from '../int8.ts';
import type { Grids } from '../int8.ts';
import { asked, inside } from './workshop.ts';
import type { Workshop } from './workshop.ts';

export async function calibrated(shop: Workshop, model: Model): Promise<Grids> {
  shop.say('measures the numbers inside on training pictures');
  const keep = calibratedLayers(model.network);
  return inside(shop, model, keep, shop.pictures.calibration, calibrate);
}

/** What int8 does to each layer alone. */
export async function layerByLayer(
  shop: Workshop,
  model: Model,
  grids: Grids,
): Promise<Map<string, number>> {
  const before = rights(await asked(shop, model, 'sensitivity', 'a few answers to compare with'));
  const found = new Map<string, number>();
  for (const layer of int8Layers(model.network)) {
    const alone = inInt8(model, grids, [layer]);
    const after = await asked(shop, alone, 'sensitivity', `${layer} alone in int8`);
    found.set(layer, meanApart(before, after.verdicts));
  }
  return found;
}

function rights({ verdicts }: Evaluation): ReadonlyMap<number, number> {
  return new Map(verdicts.map(({ sample, right }) => [sample, right]));
}

function meanApart(before: ReadonlyMap<number, number>, after: readonly Verdict[]): number {
  const apart = after.map(({ sample, right }) => Math.abs(right - before.get(sample)!));
  return apart.reduce((sum, by) => sum + by, 0) / apart.length;
}

/** All layers in int8; as long as that costs too much, the most sensitive one is left in f32. */
export async function withinBudget(
  shop: Workshop,
  model: Model,
  grids: Grids,
  given: {
    readonly sensitivities: ReadonlyMap<string, number>;
    readonly maxDrop: number;
    readonly top1: number;
  },
): Promise<{ shrunk: Model; drop: number }> {
  const { sensitivities, maxDrop, top1 } = given;
  const order = [...sensitivities].toSorted((a, b) => a[1] - b[1]).map(([name]) => name);
  for (let left = order; left.length > 0; left = left.slice(0, -1)) {
    const shrunk = inInt8(model, grids, left);
    const what = `${left.length} of ${order.length} layers in int8`;
    const drop = top1 - (await asked(shop, shrunk, 'validation', what)).top1;
    if (drop <= maxDrop) return { shrunk, drop };
    shop.notes.push(
      `With ${what} ${percent(drop)} of the validation pictures would be lost, more than ` +
        `${percent(maxDrop)}: ${left.at(-1)} stays f32.`,
    );
  }
  return { shrunk: model, drop: 0 };
}
