import { permuteAxes } from '../formats/tensor.ts';
import type { StoredTensor } from '../formats/tensor.ts';
import type { Shape } from '../network/layer.ts';

/**
 * Reads weights of TensorFlow's layouts into ours: `[h, w, in, out]` into `[out, in, h, w]`, and
 * `[in, out]` into `[out, in]`.
 * @param input what the layer gets: a dense layer's inputs are stored channels last, and wanted
 * channels first.
 */
export async function readTransposed(weight: StoredTensor, input: Shape): Promise<Float32Array> {
  const [channels, height, width] = input;
  const { shape, readPart } = weight;
  if (shape.length === 4) return permuteAxes(await weight.read(), shape, [3, 2, 0, 1]);
  if (readPart === undefined)
    return permuteAxes(await weight.read(), [height, width, channels, shape[1]!], [3, 2, 0, 1]);
  return inPieces(readPart, input, shape[1]!);
}

/** So many channels of one place are read together, so that the largest layer is not held twice. */
const rowsTogether = 256;

/** So many outputs are turned together: their pieces of the rows fit into the first-level cache. */
const columnsTogether = 16;

async function inPieces(
  readPart: NonNullable<StoredTensor['readPart']>,
  [channels, height, width]: Shape,
  outputs: number,
): Promise<Float32Array> {
  const places = height * width;
  const out = new Float32Array(places * channels * outputs);
  for (let place = 0; place < places; place++) {
    for (let first = 0; first < channels; first += rowsTogether) {
      const rows = Math.min(rowsTogether, channels - first);
      const part = await readPart((place * channels + first) * outputs, rows * outputs);
      for (let column = 0; column < outputs; column += columnsTogether) {
        for (let output = column; output < Math.min(outputs, column + columnsTogether); output++) {
          const at = (output * channels + first) * places + place;
          for (let row = 0; row < rows; row++)
            out[at + row * places] = part[row * outputs + output]!;
        }
      }
    }
  }
  return out;
}
