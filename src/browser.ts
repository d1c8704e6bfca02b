/** What runs anywhere: nothing here, or under it, imports from Node. */
export { AlexNetError, UsageError } from './errors.ts';
export { alexnet, parseVariant, variants } from './network/variants.ts';
export type { Variant, VariantOptions } from './network/variants.ts';
export type * from './network/layer.ts';
export { dividedAlpha, hasParameters, undividedAlpha } from './network/layer.ts';
export { findLayer, formatShape, inferShapes, volume } from './network/shapes.ts';
export type { LayerShape, ResolvedWindow } from './network/shapes.ts';
export { costs } from './network/costs.ts';
export type { LayerCost, NetworkCost } from './network/costs.ts';
export { initialValues, parametersOf } from './network/parameters.ts';
export type { Parameter } from './network/parameters.ts';
export { parseNetwork, stringifyNetwork } from './network/json.ts';
export { bits, purposes } from './random/philox.ts';
export type { Address, Purpose, Words } from './random/philox.ts';
export { keepMask, normal, permutation, uniform } from './random/draws.ts';
export type * from './engine/engine.ts';
export type { Preprocessing } from './images/preprocessing.ts';
