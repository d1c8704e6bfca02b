/**
 * Looking inside: what a model has learned, and why it answers so. Numbers in, numbers out; nothing
 * here imports from Node.
 */
export { amounts, rangeOf, shade, signedRangeOf, signs } from './colours.ts';
export type { ColourMap, Range } from './colours.ts';
export { mapDifferences, weightStatistics } from './compare.ts';
export type { MapDifference, WeightStatistics } from './compare.ts';
export { inputPicture, mapPicture, overPicture, signedPicture } from './draw.ts';
export { gradCam, guidedGradCam } from './gradcam.ts';
export type { GradCam, GradCamOptions } from './gradcam.ts';
export {
  deconvnet,
  guidedBackpropagation,
  inputGradient,
  inputGradients,
  saliency,
} from './gradients.ts';
export type { GradientsOptions, Images, TakeGradient } from './gradients.ts';
export { integratedGradients } from './integrated.ts';
export type { IntegratedGradients, IntegratedGradientsOptions } from './integrated.ts';
export { describeKernels, kernelKinds } from './kernels.ts';
export type { KernelDescription, KernelKind } from './kernels.ts';
export { mapStatistics } from './maps.ts';
export type { MapStatistics } from './maps.ts';
export { maximise, middleOf } from './maximise.ts';
export type { Colours, Maximised, MaximiseOptions } from './maximise.ts';
export { explain, keepForExplain, methods, parseMethod } from './methods.ts';
export type { About, ExplainOptions, Explanation, MethodName } from './methods.ts';
export { confusedPairs, worstMistakes } from './mistakes.ts';
export type { Confusion, Mistake } from './mistakes.ts';
export { nearestNeighbours } from './neighbours.ts';
export type { Metric, Neighbour } from './neighbours.ts';
export { occlusion } from './occlusion.ts';
export type { Occlusion, OcclusionOptions } from './occlusion.ts';
export type { PartsOptions } from './covered.ts';
export { principalComponents } from './pca.ts';
export type { PrincipalComponents, PrincipalComponentsOptions } from './pca.ts';
export { randomize, rankCorrelation } from './randomize.ts';
export { overInput, receptiveCentres, receptiveField } from './receptive.ts';
export type { Centres, Field } from './receptive.ts';
export { smoothGrad } from './smoothgrad.ts';
export type { SmoothGradOptions } from './smoothgrad.ts';
export { classTarget, keepForExplaining, lastMaps, logitsLayer } from './target.ts';
export type { Target } from './target.ts';
export { umap } from './umap.ts';
export type { UmapOptions } from './umap.ts';
export type { Work } from './work.ts';
