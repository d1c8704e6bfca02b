import { costs, describeLayer } from 'alexnet/browser';
import type { Model } from 'alexnet/browser';
import type { Task } from '../context.ts';
import type { LayerFacts, ModelAnswer, ModelSource } from '../protocol.ts';

/** What a network is made of, and what it costs. */
export const modelFacts: Task<{ model: ModelSource; engine: string }, ModelAnswer> = async (
  { model: source, engine },
  asked,
) => {
  const { imported, session } = await asked.opened.open(source, engine, asked);
  const { model, kind, variant, guesses, warnings } = imported;
  const { layers, parameters, multiplyAdds, weightsBytes } = costs(model.network);
  return {
    id: source.id,
    labels: model.labels.map(({ name }) => name),
    layers: layers.map((cost): LayerFacts => ({
      name: cost.layer.name,
      type: cost.layer.type,
      layer: cost.layer,
      input: cost.input,
      output: cost.output,
      formula: cost.formula,
      ...(cost.window && { window: cost.window }),
      parameters: cost.parameters,
      multiplyAdds: cost.multiplyAdds,
      outputBytes: 4 * cost.output[0] * cost.output[1] * cost.output[2],
      words: describeLayer(cost.layer, cost.input),
    })),
    parameters,
    multiplyAdds,
    weightsBytes,
    crop: model.preprocessing.crop,
    kind,
    ...(variant && { variant }),
    provenance: provenanceOf(model),
    ...scoreOf(model),
    guesses: guesses.map(({ text }) => text),
    warnings,
    engine: session.engine,
    threads: session.threads,
    memoryBytes: session.memoryBytes,
  };
};

function provenanceOf({ provenance }: Model): [string, string][] {
  const told = Object.entries(provenance).filter(([key]) => key !== 'test');
  return told.map(([key, value]) => [
    key,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
}

function scoreOf({ provenance }: Model): Pick<ModelAnswer, 'score'> {
  const { test } = provenance;
  if (typeof test !== 'object' || test === null || Array.isArray(test)) return {};
  const { images, top1, top5 } = test as Readonly<Record<string, unknown>>;
  if (typeof images !== 'number' || typeof top1 !== 'number' || typeof top5 !== 'number') return {};
  return { score: { images, top1, top5 } };
}
