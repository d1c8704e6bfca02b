import { valuesOf } from 'alexnet/browser';
import type { ConvolutionLayer } from 'alexnet/browser';
import type { Reckoned, Traced } from './index.ts';

/** Patch times kernel, written out; the zeros of the padding stand in the patch. */
export function convolutionTrace(
  { shape, below, input, model, unit, y, x }: Traced,
  layer: ConvolutionLayer,
  bias: number,
): Reckoned {
  const [height, width] = layer.kernel;
  const [all, rows, columns] = shape.input;
  const channels = all / layer.groups;
  const from = Math.floor((unit * layer.groups) / layer.kernels) * channels;
  const size = channels * height * width;
  const weight = valuesOf(model.weights, `${layer.name}.weight`)!;
  const kernel = weight.slice(unit * size, (unit + 1) * size);
  const top = y * layer.stride[0] - layer.padding.top;
  const left = x * layer.stride[1] - layer.padding.left;
  const patch = new Float32Array(size);
  const sums = new Float64Array(channels);
  for (let i = 0; i < size; i++) {
    const c = Math.floor(i / (height * width));
    const row = top + (Math.floor(i / width) % height);
    const column = left + (i % width);
    if (row >= 0 && row < rows && column >= 0 && column < columns)
      patch[i] = input[((from + c) * rows + row) * columns + column]!;
    sums[c]! += patch[i]! * kernel[i]!;
  }
  return {
    trace: {
      kind: 'convolution',
      bias,
      from,
      below: below!.layer.name,
      top,
      left,
      shape: [channels, height, width],
      patch,
      kernel,
      sums: Float32Array.from(sums),
    },
    reckoned: sums.reduce((sum, value) => sum + value, bias),
  };
}
