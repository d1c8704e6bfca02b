/**
 * What both sides must agree on: TypeScript plans with these numbers, the AssemblyScript kernels
 * compute with them. Plain literals, because two compilers read this file.
 */

/** Output channels that lie together in weights; a panel's row fills two vectors. */
export const panelWidth = 8;
export const panelBytes = 32;

/** Rows of the kernels' register tile in each build; see kernels/simd.ts. */
export const plainTileRows = 4;
export const relaxedTileRows = 6;

/** Floats of one task of `update` and `sumSquares`: fixed, whatever the number of threads. */
export const chunk = 65536;

/** Panels that `denseBackward` adds up at once, and bytes of scratch for each. */
export const panelsAtOnce = 128;
export const panelPiece = 96;

/** Bits of `reluBackward`'s rule: what must be above zero for a gradient to pass. */
export const outputCounts = 1;
export const gradientCounts = 2;
