import { inputPicture } from 'alexnet/browser';
import type { Reckoned, Traced } from './index.ts';

/** A pixel's byte, brought to the network's scale. */
export function inputTrace({ model, output, unit, y, x, shape }: Traced): Reckoned {
  const { preprocessing, meanImage } = model;
  const { scale, deviation, channels } = preprocessing;
  const { data, width } = inputPicture(output, preprocessing, meanImage);
  const byte = data[3 * (y * width + x) + (channels === 'RGB' ? unit : 2 - unit)]!;
  const value = output[(unit * shape.output[1] + y) * shape.output[2] + x]!;
  const spread = deviation[unit]!;
  const mean =
    'tensor' in preprocessing.mean ? byte * scale - value * spread : preprocessing.mean[unit]!;
  return {
    trace: { kind: 'input', byte, scale, mean, deviation: spread },
    reckoned: (byte * scale - mean) / spread,
  };
}
