export { multiply } from './multiply';
export { weightGradient, biasGradient } from './weightgradient';
export { denseBackward, denseRow } from './dense';
export {
  relu,
  reluBackward,
  tanh,
  tanhBackward,
  scale,
  multiplyMask,
  copy,
  clearBorder,
} from './elementwise';
export { lrnChannels, lrnChannelsBackward, lrnMap, lrnMapProducts, lrnMapBackward } from './lrn';
export {
  maxPool,
  maxPoolBackward,
  averagePool,
  averagePoolBackward,
  windowTable,
  regionTable,
} from './pool';
export { dropoutMask } from './dropout';
export { update, sumSquares } from './update';
export { transposeWeights, packPanels, interleave, placeTable } from './layout';
export { multiplyIntegers, denseRowIntegers } from './integers';
export {
  toGrid,
  fromGrid,
  interleaveGrid,
  lrnGrid,
  reluGrid,
  copyGrid,
  maxPoolGrid,
} from './grid';
