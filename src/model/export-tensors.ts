import { writeNpz } from '../formats/numpy.ts';
import { writeSafetensors } from '../formats/safetensors.ts';
import type { NamedTensor, WrittenPrecision } from '../formats/tensor.ts';
import { parametersOf } from '../network/parameters.ts';
import { checkModel } from './model.ts';
import type { Model } from './model.ts';
import { torchvisionNames } from './tensor-names.ts';
import { valuesOf } from './weights.ts';

/** Weights alone under our names, in our layouts. */
export function exportNpz(model: Model, precision: WrittenPrecision = 'f32'): Iterable<Uint8Array> {
  checkModel(model);
  return writeNpz(
    parametersOf(model.network).map(({ name, shape }) => ({
      name,
      shape,
      data: valuesOf(model.weights, name)!,
    })),
    precision,
  );
}

/**
 * Weights alone under torchvision's names, as `torchvision.models.alexnet().load_state_dict` takes
 * them. @throws {AlexNetError} for other kinds of network.
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
  return writeSafetensors(tensors, { metadata: { format: 'pt' }, precision });
}
