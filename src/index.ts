/**
 * The library on Node: all that the browser has, and what needs files, threads or native code.
 * Asynchronous functions that stand on much else load it when they are called, so that the door
 * opens quickly.
 */
import { late } from './late.ts';

export * from './browser.ts';
export { readModel, writeModel } from './model/node/model-file.ts';
export { exportModel } from './model/node/export.ts';
export type { ExportOptions } from './model/node/export.ts';
export const pull = late(() => import('./model/node/pull.ts'), 'pull');
export type { PullOptions, Pulled } from './model/node/pull.ts';
export const openDataset = late(() => import('./data/node/open.ts'), 'openDataset');
export const imageFolder = late(() => import('./data/node/folder.ts'), 'imageFolder');
export const checkDataset = late(() => import('./data/node/check.ts'), 'checkDataset');
export type { CheckResult, Problem } from './data/node/check.ts';
export const packDataset = late(() => import('./data/node/pack.ts'), 'packDataset');
export type { PackOptions, PackResult } from './data/node/pack.ts';
export const train = late(() => import('./training/node/train.ts'), 'train');
export type { TrainOptions, TrainResult } from './training/node/train.ts';
export const findLearningRate = late(
  () => import('./training/node/find-rate.ts'),
  'findLearningRate',
);
export type { FindRateOptions, FoundRate } from './training/node/find-rate.ts';
export const evaluate = late(() => import('./inference/node/evaluate.ts'), 'evaluate');
export type {
  EvaluateFolderOptions,
  FolderEvaluation,
  ModelScore,
} from './inference/node/evaluate.ts';
export const shrink = late(() => import('./shrink/node/shrink.ts'), 'shrink');
export type { Shrunk } from './shrink/node/shrink.ts';
export type { ShrinkOptions } from './shrink/node/workshop.ts';
export type { Figures, LayerStory, ShrinkResult } from './shrink/result.ts';
export { picturesIn } from './inference/node/pictures.ts';
export const runExperiment = late(() => import('./experiment/node/run.ts'), 'runExperiment');
export type { ExperimentResult } from './experiment/node/run.ts';
export type { ExperimentEvent, ExperimentOptions } from './experiment/node/options.ts';
export type { Arm, Experiment } from './experiment/experiment.ts';
export const createServer = late(() => import('./server/server.ts'), 'createServer');
export type { AlexNetServer } from './server/server.ts';
export type { ServerOptions } from './server/options.ts';
