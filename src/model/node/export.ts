import { extname } from 'node:path';
import { UsageError } from '../../errors.ts';
import { exportOnnx } from '../export-onnx.ts';
import type { OnnxOptions } from '../export-onnx.ts';
import { exportNpz, exportTorchvision } from '../export-tensors.ts';
import { writeWhole } from '#platform';
import { encodeModel } from '../model.ts';
import type { Model } from '../model.ts';

export interface ExportOptions extends OnnxOptions {
  /**
   * Whose names a safetensors file bears. Default ours, with network, labels and preprocessing in
   * it.
   */
  readonly names?: 'ours' | 'torchvision';
}

/** What is written, by the ending of the file's name. */
export const writtenKinds = {
  '.safetensors': 'safetensors',
  '.onnx': 'onnx',
  '.npz': 'numpy',
} as const;

type WrittenKind = (typeof writtenKinds)[keyof typeof writtenKinds];

/** What would be written. @throws {UsageError} for endings that say nothing. */
export function checkWritten(path: string): WrittenKind {
  const ending = extname(path).toLowerCase();
  if (Object.hasOwn(writtenKinds, ending)) return writtenKinds[ending as keyof typeof writtenKinds];
  throw new UsageError(
    `The ending of ${path} should say what is written: ` +
      `${Object.keys(writtenKinds).join(', ')}. Found "${ending}".`,
  );
}

/**
 * Writes a model as what the ending of `path` says: `.safetensors`, `.onnx` or `.npz`. @throws
 * {UsageError} for other endings.
 */
export async function exportModel(
  path: string,
  model: Model,
  options: ExportOptions = {},
): Promise<WrittenKind> {
  const kind = checkWritten(path);
  await writeWhole(path, encode(kind, model, options));
  return kind;
}

function encode(kind: WrittenKind, model: Model, options: ExportOptions): Iterable<Uint8Array> {
  const { precision = 'f32', names = 'ours' } = options;
  if (kind === 'onnx') return exportOnnx(model, options);
  if (kind === 'numpy') return exportNpz(model, precision);
  return names === 'torchvision'
    ? exportTorchvision(model, precision)
    : encodeModel(model, options.precision);
}
