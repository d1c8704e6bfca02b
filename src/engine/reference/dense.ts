/**
 * Dense layer: `out[n,o] = bias[o] + Σ_i weight[o,i] · in[n,i]`.
 * @param input (N, I)
 * @param weight (O, I)
 * @param bias (O)
 * @param out (N, O), written
 */
export function dense(
  input: Float64Array,
  weight: Float64Array,
  bias: Float64Array,
  count: number,
  out: Float64Array,
): void {
  const O = bias.length;
  const I = weight.length / O;
  for (let n = 0; n < count; n++) {
    for (let o = 0; o < O; o++) {
      let sum = bias[o]!;
      for (let i = 0; i < I; i++) sum += weight[o * I + i]! * input[n * I + i]!;
      out[n * O + o] = sum;
    }
  }
}

/**
 * `dIn[n,i] = Σ_o weight[o,i] · dOut[n,o]`, `dWeight[o,i] += Σ_n in[n,i] · dOut[n,o]`, `dBias[o] +=
 * Σ_n dOut[n,o]`.
 * @param dInput (N, I), overwritten; undefined where nobody below wants it
 * @param dWeight (O, I), added to; undefined where the layer is frozen
 * @param dBias (O), added to; undefined likewise
 */
export function denseBackward(
  input: Float64Array,
  weight: Float64Array,
  outputs: number,
  dOut: Float64Array,
  count: number,
  dInput: Float64Array | undefined,
  dWeight: Float64Array | undefined,
  dBias: Float64Array | undefined,
): void {
  const I = weight.length / outputs;
  dInput?.fill(0);
  for (let n = 0; n < count; n++) {
    for (let o = 0; o < outputs; o++) {
      const g = dOut[n * outputs + o]!;
      if (dBias) dBias[o]! += g;
      if (dInput) for (let i = 0; i < I; i++) dInput[n * I + i]! += weight[o * I + i]! * g;
      if (dWeight) for (let i = 0; i < I; i++) dWeight[o * I + i]! += input[n * I + i]! * g;
    }
  }
}
