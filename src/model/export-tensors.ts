import { writeNpz } from '../formats/numpy.ts';
import type { NumpyArray } from '../formats/numpy.ts';
import { writeSafetensors } from '../formats/safetensors.ts';
import type { NamedTensor, WrittenPrecision } from '../formats/tensor.ts';
import type { Network } from '../network/layer.ts';
import { parametersOf } from '../network/parameters.ts';
import { inferShapes } from '../network/shapes.ts';
import { alexnet } from '../network/variants.ts';
import { computation } from './chain.ts';
import { withMeanColour } from './mean-colour.ts';
import { checkModel, describe, meanShape, namesKey } from './model.ts';
import type { Model } from './model.ts';
import { torchvisionNames } from './tensor-names.ts';
import { valuesOf } from './weights.ts';

/** The array of an `.npz` that holds what is no tensor: JSON as UTF-8 bytes. */
export const descriptionArray = 'alexnet';

/**
 * Weights under our names, in our layouts. Network, labels and preprocessing travel in the array
 * "alexnet".
 */
export function exportNpz(model: Model, precision: WrittenPrecision = 'f32'): Iterable<Uint8Array> {
  checkModel(model);
  const { network, weights, preprocessing, meanImage } = model;
  const description = new TextEncoder().encode(JSON.stringify(describe(model)));
  const arrays: NumpyArray[] = [
    { name: descriptionArray, shape: [description.length], data: description },
    ...parametersOf(network).map(({ name, shape }) => ({
      name,
      shape,
      data: valuesOf(weights, name)!,
    })),
  ];
  if ('tensor' in preprocessing.mean)
    arrays.push({
      name: preprocessing.mean.tensor,
      shape: meanShape(preprocessing),
      data: meanImage!,
    });
  return writeNpz(arrays, precision);
}

/**
 * Weights under torchvision's names, as `torchvision.models.alexnet().load_state_dict` takes them.
 * Network, labels and preprocessing travel in the metadata; of a mean image its mean colour.
 * @throws {AlexNetError} for other kinds of network.
 */
export function exportTorchvision(
  model: Model,
  precision: WrittenPrecision = 'f32',
): Iterable<Uint8Array> {
  checkModel(model);
  const names = torchvisionNames(model.network);
  const tensors: NamedTensor[] = parametersOf(model.network).map(({ name, shape }) => ({
    name: names.get(name)!,
    shape,
    data: valuesOf(model.weights, name)!,
  }));
  const described = describe(withMeanColour(model));
  const metadata = { ...described, [namesKey]: 'torchvision', format: 'pt' };
  return writeSafetensors(tensors, { metadata, precision, checksums: true });
}

/**
 * Why torchvision's `alexnet` would not answer as this network with its weights; undefined where it
 * does.
 */
export function torchvisionMisfit(network: Network): string | undefined {
  const [first] = network;
  const classes = inferShapes(network).at(-1)!.output[0];
  const shapes = (layers: Network): string =>
    parametersOf(layers)
      .map(({ shape }) => shape.join('×'))
      .join();
  if (shapes(network) !== shapes(alexnet('torchvision', { classes })))
    return 'its weights have other shapes, so load_state_dict refuses them';
  const input = first?.type === 'input' ? first.shape[1] : 224;
  const theirs = alexnet('torchvision', { classes, input });
  return computation(network) === computation(theirs)
    ? undefined
    : 'its shapes are the same, but it computes something else (LRN, windows or order of layers)';
}
