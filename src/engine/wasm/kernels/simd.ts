import { plainTileRows, relaxedTileRows } from '../constants';

/**
 * a·b + c; one rounding where the build has relaxed SIMD and the machine fuses, two in the plain
 * build.
 */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** The sum of four lanes, always in the same order. */
// @ts-ignore: decorator
@inline
export function sumLanes(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) +
    f32x4.extract_lane(v, 1) +
    (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

/**
 * Rows of a register tile of 8 columns. V8 hands out 15 vector registers on x86-64. Relaxed: 12
 * accumulators, 2 columns and a row. Plain: Node 20 loads all rows before it multiplies any, and
 * products need a register of their own: 8 accumulators, 2 columns, 4 rows, one product. With 5 or
 * 6 rows accumulators go through memory, at half the speed.
 */
export const tileRows: u32 = ASC_FEATURE_RELAXED_SIMD ? relaxedTileRows : plainTileRows;
