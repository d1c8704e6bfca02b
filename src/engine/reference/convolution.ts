import type { ConvolutionLayer, Shape } from '../../network/layer.ts';
import type { ResolvedWindow } from '../../network/shapes.ts';

/** The sizes of one convolution, as `inferShapes` works them out. */
export interface ConvolutionSizes {
  readonly layer: Pick<ConvolutionLayer, 'groups'>;
  readonly window: ResolvedWindow;
  /** (C, H, W) */
  readonly input: Shape;
  /** (O, Y, X) */
  readonly output: Shape;
}

/**
 * Convolution, in the field's sense (a correlation: the kernel is not mirrored). For output channel
 * o of group g
 *
 *     out[n,o,y,x] = bias[o]
 *       + Σ_{i,u,v} weight[o,i,u,v] · in[n, g·I + i, y·s + u − top, x·s + v − left]
 *
 * over the I = C/groups channels of the group; outside the map `in` is zero.
 * @param input (N, C, H, W)
 * @param weight (O, C/groups, KH, KW)
 * @param bias (O)
 * @param out (N, O, Y, X), written
 */
export function convolution(
  sizes: ConvolutionSizes,
  input: Float64Array,
  weight: Float64Array,
  bias: Float64Array,
  count: number,
  out: Float64Array,
): void {
  const perKernel = weight.length / bias.length;
  eachOutput(sizes, count, (at, o, rows) => {
    let sum = bias[o]!;
    rows((from, tap, length) => {
      for (let v = 0; v < length; v++) sum += weight[o * perKernel + tap + v]! * input[from + v]!;
    });
    out[at] = sum;
  });
}

/**
 * Backward: every product of the forward sum hands `g = dOut[n,o,y,x]` to both of its factors,
 *
 *     dIn[that input] += weight · g      dWeight[that weight] += in · g      dBias[o] += g
 *
 * @param dOut (N, O, Y, X)
 * @param dInput (N, C, H, W), overwritten; undefined where nobody below wants it
 * @param dWeight (O, C/groups, KH, KW), added to; undefined where the layer is frozen
 * @param dBias (O), added to; undefined likewise
 */
export function convolutionBackward(
  sizes: ConvolutionSizes,
  input: Float64Array,
  weight: Float64Array,
  dOut: Float64Array,
  count: number,
  dInput: Float64Array | undefined,
  dWeight: Float64Array | undefined,
  dBias: Float64Array | undefined,
): void {
  const perKernel = weight.length / sizes.output[0];
  dInput?.fill(0);
  eachOutput(sizes, count, (at, o, rows) => {
    const g = dOut[at]!;
    if (dBias) dBias[o]! += g;
    rows((from, tap, length) => {
      const kernel = o * perKernel + tap;
      if (dInput) for (let v = 0; v < length; v++) dInput[from + v]! += weight[kernel + v]! * g;
      if (dWeight) for (let v = 0; v < length; v++) dWeight[kernel + v]! += input[from + v]! * g;
    });
  });
}

/**
 * Calls `use(from, tap, length)` for every row of the window that lies inside the map: `length`
 * numbers of the input from index `from`, and of the kernel from index `tap`.
 */
type Rows = (use: (from: number, tap: number, length: number) => void) => void;

/** Every output number in order: its index, its channel, and the rows of its window. */
function eachOutput(
  sizes: ConvolutionSizes,
  count: number,
  use: (at: number, o: number, rows: Rows) => void,
): void {
  const {
    layer: { groups },
    window: {
      kernel: [KH, KW],
      stride,
      padding,
    },
    input: [C, H, W],
    output: [O, Y, X],
  } = sizes;
  const I = C / groups;
  for (let n = 0, at = 0; n < count; n++) {
    for (let o = 0; o < O; o++) {
      const firstMap = n * C + Math.floor((o * groups) / O) * I;
      for (let y = 0; y < Y; y++) {
        const top = y * stride[0] - padding.top;
        for (let x = 0; x < X; x++, at++) {
          const left = x * stride[1] - padding.left;
          const v = Math.max(0, -left);
          const length = Math.min(KW, W - left) - v;
          const rows: Rows = (each) => {
            for (let i = 0; i < I; i++) {
              for (let u = Math.max(0, -top); u < Math.min(KH, H - top); u++) {
                each(((firstMap + i) * H + top + u) * W + left + v, (i * KH + u) * KW + v, length);
              }
            }
          };
          use(at, o, rows);
        }
      }
    }
  }
}
