import type { Model } from '../../model/model.ts';
import { neuronLayers, neuronSamples, neuronsToKeep, withNeurons } from '../neurons.ts';
import type { NeuronSamples } from '../neurons.ts';
import { boldest, left } from './search.ts';
import type { Try } from './search.ts';
import { inside } from './workshop.ts';
import type { Workshop } from './workshop.ts';

/** Dense layers of fewer neurons: as few as the budget allows. */
export async function pruned(
  shop: Workshop,
  model: Model,
  top1: number,
  maxDrop: number,
): Promise<{ shrunk: Model; drop: number }> {
  const keep = neuronLayers(model.network).map(({ read }) => read);
  const samples = await inside(shop, model, keep, shop.pictures.samples, neuronSamples);
  const found = await boldest(shop, tries(model, samples), { top1, maxDrop });
  if (found !== undefined) return { shrunk: found.model, drop: found.drop };
  shop.notes.push('No neurons can go within the budget: all stay.');
  return { shrunk: model, drop: 0 };
}

function* tries(
  model: Model,
  samples: ReadonlyMap<string, NeuronSamples>,
): Generator<Try<undefined>> {
  for (const part of left) {
    const kept = neuronsToKeep(model, samples, part);
    const what = [...kept].map(([layer, own]) => `${layer} of ${own.length} neurons`).join(', ');
    yield { what, model: withNeurons(model, samples, kept), found: undefined };
  }
}
