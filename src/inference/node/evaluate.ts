import { openBatches } from '../../data/batches.ts';
import { samplesOf } from '../../data/dataset.ts';
import type { Dataset, Split } from '../../data/dataset.ts';
import { openDataset } from '../../data/node/open.ts';
import type { Failure } from '../../data/picture-store.ts';
import { openWorkers } from '#workers';
import { AlexNetError, ensure } from '../../errors.ts';
import { AlexNet } from '../alexnet.ts';
import type { Guess } from '../../model/guesses.ts';
import type { Label } from '../../model/model.ts';
import { ModelAverage, evaluateBatches } from '../evaluation.ts';
import type { EvaluateOptions, Evaluation, Score } from '../evaluation.ts';
import { relabelled, samePlaces } from '../labels.ts';
import { refuseNaN } from '../predictions.ts';

export interface EvaluateFolderOptions {
  /** Which part of the data. Default: `test` where there is one, else `val`, else all. */
  readonly split?: Split;
  /** 10: the mean of the paper's ten crops. Default 1, the centre. */
  readonly crops?: 1 | 10;
  readonly engine?: string;
  readonly threads?: number;
  /** Pictures at once. Default 32. */
  readonly batch?: number;
  /** Of folders that hold folders: how far down the classes are. Default 1. */
  readonly depth?: number;
  /** Of one picture: more are refused. Default 100 million. */
  readonly maximumPixels?: number;
  readonly onBatch?: (done: number, all: number) => void;
  /** What a file of weights does not say and was assumed, before anything is computed. */
  readonly onGuesses?: (guesses: readonly Guess[], file: string) => void;
}

export interface FolderEvaluation extends Evaluation {
  readonly labels: readonly Label[];
  readonly dataset: Dataset;
  readonly split: Split;
  /** Pictures that could not be read; they count for nothing. */
  readonly skipped: readonly Failure[];
  /** Of several models: how good each is alone. The rest is of their average. */
  readonly models?: readonly ModelScore[];
}

export interface ModelScore extends Score {
  readonly model: string;
}

/**
 * How good a model is on labelled pictures. Classes are matched with the model's labels by name, or
 * by WordNet's number.
 * @param model a file, or a model that is loaded; of several the average of their probabilities
 * (paper §6), each with its own preprocessing.
 * @throws {AlexNetError} where a class is none of the model's labels, models have different labels,
 * or no picture can be read.
 */
export async function evaluate(
  model: string | AlexNet | readonly (string | AlexNet)[],
  data: string | Dataset,
  options: EvaluateFolderOptions = {},
): Promise<FolderEvaluation> {
  const { depth } = options;
  const opened =
    typeof data === 'string' ? await openDataset(data, depth === undefined ? {} : { depth }) : data;
  const split =
    options.split ??
    (['test', 'val'] as const).find((part) => samplesOf(opened, part).length > 0) ??
    'train';
  const part = { dataset: opened, split };
  if (typeof model === 'string' || model instanceof AlexNet)
    return withAlexNet(model, options, (alexnet) => evaluateOne(alexnet, part, options));
  ensure(model.length > 0, 'Expected one model or several but found none.');
  const [first] = model;
  return model.length === 1
    ? evaluate(first!, opened, { ...options, split })
    : evaluateAverage(model, part, options);
}

interface Part {
  readonly dataset: Dataset;
  readonly split: Split;
}

/** One model after another, so that only one takes memory. */
async function evaluateAverage(
  models: readonly (string | AlexNet)[],
  part: Part,
  options: EvaluateFolderOptions,
): Promise<FolderEvaluation> {
  const names = models.map((model, k) => (typeof model === 'string' ? model : `model ${k + 1}`));
  const { labels, places } = await labelsOf(models, names);
  const average = new ModelAverage(labels.length);
  const scores: ModelScore[] = [];
  const skipped = new Map<string, Failure>();
  let dataset = part.dataset;
  for (const [k, model] of models.entries()) {
    const found = await withAlexNet(model, options, (alexnet) =>
      evaluateOne(alexnet, part, {
        ...options,
        onBatch: (done, all) => options.onBatch?.(k * all + done, models.length * all),
        onPicture: ({ sample, label }, probabilities) =>
          average.add(
            { sample, label: places[k]!.indexOf(label) },
            places[k]!.map((place) => probabilities[place]!),
          ),
      }),
    );
    const { images, top1, top5, loss } = found;
    scores.push({ model: names[k]!, images, top1, top5, loss });
    for (const failure of found.skipped) skipped.set(failure.name, failure);
    if (k === 0) ({ dataset } = found);
  }
  const evaluation = average.result(models.length);
  ensure(
    evaluation.images > 0,
    `None of the pictures of ${part.dataset.provenance.root} could be read by every model.`,
  );
  return {
    ...evaluation,
    labels,
    dataset,
    split: part.split,
    skipped: [...skipped.values()],
    models: scores,
  };
}

/** Before anything is computed: whether the labels are the same, and where each model has them. */
async function labelsOf(
  models: readonly (string | AlexNet)[],
  names: readonly string[],
): Promise<{ labels: readonly Label[]; places: readonly (readonly number[])[] }> {
  const { importWeights } = await import('../../model/import.ts');
  const all: (readonly Label[])[] = [];
  for (const model of models)
    all.push(
      typeof model === 'string' ? (await importWeights(model)).model.labels : model.model.labels,
    );
  const [labels] = all;
  return {
    labels: labels!,
    places: all.map((own, k) => samePlaces(labels!, { name: names[k]!, labels: own }, names[0]!)),
  };
}

async function withAlexNet<T>(
  model: string | AlexNet,
  { engine = 'auto', batch = 32, threads, onGuesses }: EvaluateFolderOptions,
  use: (alexnet: AlexNet) => Promise<T>,
): Promise<T> {
  if (typeof model !== 'string') return use(model);
  const alexnet = await AlexNet.load(model, {
    engine,
    batch,
    ...(threads !== undefined && { threads }),
  });
  try {
    onGuesses?.(alexnet.guesses, model);
    return await use(alexnet);
  } finally {
    await alexnet.dispose();
  }
}

async function evaluateOne(
  alexnet: AlexNet,
  { dataset: all, split }: Part,
  options: EvaluateFolderOptions & Pick<EvaluateOptions, 'onPicture'>,
): Promise<FolderEvaluation> {
  const { batch = 32, crops = 1, threads, maximumPixels, onBatch, onPicture } = options;
  const { labels, preprocessing, meanImage } = alexnet.model;
  const dataset = relabelled(all, labels);
  const workers = await openWorkers({
    cacheBytes: 0,
    cacheDirectory: null,
    ...(threads !== undefined && { threads }),
    ...(maximumPixels !== undefined && { maximumPixels }),
  });
  try {
    const batches = await openBatches(dataset, {
      split,
      batch: crops === 10 ? Math.max(1, Math.round(batch / 8)) : batch,
      preprocessing,
      crops,
      workers,
      maximumFailures: 1,
      ...(meanImage && { meanImage }),
    });
    const evaluation = await evaluateBatches(alexnet.session, batches, labels.length, {
      crops,
      ...(onBatch && { onBatch }),
      ...(onPicture && { onPicture }),
    });
    if (evaluation.images === 0)
      throw new AlexNetError(
        `None of the ${batches.samples} pictures of ${dataset.provenance.root} could be ` +
          `read. The first: ${batches.failures[0]?.name}: ${batches.failures[0]?.detail}`,
      );
    refuseNaN(Float32Array.of(evaluation.loss));
    return { ...evaluation, labels, dataset, split, skipped: batches.failures };
  } finally {
    await workers.close();
  }
}
