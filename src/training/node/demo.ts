import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { reason } from '#platform';
import { makeFolders } from '../../platform/node/folders.ts';
import { samplesOf } from '../../data/dataset.ts';
import { openDataset } from '../../data/node/open.ts';
import { writeScenes } from '../../data/node/write-scenes.ts';
import { AlexNetError } from '../../errors.ts';
import { AlexNet } from '../../inference/alexnet.ts';
import { predictFiles } from '../../inference/predict.ts';
import type { SettingsOverrides } from '../core/resolve.ts';
import type { FilePrediction } from '../../inference/predict.ts';
import { train } from './train.ts';
import type { TrainOptions, TrainResult } from './train.ts';

/**
 * What the demo trains with: a narrow `small`, so that two cores without native code need a few
 * minutes.
 */
export const demoSettings = {
  variant: 'small',
  width: 0.5,
  epochs: 11,
  batch: 32,
  learningRate: 0.02,
  warmup: 0.3,
  dropout: 0.2,
  labelSmoothing: 0,
  clip: 2,
  augmentation: { crop: { from: 'picture' }, mirror: 0.5, jitter: {} },
};

const perClass = { train: 300, val: 30, test: 50 };

export interface DemoOptions extends Pick<
  TrainOptions,
  'engine' | 'threads' | 'signal' | 'onEvent'
> {
  /** Where pictures and run go; it must be empty. */
  readonly folder: string;
  readonly seed: number;
  /**
   * Pictures of each class, and settings that differ from {@link demoSettings}: for a look that is
   * quicker still.
   */
  readonly perClass?: typeof perClass;
  readonly settings?: SettingsOverrides;
}

export interface DemoResult extends TrainResult {
  /** The folder of pictures. */
  readonly data: string;
  /** What the model says about one test picture of each class. */
  readonly predictions: readonly (FilePrediction & { readonly label: string })[];
}

/**
 * Draws a picture set, trains on it, evaluates, predicts and writes the report: the whole path in a
 * few minutes.
 */
export async function demo({
  folder,
  seed,
  perClass: counts = perClass,
  settings,
  ...options
}: DemoOptions): Promise<DemoResult> {
  await makeFolders(folder).catch((error: unknown) => {
    throw new AlexNetError(`The folder ${folder} could not be made: ${reason(error)}.`);
  });
  if ((await readdir(folder)).length > 0)
    throw new AlexNetError(`${folder} is not empty. Choose another folder with --out.`);
  const data = join(folder, 'pictures');
  await writeScenes(data, { seed, perClass: counts });
  const result = await train({
    ...options,
    data,
    out: join(folder, 'run'),
    settings: { ...demoSettings, ...settings, seed },
  });
  return { ...result, data, predictions: await predictOneEach(result.model, data, options) };
}

async function predictOneEach(
  model: string,
  data: string,
  { engine = 'auto', threads }: Pick<DemoOptions, 'engine' | 'threads'>,
): Promise<DemoResult['predictions']> {
  const dataset = await openDataset(data);
  const { classes, samples } = dataset;
  const tests = samplesOf(dataset, 'test');
  const chosen = classes.map(
    (_, label) => samples[tests.find((index) => samples[index]!.label === label)!]!,
  );
  const alexnet = await AlexNet.load(model, {
    engine,
    batch: classes.length,
    ...(threads !== undefined && { threads }),
  });
  try {
    const predictions: (FilePrediction & { label: string })[] = [];
    for await (const one of predictFiles(
      alexnet,
      each(chosen.map(({ source }) => ({ file: source.path }))),
      { top: 3 },
    ))
      predictions.push({ ...one, label: classes[chosen[predictions.length]!.label]! });
    return predictions;
  } finally {
    await alexnet.dispose();
  }
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
