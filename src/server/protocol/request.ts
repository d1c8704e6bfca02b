import { sniff } from '../../images/sniff.ts';
import { Refusal, expect } from '../refusal.ts';

/** A tensor as the client sent it: numbers of FP32, or the elements of BYTES. */
export interface InferInput {
  /** Undefined for a body that is nothing but one tensor. */
  readonly name: string | undefined;
  readonly datatype: 'FP32' | 'BYTES';
  /** Undefined for a body that is nothing but one tensor. */
  readonly shape: readonly number[] | undefined;
  readonly numbers?: Float32Array<ArrayBuffer>;
  readonly elements?: Uint8Array[];
}

/** What the client wants of one output. */
export interface InferOutput {
  readonly name: string;
  readonly binary: boolean | undefined;
  /** How many classes, as text, instead of the numbers. */
  readonly classification: number | undefined;
}

/** A request of the Open Inference Protocol, read but not yet held against a model. */
export interface InferRequest {
  readonly id: string | undefined;
  /** In seconds; the client's own limit. */
  readonly timeout: number | undefined;
  /** For outputs that do not say. */
  readonly binary: boolean;
  readonly inputs: readonly InferInput[];
  /** Undefined: all. */
  readonly outputs: readonly InferOutput[] | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a request's body.
 * @param jsonLength what the header `Inference-Header-Content-Length` says: the JSON's bytes, which
 * the tensors follow; 0 for a body that is one tensor; undefined where all of it is JSON.
 * @throws {Refusal} naming what is not as the protocol has it.
 */
export function parseInfer(body: Uint8Array, jsonLength: number | undefined): InferRequest {
  if (jsonLength === 0) return rawRequest(body);
  expect(
    jsonLength === undefined || jsonLength <= body.length,
    () =>
      `Inference-Header-Content-Length says that the JSON has ${jsonLength} bytes, but the body ` +
      `has ${body.length}.`,
  );
  const fields = parseJson(body.subarray(0, jsonLength));
  const { id, inputs, outputs } = fields;
  expect(
    id === undefined || (typeof id === 'string' && id.length <= 1000),
    () => `Expected "id" to be a text of at most 1000 characters but found ${shown(id)}.`,
  );
  expect(
    Array.isArray(inputs) && inputs.length === 1,
    () =>
      'Expected "inputs" to be an array of one tensor, but found ' +
      `${Array.isArray(inputs) ? `${inputs.length} of them` : shown(inputs)}.`,
  );
  expect(
    outputs === undefined || Array.isArray(outputs),
    () => `Expected "outputs" to be an array but found ${shown(outputs)}.`,
  );
  const parameters = parametersOf(fields, 'the request');
  const binary = new BinaryPart(body.subarray(jsonLength ?? body.length));
  const request = {
    id,
    timeout: timeoutOf(parameters),
    binary: flag(parameters, 'binary_data_output') ?? false,
    inputs: [inputOf((inputs as unknown[])[0], binary)],
    outputs: outputs === undefined ? undefined : outputsOf(outputs as unknown[]),
  };
  binary.checkEmpty();
  return request;
}

/** The shape comes from the model; whether it is a picture, from its first bytes. */
function rawRequest(body: Uint8Array): InferRequest {
  const content = sniff(body);
  const picture = content !== undefined && 'picture' in content;
  const raw = { name: undefined, shape: undefined };
  const input: InferInput = picture
    ? { ...raw, datatype: 'BYTES', elements: [Uint8Array.from(body)] }
    : { ...raw, datatype: 'FP32', numbers: floats(body) };
  return { id: undefined, timeout: undefined, binary: false, inputs: [input], outputs: undefined };
}

function parseJson(text: Uint8Array): Fields {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text));
  } catch (error) {
    const why = error instanceof SyntaxError ? error.message : 'it is not UTF-8';
    throw new Refusal('wrong', `Expected a request as JSON, but it is none: ${why.slice(0, 200)}.`);
  }
  expect(isObject(value), () => `Expected a JSON object but found ${shown(value)}.`);
  return value;
}

function inputOf(value: unknown, binary: BinaryPart): InferInput {
  expect(isObject(value), () => `Expected an input to be an object but found ${shown(value)}.`);
  const { name, datatype, shape, data } = value;
  expect(
    typeof name === 'string',
    () => `Expected an input's "name" to be a text but found ${shown(name)}.`,
  );
  expect(
    datatype === 'FP32' || datatype === 'BYTES',
    () =>
      `Expected the input's "datatype" to be FP32 (numbers) or BYTES (pictures: JPEG, PNG, …) but ` +
      `found ${shown(datatype)}.`,
  );
  const dimensions = shapeOf(shape);
  const size = binarySize(parametersOf(value, 'the input'));
  if (size === undefined) return { name, datatype, shape: dimensions, ...fromJson(datatype, data) };
  expect(
    data === undefined,
    () => 'The input has "data" and "binary_data_size": expected one of them.',
  );
  const bytes = binary.take(size);
  return datatype === 'FP32'
    ? { name, datatype, shape: dimensions, numbers: floats(bytes) }
    : { name, datatype, shape: dimensions, elements: splitElements(bytes) };
}

function shapeOf(shape: unknown): number[] {
  const valid =
    Array.isArray(shape) &&
    shape.length > 0 &&
    shape.length <= 8 &&
    shape.every((side) => Number.isSafeInteger(side) && side > 0);
  expect(
    valid,
    () => `Expected "shape" to be 1 to 8 whole numbers above zero but found ${shown(shape)}.`,
  );
  return shape as number[];
}

function binarySize(parameters: Fields): number | undefined {
  const size = parameters['binary_data_size'];
  expect(
    size === undefined || (Number.isSafeInteger(size) && (size as number) >= 0),
    () => `Expected "binary_data_size" to be a number of bytes but found ${shown(size)}.`,
  );
  return size as number | undefined;
}

function fromJson(
  datatype: 'FP32' | 'BYTES',
  data: unknown,
): Pick<InferInput, 'numbers' | 'elements'> {
  expect(
    Array.isArray(data),
    () =>
      `Expected the input to have "data", an array, or the parameter "binary_data_size", but found ` +
      `${data === undefined ? 'neither' : `data ${shown(data)}`}.`,
  );
  if (datatype === 'BYTES') return { elements: flat(data).map(base64) };
  // One loop for what most clients send, a flat array.
  const values = Array.isArray(data[0]) ? flat(data) : (data as unknown[]);
  const numbers = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value !== 'number')
      throw new Refusal('wrong', `Expected numbers in "data" but found ${shown(value)} at ${i}.`);
    numbers[i] = value;
  }
  return { numbers };
}

/** Arrays in arrays, as the protocol allows, in the order of their elements. */
function flat(data: readonly unknown[]): unknown[] {
  return data.flat(8);
}

function base64(value: unknown): Uint8Array {
  expect(
    typeof value === 'string',
    () => `Expected pictures in "data" as texts of base64 but found ${shown(value)}.`,
  );
  const text = value.replace(/^data:[^,]{0,100},/, '');
  expect(
    /^[\w+/-]*={0,2}$/.test(text),
    () =>
      'Expected pictures in "data" as texts of base64, but found other characters. Send pictures ' +
      'as they are in the binary part, or encode them.',
  );
  return Uint8Array.from(Buffer.from(text, 'base64'));
}

function outputsOf(outputs: readonly unknown[]): InferOutput[] {
  const found = outputs.map((value) => {
    expect(isObject(value), () => `Expected an output to be an object but found ${shown(value)}.`);
    const { name } = value;
    expect(
      typeof name === 'string',
      () => `Expected an output's "name" to be a text but found ${shown(name)}.`,
    );
    const parameters = parametersOf(value, `the output "${name}"`);
    return {
      name,
      binary: flag(parameters, 'binary_data'),
      classification: classificationOf(parameters),
    };
  });
  const names = found.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  expect(twice === undefined, () => `The output "${twice}" is asked for twice.`);
  return found;
}

function classificationOf(parameters: Fields): number | undefined {
  const count = parameters['classification'];
  expect(
    count === undefined || (Number.isSafeInteger(count) && (count as number) >= 0),
    () => `Expected "classification" to be a number of classes but found ${shown(count)}.`,
  );
  return count === 0 ? undefined : (count as number | undefined);
}

/** Triton's clients give microseconds. */
function timeoutOf(parameters: Fields): number | undefined {
  const timeout = parameters['timeout'];
  if (timeout === undefined || timeout === 0) return undefined;
  expect(
    typeof timeout === 'number' && timeout > 0,
    () => `Expected "timeout" to be a number of microseconds but found ${shown(timeout)}.`,
  );
  return timeout / 1e6;
}

function flag(parameters: Fields, name: string): boolean | undefined {
  const value = parameters[name];
  expect(
    value === undefined || typeof value === 'boolean',
    () => `Expected "${name}" to be true or false but found ${shown(value)}.`,
  );
  return value;
}

function parametersOf({ parameters = {} }: Fields, whose: string): Fields {
  expect(
    isObject(parameters),
    () => `Expected "parameters" of ${whose} to be an object but found ${shown(parameters)}.`,
  );
  return parameters;
}

/** What follows the JSON: tensors one after another. */
class BinaryPart {
  #rest: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#rest = bytes;
  }

  take(size: number): Uint8Array {
    expect(
      size <= this.#rest.length,
      () =>
        `The input says that it has ${size} bytes after the JSON, but there are ` +
        `${this.#rest.length}. Does the header Inference-Header-Content-Length tell the JSON's ` +
        'length?',
    );
    const taken = this.#rest.subarray(0, size);
    this.#rest = this.#rest.subarray(size);
    return taken;
  }

  checkEmpty(): void {
    expect(
      this.#rest.length === 0,
      () => `${this.#rest.length} bytes are left over that belong to no input.`,
    );
  }
}

/** Elements of a BYTES tensor: each its length as u32, then its bytes. */
function splitElements(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const elements: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const length = at + 4 <= bytes.length ? view.getUint32(at, true) : Infinity;
    const from = at;
    expect(
      from + 4 + length <= bytes.length,
      () =>
        `A BYTES tensor is cut off: expected a length of 4 bytes and an element at byte ${from}, ` +
        `but the tensor ends at ${bytes.length}.`,
    );
    elements.push(Uint8Array.from(bytes.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return elements;
}

/** In their place, or copied where that is none that numbers can stand at. */
function floats(bytes: Uint8Array): Float32Array<ArrayBuffer> {
  expect(
    bytes.length % 4 === 0,
    () => `Expected numbers of 4 bytes (FP32) but found ${bytes.length} bytes.`,
  );
  const { buffer, byteOffset, length } = bytes;
  if (byteOffset % 4 === 0 && buffer instanceof ArrayBuffer)
    return new Float32Array(buffer, byteOffset, length / 4);
  return new Float32Array(Uint8Array.from(bytes).buffer);
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A client's value in an error: short. */
function shown(value: unknown): string {
  if (value === undefined) return 'none';
  const text = Array.isArray(value) && value.length > 8 ? 'a longer array' : JSON.stringify(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
