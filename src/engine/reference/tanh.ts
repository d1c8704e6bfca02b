/** `out = tanh(in)`. */
export function tanh(input: Float64Array, length: number, out: Float64Array): void {
  for (let i = 0; i < length; i++) out[i] = Math.tanh(input[i]!);
}

/** `dIn = dOut · (1 − out²)`. */
export function tanhBackward(
  output: Float64Array,
  dOut: Float64Array,
  length: number,
  dInput: Float64Array,
): void {
  for (let i = 0; i < length; i++) dInput[i] = dOut[i]! * (1 - output[i]! * output[i]!);
}
