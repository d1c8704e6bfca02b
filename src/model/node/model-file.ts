import { writeWhole } from '#platform';
import type { WrittenPrecision } from '../../formats/tensor.ts';
import { withInput } from '../input.ts';
import { decodeModel, encodeModel } from '../model.ts';
import type { Model } from '../model.ts';

/**
 * Reads a model file.
 * @throws {AlexNetError} where the file is damaged, or holds weights without a network
 * (`importWeights` turns those into models).
 */
export async function readModel(path: string): Promise<Model> {
  return withInput(path, (source) => decodeModel(source));
}

/**
 * Writes a model file: beside its place, flushed, then renamed. @throws {AlexNetError} where the
 * model contradicts itself.
 */
export async function writeModel(
  path: string,
  model: Model,
  precision?: WrittenPrecision,
): Promise<void> {
  await writeWhole(path, encodeModel(model, precision));
}
