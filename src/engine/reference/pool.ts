import type { Shape, Size } from '../../network/layer.ts';
import type { ResolvedWindow } from '../../network/shapes.ts';

/** Rows or columns `start … end − 1` of the map that one output looks at. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * A pooling as engines need it: for every output row and column, the span of the map it looks at.
 */
export interface Spans {
  readonly rows: readonly Span[];
  readonly columns: readonly Span[];
}

/** Windows cut to the map: padding and overhang are left out. */
export function windowSpans(
  { kernel, stride, padding }: ResolvedWindow,
  [, H, W]: Shape,
  [, Y, X]: Shape,
): Spans {
  const along = (outputs: number, n: number, k: number, s: number, before: number): Span[] =>
    Array.from({ length: outputs }, (_, i) => ({
      start: Math.max(0, i * s - before),
      end: Math.min(n, i * s - before + k),
    }));
  return {
    rows: along(Y, H, kernel[0], stride[0], padding.top),
    columns: along(X, W, kernel[1], stride[1], padding.left),
  };
}

/** PyTorch's adaptive regions: rows ⌊i·h/o⌋ up to ⌈(i+1)·h/o⌉. */
export function adaptiveSpans([, H, W]: Shape, output: Size): Spans {
  const along = (outputs: number, n: number): Span[] =>
    Array.from({ length: outputs }, (_, i) => ({
      start: Math.floor((i * n) / outputs),
      end: Math.ceil(((i + 1) * n) / outputs),
    }));
  return { rows: along(output[0], H), columns: along(output[1], W) };
}

/**
 * Max-pooling: `out[n,c,y,x] = max of in[n,c,·,·] over the window`; among equals the first in
 * reading order wins.
 * @param input (N, C, H, W)
 * @param out (N, C, Y, X), written
 * @param switches (N, C, Y, X), written: where in `input` each maximum stood, for backward
 */
export function maxPool(
  spans: Spans,
  shape: Shape,
  input: Float64Array,
  count: number,
  out: Float64Array,
  switches: Int32Array,
): void {
  eachWindow(spans, shape, count, (at, cells) => {
    let best = -1;
    cells((i) => {
      if (
        best < 0 ||
        input[i]! > input[best]! ||
        (Number.isNaN(input[i]!) && !Number.isNaN(input[best]!))
      )
        best = i;
    });
    out[at] = input[best]!;
    switches[at] = best;
  });
}

/**
 * The gradient goes where the maximum stood: `dIn[switches[j]] += dOut[j]`. @param dInput (N, C, H,
 * W), overwritten
 */
export function maxPoolBackward(
  switches: Int32Array,
  dOut: Float64Array,
  length: number,
  dInput: Float64Array,
): void {
  dInput.fill(0);
  for (let i = 0; i < length; i++) dInput[switches[i]!]! += dOut[i]!;
}

/** Average-pooling: the mean over the window's cells inside the map. */
export function averagePool(
  spans: Spans,
  shape: Shape,
  input: Float64Array,
  count: number,
  out: Float64Array,
): void {
  eachWindow(spans, shape, count, (at, cells, area) => {
    let sum = 0;
    cells((i) => {
      sum += input[i]!;
    });
    out[at] = sum / area;
  });
}

/**
 * Each cell of a window gets an equal share: `dIn[i] += dOut[j] / area`. @param dInput (N, C, H,
 * W), overwritten
 */
export function averagePoolBackward(
  spans: Spans,
  shape: Shape,
  dOut: Float64Array,
  count: number,
  dInput: Float64Array,
): void {
  dInput.fill(0);
  eachWindow(spans, shape, count, (at, cells, area) => {
    cells((i) => {
      dInput[i]! += dOut[at]! / area;
    });
  });
}

type Cells = (use: (index: number) => void) => void;

function eachWindow(
  { rows, columns }: Spans,
  [C, H, W]: Shape,
  count: number,
  use: (at: number, cells: Cells, area: number) => void,
): void {
  let at = 0;
  for (let map = 0; map < count * C; map++) {
    for (const row of rows) {
      for (const column of columns) {
        const cells: Cells = (each) => {
          for (let y = row.start; y < row.end; y++) {
            for (let x = column.start; x < column.end; x++) each((map * H + y) * W + x);
          }
        };
        use(at++, cells, (row.end - row.start) * (column.end - column.start));
      }
    }
  }
}
