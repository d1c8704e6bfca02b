/** The library on Node: all that the browser has, and what needs files, threads or native code. */
export * from './browser.ts';
export { engines, findEngine } from './engine/registry.ts';
export { AlexNet } from './model/alexnet.ts';
export type { ClassifyOptions, LoadOptions, Prediction } from './model/alexnet.ts';
export { readModel, writeModel } from './model/model-file.ts';
export { importWeights } from './model/import.ts';
export type { ImportOptions, Imported, WeightsKind } from './model/import.ts';
export { exportModel, exportNpz, exportTorchvision } from './model/export.ts';
export type { ExportOptions } from './model/export.ts';
export { pull } from './model/pull.ts';
export type { PullOptions, Pulled } from './model/pull.ts';
