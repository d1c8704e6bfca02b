import { ranking } from '../../inference/ranking.ts';
import type { Label } from '../../model/model.ts';
import { refuseNaN } from '../../inference/predictions.ts';
import type { Outputs } from '../batching/queue.ts';
import { onlyVersion } from '../models/repository.ts';

/** One output as it is answered. */
export interface Answered {
  readonly name: string;
  /** `[pictures, …]` */
  readonly shape: readonly number[];
  readonly binary: boolean;
  readonly classification: number | undefined;
}

export interface AnswerOptions {
  readonly model: string;
  readonly id: string | undefined;
  readonly outputs: readonly Answered[];
  readonly labels: readonly Label[];
}

/** A body, and how many of its bytes are JSON where tensors follow. */
export interface InferAnswer {
  readonly body: string | Buffer;
  readonly jsonLength: number | undefined;
}

interface Tensor {
  readonly description: Record<string, unknown>;
  readonly binary: Uint8Array | undefined;
}

/** @throws {AlexNetError} where JSON cannot say what came out: NaN. */
export function writeAnswer(found: Outputs, options: AnswerOptions): InferAnswer {
  const { model, id, outputs, labels } = options;
  const tensors = outputs.map((output) => tensorOf(output, found.get(output.name)!, labels));
  const json = JSON.stringify({
    model_name: model,
    model_version: onlyVersion,
    ...(id !== undefined && { id }),
    outputs: tensors.map(({ description }) => description),
  });
  const binaries = tensors.flatMap(({ binary }) => (binary === undefined ? [] : [binary]));
  if (binaries.length === 0) return { body: json, jsonLength: undefined };
  const head = Buffer.from(json);
  return { body: Buffer.concat([head, ...binaries]), jsonLength: head.length };
}

function tensorOf(
  { name, shape, binary, classification }: Answered,
  values: Float32Array,
  labels: readonly Label[],
): Tensor {
  if (classification !== undefined)
    return classes(name, shape, binary, classification, values, labels);
  const description = { name, datatype: 'FP32', shape };
  if (binary) {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return withBinary(description, bytes);
  }
  refuseNaN(values);
  return { description: { ...description, data: Array.from(values) }, binary: undefined };
}

/** `value:index:label` of the first classes of each picture, the largest value first. */
function classes(
  name: string,
  shape: readonly number[],
  binary: boolean,
  classification: number,
  values: Float32Array,
  labels: readonly Label[],
): Tensor {
  const pictures = shape[0]!;
  const each = values.length / pictures;
  const count = Math.min(classification, each);
  const texts: string[] = [];
  for (let i = 0; i < pictures; i++) {
    const own = values.subarray(i * each, (i + 1) * each);
    for (const index of ranking(own, count)) {
      const label = each === labels.length ? `:${labels[index]!.name}` : '';
      texts.push(`${own[index]}:${index}${label}`);
    }
  }
  const description = { name, datatype: 'BYTES', shape: [pictures, count] };
  if (!binary) return { description: { ...description, data: texts }, binary: undefined };
  return withBinary(description, joinElements(texts));
}

function withBinary(description: Record<string, unknown>, bytes: Uint8Array): Tensor {
  const parameters = { binary_data_size: bytes.length };
  return { description: { ...description, parameters }, binary: bytes };
}

/** Elements of a BYTES tensor: each its length as u32, then its bytes. */
function joinElements(texts: readonly string[]): Uint8Array {
  const parts = texts.flatMap((text) => {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat(parts);
}
