import { valuesOf } from 'alexnet/browser';
import type { LayerShape, Model } from 'alexnet/browser';
import type { Grid, Trace } from '../protocol.ts';
import { convolutionTrace } from './convolution.ts';
import { denseTrace } from './dense.ts';
import { lrnTrace } from './lrn.ts';
import { inputTrace } from './input.ts';

/** What one number is traced in. */
export interface Traced {
  readonly shape: LayerShape;
  readonly below: LayerShape | undefined;
  /** The layer's input and output, one picture's. */
  readonly input: Float32Array;
  readonly output: Float32Array;
  readonly model: Model;
  readonly unit: number;
  readonly y: number;
  readonly x: number;
}

export interface Reckoned {
  readonly trace: Trace;
  /** The number by this trace's own arithmetic, in float64. */
  readonly reckoned: number;
}

/** How a number came about, by its layer's formula. */
export function traceOf(traced: Traced): Reckoned {
  const { layer } = traced.shape;
  const from = traced.input[positionOf(traced)] ?? 0;
  switch (layer.type) {
    case 'input':
      return inputTrace(traced);
    case 'convolution':
      return convolutionTrace(traced, layer, bias(traced));
    case 'dense':
      return denseTrace(traced, bias(traced));
    case 'relu':
      return { trace: { kind: 'relu', from }, reckoned: Math.max(0, from) };
    case 'tanh':
      return { trace: { kind: 'tanh', from }, reckoned: Math.tanh(from) };
    case 'dropout': {
      const factor = layer.scale === 'test' ? 1 - layer.rate : 1;
      return { trace: { kind: 'dropout', from, factor }, reckoned: from * factor };
    }
    case 'lrn':
      return lrnTrace(traced, layer);
    case 'maxPool':
      return maximumTrace(windowOf(traced));
    case 'averagePool':
    case 'adaptiveAveragePool':
      return meanTrace(windowOf(traced));
    case 'softmax':
      return softmaxTrace(traced);
  }
}

function positionOf({ shape, unit, y, x }: Traced): number {
  return (unit * shape.input[1] + y) * shape.input[2] + x;
}

function bias({ model, shape, unit }: Traced): number {
  return valuesOf(model.weights, `${shape.layer.name}.bias`)![unit]!;
}

/** What a pooling looks at; NaN where it hangs over the border. */
function windowOf({ shape, input, unit, y, x }: Traced): Grid {
  const [, rows, columns] = shape.input;
  const along = (side: 0 | 1, place: number): { from: number; to: number } => {
    if (shape.window === undefined) {
      const [cells, outputs] = [shape.input[side + 1]!, shape.output[side + 1]!];
      return {
        from: Math.floor((place * cells) / outputs),
        to: Math.ceil(((place + 1) * cells) / outputs),
      };
    }
    const before = side === 0 ? shape.window.padding.top : shape.window.padding.left;
    const from = place * shape.window.stride[side] - before;
    return { from, to: from + shape.window.kernel[side] };
  };
  const [down, across] = [along(0, y), along(1, x)];
  const [height, width] = [down.to - down.from, across.to - across.from];
  const values = Float32Array.from({ length: height * width }, (_, i) => {
    const [row, column] = [down.from + Math.floor(i / width), across.from + (i % width)];
    const inside = row >= 0 && row < rows && column >= 0 && column < columns;
    return inside ? input[(unit * rows + row) * columns + column]! : NaN;
  });
  return { top: down.from, left: across.from, height, width, values };
}

function maximumTrace(window: Grid): Reckoned {
  let best = -1;
  for (const [i, value] of window.values.entries())
    if (!Number.isNaN(value) && (best < 0 || value > window.values[best]!)) best = i;
  const at = [Math.floor(best / window.width), best % window.width] as const;
  return { trace: { kind: 'maximum', window, at }, reckoned: window.values[best]! };
}

function meanTrace(window: Grid): Reckoned {
  const seen = [...window.values].filter((value) => !Number.isNaN(value));
  const mean = seen.reduce((sum, value) => sum + value, 0) / seen.length;
  return { trace: { kind: 'mean', window }, reckoned: mean };
}

function softmaxTrace({ input, unit }: Traced): Reckoned {
  const largest = input.reduce((most, value) => Math.max(most, value), -Infinity);
  const sum = input.reduce((so, value) => so + Math.exp(value - largest), 0);
  return {
    trace: { kind: 'softmax', scores: [...input], unit, sum, largest },
    reckoned: Math.exp(input[unit]! - largest) / sum,
  };
}
