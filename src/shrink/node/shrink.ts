import { basename } from 'node:path';
import { samplesOf } from '../../data/dataset.ts';
import { findEngine } from '../../engine/registry.ts';
import { ensure } from '../../errors.ts';
import type { Evaluation } from '../../inference/evaluation.ts';
import { importWeights } from '../../model/import.ts';
import { encodeModel } from '../../model/model.ts';
import type { Model } from '../../model/model.ts';
import { writeModel } from '../../model/node/model-file.ts';
import { converted } from '../../model/weights.ts';
import { hasParameters } from '../../network/layer.ts';
import { percent } from '../../text.ts';
import { innerName } from '../low-rank.ts';
import type { Ranks } from '../low-rank.ts';
import { compared } from '../mcnemar.ts';
import { measured } from '../measure.ts';
import type { Speed } from '../measure.ts';
import { methodsOf } from '../result.ts';
import type { Figures, LayerStory, Method, ShrinkResult } from '../result.ts';
import { calibrated, layerByLayer, withinBudget } from './int8.ts';
import { factorised } from './low-rank.ts';
import { pruned } from './neurons.ts';
import { openShrinkPictures } from './pictures.ts';
import type { HeldOut } from './pictures.ts';
import { asked } from './workshop.ts';
import type { ShrinkOptions, Workshop } from './workshop.ts';

export interface Shrunk extends ShrinkResult {
  readonly model: Model;
}

/**
 * A smaller and faster model out of a trained one, within a budget: calibrated on training
 * pictures, chosen on pictures held out, tested once at the end on those that had no say.
 * @throws {AlexNetError} where the model is quantised already, or model and pictures do not fit.
 */
export async function shrink(options: ShrinkOptions): Promise<Shrunk> {
  const { maxDrop = 0.01, target = 'balanced', engine, depth } = options;
  const wanted = options.methods ?? methodsOf[target];
  ensure(
    maxDrop >= 0 && maxDrop < 1,
    `Expected maxDrop from 0 to below 1, a fraction of all pictures, but found ${maxDrop}.`,
  );
  ensure(wanted.length > 0, 'Expected one method or several but found none.');
  const { finetune = 0 } = options;
  ensure(
    Number.isInteger(finetune) && finetune >= 0,
    `Expected finetune, epochs, to be a whole number not below 0 but found ${finetune}.`,
  );
  ensure(
    finetune === 0 || wanted.includes('low-rank') || wanted.includes('neurons'),
    'Fine-tuning mends a network that was changed, but of the methods ' +
      `${wanted.join(', ')} none changes it. Add low-rank or neurons, or leave fine-tuning out.`,
  );
  const { model } = await importWeights(options.model);
  refuseShrunk(model);
  const shop: Workshop = {
    options,
    pictures: await openShrinkPictures(options.data, heldOutOf(model), depth),
    engines: {
      plain: await findEngine(engine),
      integers: await findEngine(engine, { integers: true }),
    },
    say: options.onStep ?? (() => undefined),
    notes: [],
  };
  const start = performance.now();
  const validated = await asked(shop, model, 'validation', 'what the model answers now');
  const chosen = await choose(shop, model, validated, { wanted, maxDrop });
  const seconds = (performance.now() - start) / 1000;
  return conclude(shop, model, { ...chosen, wanted, maxDrop, seconds });
}

function refuseShrunk({ quantisation }: Model): void {
  const [first] = Object.keys(quantisation ?? {});
  ensure(
    first === undefined,
    `The model is quantised already (its layer "${first}" is computed in int8). Shrink the model ` +
      'that it was made from.',
  );
}

/** How the training held pictures out, where the model says so: those choose. */
function heldOutOf({ provenance }: Model): HeldOut {
  const told = provenance['settings'];
  const { seed, holdOut } = typeof told === 'string' ? settingsIn(told) : {};
  const known = typeof seed === 'number' && Number.isSafeInteger(seed) && seed >= 0;
  const part = typeof holdOut === 'number' && holdOut > 0 && holdOut < 1;
  return { seed: known ? seed : 1, fraction: part ? holdOut : 0.1 };
}

function settingsIn(text: string): { readonly seed?: unknown; readonly holdOut?: unknown } {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

interface Wanted {
  readonly wanted: readonly Method[];
  readonly maxDrop: number;
}

interface Chosen {
  readonly shrunk: Model;
  readonly drop: number;
  readonly layers: readonly LayerStory[];
}

/** Every method in its order, within the budget. */
async function choose(
  shop: Workshop,
  model: Model,
  validated: Evaluation,
  { wanted, maxDrop }: Wanted,
): Promise<Chosen> {
  let shrunk = model;
  let drop = 0;
  let ranks: Ranks = new Map();
  let sensitivities: ReadonlyMap<string, number> = new Map();
  const { top1 } = validated;
  // What comes later needs something of the budget too.
  const part = wanted.includes('int8') ? 0.7 : 1;
  if (wanted.includes('neurons')) {
    const own = wanted.includes('low-rank') ? part / 2 : part;
    ({ shrunk, drop } = await pruned(shop, shrunk, top1, maxDrop * own));
  }
  if (wanted.includes('low-rank')) {
    const before = drop;
    ({ shrunk, drop, ranks } = await factorised(shop, shrunk, top1, maxDrop * part));
    if (ranks.size === 0) drop = before;
  }
  if (wanted.includes('int8')) {
    const grids = await calibrated(shop, shrunk);
    sensitivities = await layerByLayer(shop, shrunk, grids);
    ({ shrunk, drop } = await withinBudget(shop, shrunk, grids, {
      sensitivities,
      maxDrop,
      top1,
    }));
  }
  if (wanted.includes('f16')) {
    shrunk = inHalves(shrunk);
    drop = top1 - (await asked(shop, shrunk, 'validation', 'in f16')).top1;
  }
  return { shrunk, drop, layers: storiesOf(model, shrunk, sensitivities, ranks) };
}

/** Weights as f16 in the file; what is in 8 bits stays so. Computed in f32. */
function inHalves(model: Model): Model {
  const halves = converted(model.weights, 'f16');
  const weights = [...model.weights].map(
    ([name, tensor]) => [name, tensor.dtype === 'f32' ? halves.get(name)! : tensor] as const,
  );
  return { ...model, weights: new Map(weights) };
}

function storiesOf(
  model: Model,
  { network, weights, quantisation }: Model,
  sensitivities: ReadonlyMap<string, number>,
  ranks: Ranks,
): LayerStory[] {
  const rankOf = (name: string): number | undefined =>
    ranks.get(name) ?? [...ranks].find(([layer]) => innerName(layer) === name)?.[1];
  return network.filter(hasParameters).map(({ name }) => {
    const number =
      quantisation?.[name] === undefined ? weights.get(`${name}.weight`)!.dtype : 'int8';
    const rank = rankOf(name);
    const became = [number];
    if (rank !== undefined) became.push(`rank ${rank}`);
    const [was, is] = [model, { weights }].map(
      (each) => each.weights.get(`${name}.bias`)?.data.length,
    );
    if (was !== undefined && was !== is) became.push(`${is} of ${was} neurons`);
    return { name, became: became.join(', '), sensitivity: sensitivities.get(name) ?? null };
  });
}

/** The table: both models on pictures that had no say, and against the clock. */
async function conclude(
  shop: Workshop,
  model: Model,
  { shrunk, drop, layers, wanted, maxDrop, seconds }: Chosen & Wanted & { seconds: number },
): Promise<Shrunk> {
  const { engines, options, pictures, notes, say } = shop;
  const met = drop <= maxDrop && shrunk !== model;
  const before = await asked(shop, model, 'test', 'the test before');
  const after = shrunk === model ? before : await asked(shop, shrunk, 'test', 'the test after');
  say('measures milliseconds and memory');
  const quantised = shrunk.quantisation !== undefined;
  const [was, is] = await measured(
    [
      { model, engine: engines.plain },
      { model: shrunk, engine: quantised ? engines.integers : engines.plain },
    ],
    options.threads,
  );
  const told = withProvenance(shrunk, basename(options.model), wanted);
  const figures = { before: figuresOf(model, was!, before), after: figuresOf(told, is!, after) };
  notes.push(...slower(figures.before, figures.after));
  if (!met) notes.push(missed(drop, maxDrop, shrunk === model));
  if (met && options.out !== undefined) await writeModel(options.out, told);
  return {
    model: told,
    from: options.model,
    to: met ? (options.out ?? null) : null,
    methods: wanted,
    budget: { maxDrop, drop, met },
    pictures: {
      split: pictures.testSplit,
      images: before.images,
      validation: samplesOf(pictures.validation, 'val').length,
      calibration: samplesOf(pictures.calibration, 'train').length,
    },
    ...figures,
    changed: compared(before.verdicts, after.verdicts),
    layers,
    notes,
    seconds,
  };
}

function withProvenance(model: Model, from: string, wanted: readonly Method[]): Model {
  const shrunk = { from, methods: wanted };
  return { ...model, provenance: { ...model.provenance, shrunk } };
}

function figuresOf(model: Model, speed: Speed, { top1, top5 }: Evaluation): Figures {
  let bytes = 0;
  for (const piece of encodeModel(model)) bytes += piece.byteLength;
  return { ...speed, bytes, top1, top5 };
}

/** A method that makes a model slower here is said to. */
function slower(before: Figures, after: Figures): string[] {
  return (['1', '32'] as const).flatMap((batch) => {
    const [was, is] = [before.milliseconds[batch], after.milliseconds[batch]];
    if (is <= was) return [];
    const engines =
      before.engine === after.engine
        ? `the ${after.engine} engine`
        : `the ${after.engine} engine (before: ${before.engine}, which does not compute int8 here)`;
    return [
      `At batch ${batch} it is slower on this machine: ${is.toFixed(1)} ms with ${engines} ` +
        `instead of ${was.toFixed(1)} ms.`,
    ];
  });
}

function missed(drop: number, maxDrop: number, nothing: boolean): string {
  if (nothing)
    return (
      'Nothing was written: no layer can be changed without losing more than ' +
      `${percent(maxDrop)}.`
    );
  return (
    `Nothing was written: ${percent(drop)} of the validation pictures are lost, ` +
    `${percent(drop - maxDrop)} more than may be (${percent(maxDrop)}).`
  );
}
