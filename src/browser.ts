/** What runs anywhere: nothing here, or under it, imports from Node. */
import { late } from './late.ts';

export { AlexNetError, DeviceLost, UsageError } from './errors.ts';
export { alexnet, parseVariant, variants } from './network/variants.ts';
export type { Variant, VariantOptions } from './network/variants.ts';
export type * from './network/layer.ts';
export { dividedAlpha, hasParameters, undividedAlpha } from './network/layer.ts';
export { findLayer, formatShape, inferShapes, volume } from './network/shapes.ts';
export type { LayerShape, ResolvedWindow } from './network/shapes.ts';
export { costs } from './network/costs.ts';
export type { LayerCost, NetworkCost } from './network/costs.ts';
export { describeDepth, describeLayer } from './network/describe.ts';
export { drawNetwork } from './network/drawing/svg.ts';
export { initialValues, parametersOf } from './network/parameters.ts';
export type { Parameter } from './network/parameters.ts';
export { parseNetwork, stringifyNetwork } from './network/json.ts';
export const explanationPage = late(() => import('./lesson/faces/page.ts'), 'explanationPage');
export const alexnetExplanation = late(
  () => import('./lesson/explanation.ts'),
  'alexnetExplanation',
);
export type { Lesson } from './lesson/lesson.ts';
export { bits, purposes } from './random/philox.ts';
export type { Address, Purpose, Words } from './random/philox.ts';
export { keepMask, normal, permutation, uniform } from './random/draws.ts';
export type * from './engine/engine.ts';
export { engines, findEngine } from './engine/registry.ts';
export { initialise } from './engine/initialise.ts';
export { benchmark, flops } from './engine/bench.ts';
export type { BenchMode, BenchOptions, BenchResult } from './engine/bench.ts';
export { referenceEngine } from './engine/reference/index.ts';
export { wasmEngine } from './engine/wasm/index.ts';
export * from './insight/index.ts';
export { loadPicture, preprocess } from './images/preprocess.ts';
export type { PictureInput } from './images/preprocess.ts';
export type { Preprocessing } from './images/preprocessing.ts';
export type { Picture } from './images/picture.ts';
export { UnreadablePicture } from './images/problem.ts';
export { AlexNet } from './inference/alexnet.ts';
export type { ClassifyOptions, LoadOptions } from './inference/alexnet.ts';
export type { Prediction } from './inference/predictions.ts';
export { predictFiles } from './inference/predict.ts';
export type { FilePrediction, NamedPicture } from './inference/predict.ts';
export { checkModel, decodeModel, encodeModel } from './model/model.ts';
export type { Label, Model, Provenance } from './model/model.ts';
export const importWeights = late(() => import('./model/import.ts'), 'importWeights');
export type { ImportOptions, Imported, WeightsKind } from './model/import.ts';
export type { FileInput } from './model/input.ts';
export { exportNpz, exportTorchvision } from './model/export-tensors.ts';
export { f32Values, f32Weights, valuesOf } from './model/weights.ts';
export type { WeightTensor, Weights } from './model/weights.ts';
export type { LayerQuantisation, Quantisation } from './model/quantisation.ts';
export { exportOnnx } from './model/export-onnx.ts';
export type { OnnxOptions } from './model/export-onnx.ts';
export { imagenetLabels } from './model/imagenet.ts';
export { blobSource, bytesSource } from './formats/source.ts';
export type { ByteSource } from './formats/source.ts';
