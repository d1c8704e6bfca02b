import {
  describeKernels,
  findLayer,
  inferShapes,
  rangeOf,
  signedPicture,
  valuesOf,
} from 'alexnet/browser';
import type { Model } from 'alexnet/browser';
import type { Task } from '../context.ts';
import type { KernelsAnswer, ModelSource } from '../protocol.ts';
import { shadesOf } from '../shades.ts';

interface Wish {
  readonly model: ModelSource;
  readonly engine: string;
  readonly layer: string;
  readonly unit: number;
}

/** A convolution's weights: as small pictures where they work on colours, else one unit's tiles. */
export const kernels: Task<Wish, KernelsAnswer> = async ({ model: source, layer, unit }, asked) => {
  const { model } = await asked.models.get(source, asked.progress);
  const shape = findLayer(inferShapes(model.network), layer);
  if (shape.layer.type !== 'convolution')
    throw new Error(`Layer “${layer}” has no kernels: it is of type ${shape.layer.type}.`);
  const [height, width] = shape.layer.kernel;
  const channels = shape.input[0] / shape.layer.groups;
  const weight = valuesOf(model.weights, `${layer}.weight`)!;
  const { high: largest } = rangeOf(weight.map(Math.abs));
  const about = { layer, unit, largest };
  if (channels === 3 && shape.input[0] === 3)
    return { ...about, ...asPictures(model, weight, [shape.layer.kernels, 3, height, width]) };
  const size = channels * height * width;
  const group = Math.floor((unit * shape.layer.groups) / shape.layer.kernels);
  const tiles = shadesOf(weight.slice(unit * size, (unit + 1) * size));
  return {
    ...about,
    tiles: { ...tiles, shape: [channels, height, width], from: group * channels },
  };
};

/** Each kernel on a scale of its own: what it looks for, not how strongly. */
function asPictures(
  { preprocessing: { channels: order } }: Model,
  weight: Float32Array,
  shape: readonly [number, number, number, number],
): Pick<KernelsAnswer, 'pictures' | 'descriptions'> {
  const [kernels, channels, height, width] = shape;
  const size = channels * height * width;
  const pictures = Array.from({ length: kernels }, (_, k) => {
    const kernel = weight.subarray(k * size, (k + 1) * size);
    const { high } = rangeOf(kernel.map(Math.abs));
    return signedPicture(kernel, [channels, height, width], high, order);
  });
  const descriptions = describeKernels(weight, shape).map(({ kind, norm, angle }) => ({
    kind,
    norm,
    angle,
  }));
  return { pictures, descriptions };
}
