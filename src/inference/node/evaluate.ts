import { openBatches } from '../../data/batches.ts';
import { samplesOf } from '../../data/dataset.ts';
import type { Dataset, Split } from '../../data/dataset.ts';
import { openDataset } from '../../data/node/open.ts';
import type { Failure } from '../../data/picture-store.ts';
import { openWorkers } from '#workers';
import { AlexNetError } from '../../errors.ts';
import { AlexNet } from '../alexnet.ts';
import type { Label } from '../../model/model.ts';
import { evaluateBatches } from '../evaluation.ts';
import type { Evaluation } from '../evaluation.ts';
import { relabelled } from '../labels.ts';
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
}

export interface FolderEvaluation extends Evaluation {
  readonly labels: readonly Label[];
  readonly dataset: Dataset;
  readonly split: Split;
  /** Pictures that could not be read; they count for nothing. */
  readonly skipped: readonly Failure[];
}

/**
 * How good a model is on labelled pictures. Classes are matched with the model's labels by name, or
 * by WordNet's number.
 * @param model a file, or a model that is loaded.
 * @throws {AlexNetError} where a class is none of the model's labels, or no picture can be read.
 */
export async function evaluate(
  model: string | AlexNet,
  data: string | Dataset,
  options: EvaluateFolderOptions = {},
): Promise<FolderEvaluation> {
  const { batch = 32, crops = 1, engine = 'auto', threads, maximumPixels, depth } = options;
  const opened =
    typeof data === 'string' ? await openDataset(data, depth === undefined ? {} : { depth }) : data;
  const split =
    options.split ??
    (['test', 'val'] as const).find((part) => samplesOf(opened, part).length > 0) ??
    'train';
  const alexnet =
    typeof model === 'string'
      ? await AlexNet.load(model, { engine, batch, ...(threads !== undefined && { threads }) })
      : model;
  try {
    const { labels, preprocessing, meanImage } = alexnet.model;
    const dataset = relabelled(opened, labels);
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
        ...(options.onBatch && { onBatch: options.onBatch }),
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
  } finally {
    if (typeof model === 'string') await alexnet.dispose();
  }
}
