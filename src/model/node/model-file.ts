import { AlexNetError } from '../../errors.ts';
import type { WrittenPrecision } from '../../formats/tensor.ts';
import { withFile, writeWhole } from '#platform';
import { decodeModel, encodeModel } from '../model.ts';
import type { Model } from '../model.ts';

/**
 * Reads a model file.
 * @throws {AlexNetError} where the file is damaged, or holds weights without a network
 * (`importWeights` turns those into models).
 */
export async function readModel(path: string): Promise<Model> {
  return withFile(path, (source) => naming(path, () => decodeModel(source)));
}

/**
 * Writes a model file: beside its place, flushed, then renamed. @throws {AlexNetError} where the
 * model contradicts itself.
 */
export async function writeModel(
  path: string,
  model: Model,
  precision: WrittenPrecision = 'f32',
): Promise<void> {
  await writeWhole(path, encodeModel(model, precision));
}

/** Puts the file's name before what is wrong with it. */
export async function naming<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AlexNetError)
      throw new AlexNetError(`${path}: ${error.message}`, { cause: error });
    throw error;
  }
}
