import type { ReluRule } from '../engine.ts';

/** `out = max(0, in)`; NaN stays NaN, because hiding it would hide a bug. */
export function relu(input: Float64Array, length: number, out: Float64Array): void {
  for (let i = 0; i < length; i++)
    out[i] = input[i]! > 0 || Number.isNaN(input[i]!) ? input[i]! : 0;
}

/**
 * Backward by one of three rules ({@link ReluRule}): `plain` passes g where the output was
 * positive, `deconvnet` where g itself is, `guided` where both are. At exactly zero the derivative
 * is taken as 0, as PyTorch and Caffe do.
 */
export function reluBackward(
  output: Float64Array,
  dOut: Float64Array,
  length: number,
  rule: ReluRule,
  dInput: Float64Array,
): void {
  for (let i = 0; i < length; i++) {
    const g = dOut[i]!;
    const open = (rule === 'deconvnet' || output[i]! > 0) && (rule === 'plain' || g > 0);
    dInput[i] = open ? g : 0;
  }
}
