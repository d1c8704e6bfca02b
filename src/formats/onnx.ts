/**
 * ONNX models (github.com/onnx/onnx, onnx.proto), read and written as what they say, without
 * judgement.
 */
import { AlexNetError } from '../errors.ts';
import { checkedTensor, checksumOf, checksumsKey, parseChecksums } from './checked-tensor.ts';
import { Pages } from './pages.ts';
import { ProtobufReader, ProtobufWriter, expectWire } from './protobuf.ts';
import type { Field } from './protobuf.ts';
import { bytesSource, partOf } from './source.ts';
import type { ByteSource } from './source.ts';
import {
  bytesOf,
  dtypeBytes,
  elementCount,
  encodeNumbers,
  showShape,
  storedTensor,
} from './tensor.ts';
import type { Dtype, StoredTensor, WrittenPrecision } from './tensor.ts';

export interface OnnxNode {
  readonly name: string;
  readonly type: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
}

export type OnnxAttribute = number | string | readonly number[] | OnnxTensor | undefined;

/** A tensor, and its numbers right away where they are few (shapes, axes). */
export interface OnnxTensor extends StoredTensor {
  readonly numbers: readonly number[] | undefined;
}

/** Sizes are undefined where the model leaves them open. */
export interface OnnxValue {
  readonly name: string;
  readonly shape: readonly (number | undefined)[] | undefined;
  /** What it is, in its maker's words. */
  readonly doc?: string;
}

export interface OnnxModel {
  /** Of the default domain. */
  readonly opset: number;
  readonly producer: string;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly nodes: readonly OnnxNode[];
  readonly initializers: ReadonlyMap<string, OnnxTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** Opens a file that a model keeps tensors in, by its location relative to the model. */
export type OpenExternal = (location: string) => Promise<ByteSource>;

const dtypes: ReadonlyMap<number, Dtype> = new Map<number, Dtype>([
  [1, 'f32'],
  [2, 'u8'],
  [3, 'i8'],
  [4, 'u16'],
  [5, 'i16'],
  [6, 'i32'],
  [7, 'i64'],
  [9, 'bool'],
  [10, 'f16'],
  [11, 'f64'],
  [12, 'u32'],
  [13, 'u64'],
  [16, 'bf16'],
]);

const maximumNodes = 10_000;

/**
 * Whether the first bytes look like an ONNX model: its fields before the graph are short and known.
 */
export function isOnnx(start: Uint8Array): boolean {
  return (
    start[0] === 0x08 &&
    start[1]! > 0 &&
    start[1]! < 32 &&
    (start[2] === 0x12 ||
      start[2] === 0x1a ||
      start[2] === 0x3a ||
      start[2] === 0x42 ||
      start[2] === 0x22 ||
      start[2] === 0x28 ||
      start[2] === 0x32)
  );
}

/** Reads a model; tensors of more than a few numbers stay where they are. */
export async function readOnnx(
  source: ByteSource,
  openExternal?: OpenExternal,
): Promise<OnnxModel> {
  return new ModelReader(source, openExternal).model();
}

class ModelReader {
  readonly #source: ByteSource;
  readonly #open: OpenExternal | undefined;
  readonly #wire: ProtobufReader;
  /** Files beside the model, their bytes, and the bytes that tensors say they have there. */
  readonly #external = { files: new Set<string>(), stored: 0, shown: 0 };

  constructor(source: ByteSource, open: OpenExternal | undefined) {
    this.#source = source;
    this.#open = open;
    this.#wire = new ProtobufReader(new Pages(source));
  }

  async model(): Promise<OnnxModel> {
    const metadata = new Map<string, string>();
    let opset = 1;
    let producer = '';
    let graph: Awaited<ReturnType<ModelReader['graph']>> | undefined;
    for (const field of await this.#wire.fields(0, this.#source.size, 'the model')) {
      if (field.number === 2) producer = await this.#wire.text(field, "the producer's name");
      else if (field.number === 7) {
        if (graph !== undefined) throw damaged('it has two graphs');
        graph = await this.graph(field);
      } else if (field.number === 8) opset = (await this.#opset(field)) ?? opset;
      else if (field.number === 14) {
        const [key, value] = await this.#pair(field, 'metadata');
        if (metadata.has(key)) throw damaged(`its metadata holds "${key.slice(0, 60)}" twice`);
        metadata.set(key, value);
      }
    }
    if (graph === undefined) throw damaged('it has no graph');
    return {
      opset,
      producer,
      metadata,
      ...graph,
      initializers: checked(graph.initializers, metadata),
    };
  }

  async graph(
    field: Field,
  ): Promise<Pick<OnnxModel, 'nodes' | 'inputs' | 'outputs' | 'initializers'>> {
    expectWire(field, 'bytes', 'the graph');
    const [nodes, inputs, outputs]: [OnnxNode[], OnnxValue[], OnnxValue[]] = [[], [], []];
    const initializers = new Map<string, OnnxTensor>();
    for (const part of await this.#wire.fields(field.start, field.length, 'the graph')) {
      if (part.number === 1) nodes.push(await this.#node(part));
      else if (part.number === 5) {
        const tensor = await this.#tensor(part);
        if (initializers.has(tensor.name))
          throw damaged(`the tensor "${tensor.name.slice(0, 60)}" is there twice`);
        initializers.set(tensor.name, tensor);
      } else if (part.number === 11) inputs.push(await this.#value(part));
      else if (part.number === 12) outputs.push(await this.#value(part));
      else if (part.number === 15) throw damaged('it holds sparse tensors');
      if (
        nodes.length > maximumNodes ||
        initializers.size > maximumNodes ||
        inputs.length > maximumNodes
      )
        throw damaged(`it has more than ${maximumNodes} nodes or tensors`);
    }
    return { nodes, inputs, outputs, initializers };
  }

  async #opset(field: Field): Promise<number | undefined> {
    expectWire(field, 'bytes', 'an operator set');
    let domain = '';
    let version = 0;
    for (const part of await this.#wire.fields(field.start, field.length, 'an operator set')) {
      if (part.number === 1) domain = await this.#wire.text(part, 'a domain');
      if (part.number === 2) version = part.value;
    }
    return domain === '' || domain === 'ai.onnx' ? version : undefined;
  }

  async #pair(field: Field, what: string): Promise<[string, string]> {
    expectWire(field, 'bytes', what);
    let [key, value] = ['', ''];
    for (const part of await this.#wire.fields(field.start, field.length, what)) {
      if (part.number === 1) key = await this.#wire.text(part, what);
      if (part.number === 2) value = await this.#wire.text(part, what);
    }
    return [key, value];
  }

  async #node(field: Field): Promise<OnnxNode> {
    expectWire(field, 'bytes', 'a node');
    const node = {
      name: '',
      type: '',
      domain: '',
      inputs: [] as string[],
      outputs: [] as string[],
      attributes: new Map<string, OnnxAttribute>(),
    };
    for (const part of await this.#wire.fields(field.start, field.length, 'a node')) {
      if (part.number === 1) node.inputs.push(await this.#wire.text(part, "a node's input"));
      else if (part.number === 2) node.outputs.push(await this.#wire.text(part, "a node's output"));
      else if (part.number === 3) node.name = await this.#wire.text(part, "a node's name");
      else if (part.number === 4) node.type = await this.#wire.text(part, "a node's type");
      else if (part.number === 7) node.domain = await this.#wire.text(part, "a node's domain");
      else if (part.number === 5) {
        const [name, value] = await this.#attribute(part);
        if (node.attributes.has(name))
          throw damaged(`a node has the attribute "${name.slice(0, 60)}" twice`);
        node.attributes.set(name, value);
      }
    }
    return node;
  }

  async #attribute(field: Field): Promise<[string, OnnxAttribute]> {
    expectWire(field, 'bytes', 'an attribute');
    let name = '';
    let value: OnnxAttribute;
    const numbers: number[] = [];
    let listed = false;
    for (const part of await this.#wire.fields(field.start, field.length, 'an attribute')) {
      if (part.number === 1) name = await this.#wire.text(part, "an attribute's name");
      else if (part.number === 2) value = part.value;
      else if (part.number === 3) value = part.value;
      else if (part.number === 4) value = await this.#wire.text(part, 'an attribute');
      else if (part.number === 5) value = await this.#tensor(part);
      else if (part.number === 7 || part.number === 8) {
        listed = true;
        for (const number of part.number === 7
          ? await this.#wire.floats(part, 'an attribute')
          : await this.#wire.wholes(part, 'an attribute'))
          numbers.push(number);
        if (numbers.length > maximumWide)
          throw damaged(`an attribute is a list of more than ${maximumWide} numbers`);
      }
    }
    return [name, listed ? numbers : value];
  }

  async #value(field: Field): Promise<OnnxValue> {
    expectWire(field, 'bytes', 'an input or output');
    let [name, doc] = ['', ''];
    let shape: (number | undefined)[] | undefined;
    for (const part of await this.#wire.fields(field.start, field.length, 'an input or output')) {
      if (part.number === 1) name = await this.#wire.text(part, 'the name of an input or output');
      if (part.number === 2) shape = await this.#shape(part);
      if (part.number === 3) doc = await this.#wire.text(part, 'a doc string');
    }
    return { name, shape, ...(doc !== '' && { doc }) };
  }

  /** TypeProto.tensor_type.shape.dim[].dim_value */
  async #shape(type: Field): Promise<(number | undefined)[] | undefined> {
    const what = 'the type of an input or output';
    const shape: (number | undefined)[] = [];
    let found = false;
    for (const tensor of await this.#messages(type, 1, what)) {
      for (const sizes of await this.#messages(tensor, 2, what)) {
        found = true;
        for (const size of await this.#messages(sizes, 1, what)) {
          let value: number | undefined;
          for (const part of await this.#wire.fields(size.start, size.length, what))
            if (part.number === 1 && part.wire === 'varint') value = part.value;
          shape.push(value !== undefined && value > 0 ? value : undefined);
        }
      }
    }
    return found ? shape : undefined;
  }

  async #messages(field: Field, number: number, what: string): Promise<Field[]> {
    expectWire(field, 'bytes', what);
    const messages = (await this.#wire.fields(field.start, field.length, what)).filter(
      (part) => part.number === number,
    );
    for (const part of messages) expectWire(part, 'bytes', what);
    return messages;
  }

  async #tensor(field: Field): Promise<OnnxTensor> {
    expectWire(field, 'bytes', 'a tensor');
    const parts: TensorParts = {
      name: '',
      shape: [],
      type: 0,
      raw: undefined,
      typed: [],
      external: new Map(),
      isExternal: false,
    };
    for (const part of await this.#wire.fields(field.start, field.length, 'a tensor')) {
      if (part.number === 1)
        parts.shape.push(...(await this.#wire.wholes(part, "a tensor's shape", 64)));
      else if (part.number === 2) parts.type = part.value;
      else if (part.number === 8) parts.name = await this.#wire.text(part, "a tensor's name");
      else if (part.number === 9) parts.raw = part;
      else if (part.number === 13)
        parts.external.set(...(await this.#pair(part, 'the place of a tensor')));
      else if (part.number === 14) parts.isExternal = part.value === 1;
      else if (typedFields.has(part.number)) parts.typed.push(part);
      if (parts.shape.length > 32) throw damaged('a tensor has more than 32 axes');
    }
    return this.#storedTensor(parts);
  }

  async #storedTensor(parts: TensorParts): Promise<OnnxTensor> {
    const { name, shape, type } = parts;
    const dtype = dtypes.get(type);
    if (dtype === undefined)
      throw new AlexNetError(
        `The tensor "${name}" of the ONNX model holds numbers of kind ${type}, which is not read.`,
      );
    const count = elementCount(shape, `"${name}"`);
    const { source, position, length } = await this.#place(parts, dtype, count);
    if (length !== count * dtypeBytes[dtype])
      throw damaged(
        `the tensor "${name}" of ${dtype} ${showShape(shape)} needs ` +
          `${count * dtypeBytes[dtype]} bytes, but has ${length}`,
      );
    const tensor = storedTensor(source, { name, dtype, shape, position });
    return { ...tensor, numbers: count <= 64 ? await numbersOf(tensor) : undefined };
  }

  /** Where the bytes of a tensor are: raw, external, or typed fields. */
  async #place(
    parts: TensorParts,
    dtype: Dtype,
    count: number,
  ): Promise<{ source: ByteSource; position: number; length: number }> {
    const { name, raw, typed } = parts;
    if (parts.isExternal) return this.#externalPlace(parts, count * dtypeBytes[dtype]);
    if (raw !== undefined) {
      expectWire(raw, 'bytes', `the tensor "${name}"`);
      return { source: this.#source, position: raw.start, length: raw.length };
    }
    const [only] = typed;
    if (only === undefined) return { source: this.#source, position: 0, length: 0 };
    if (typed.some(({ number }) => number !== typedField[dtype]))
      throw damaged(`the tensor "${name}" of ${dtype} has its numbers in a field for others`);
    if (typed.length === 1 && only.wire === 'bytes' && (dtype === 'f32' || dtype === 'f64'))
      return { source: this.#source, position: only.start, length: only.length };
    const bytes = await this.#typedBytes(typed, dtype, count, name);
    return { source: bytesSource(bytes), position: 0, length: bytes.length };
  }

  /** Numbers stored one by one or as varints, brought into the form that raw data has. */
  async #typedBytes(
    typed: readonly Field[],
    dtype: Dtype,
    count: number,
    name: string,
  ): Promise<Uint8Array> {
    const stored = typed.reduce(
      (sum, { length, wire }) => sum + (wire === 'bytes' ? length : 8),
      0,
    );
    if (count > stored) throw damaged(`the tensor "${name}" has fewer numbers than its shape says`);
    if (count > maximumWide && dtypeBytes[dtype] === 8)
      throw damaged(
        `the tensor "${name}" has ${count} numbers of 64 bits one by one; more than ` +
          `${maximumWide} are not read`,
      );
    const out = emptyNumbers(dtype, count);
    let at = 0;
    const use = (value: number): void => {
      if (at >= count) throw damaged(`the tensor "${name}" has more numbers than its shape says`);
      out.set(at++, value);
    };
    for (const field of typed) {
      if (dtype === 'f32' || dtype === 'f64') {
        if (field.wire !== (dtype === 'f32' ? 'fixed32' : 'fixed64'))
          throw damaged(`the tensor "${name}" has its numbers in several pieces`);
        use(field.value);
      } else await this.#wire.eachWhole(field, `the tensor "${name}"`, use);
    }
    return at === count ? out.bytes : new Uint8Array(0);
  }

  async #externalPlace(
    { name, external }: TensorParts,
    expected: number,
  ): Promise<{ source: ByteSource; position: number; length: number }> {
    const location = external.get('location') ?? '';
    if (this.#open === undefined)
      throw new AlexNetError(
        `The tensor "${name}" of the ONNX model lies in another file, "${location}", which ` +
          'cannot be opened from here.',
      );
    const unsafe =
      location === '' ||
      location.includes('\0') ||
      /^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)/.test(location);
    if (unsafe)
      throw new AlexNetError(
        `The tensor "${name}" of the ONNX model claims to lie in "${location.slice(0, 100)}", ` +
          "outside of the model's own folder. It is not opened.",
      );
    const source = await this.#open(location);
    const position = wholeText(external.get('offset') ?? '0');
    const length = wholeText(external.get('length') ?? String(expected));
    partOf(source, position, length, `the tensor "${name}" in ${location}`);
    this.#external.stored += this.#external.files.has(location) ? 0 : source.size;
    this.#external.files.add(location);
    this.#external.shown += length;
    if (this.#external.shown > 10 * this.#external.stored)
      throw damaged('its tensors take more than ten times the bytes of the files beside it');
    return { source, position, length };
  }
}

interface TensorParts {
  name: string;
  readonly shape: number[];
  type: number;
  raw: Field | undefined;
  readonly typed: Field[];
  readonly external: Map<string, string>;
  isExternal: boolean;
}

/**
 * TensorProto's float_data, int32_data, int64_data, double_data, uint64_data: which one holds what.
 */
const typedField: Readonly<Record<Dtype, number>> = {
  f32: 4,
  i32: 5,
  i16: 5,
  i8: 5,
  u16: 5,
  u8: 5,
  bool: 5,
  f16: 5,
  bf16: 5,
  i64: 7,
  f64: 10,
  u32: 11,
  u64: 11,
};
const typedFields: ReadonlySet<number> = new Set(Object.values(typedField));

/**
 * Numbers of 64 bits are shapes and axes, never weights; a varint of one byte becomes twelve (its
 * eight, and an f32).
 */
const maximumWide = 65_536;

function wholeText(text: string): number {
  return /^\d{1,16}$/.test(text) ? Number(text) : NaN;
}

function emptyNumbers(
  dtype: Dtype,
  count: number,
): { bytes: Uint8Array; set(index: number, value: number): void } {
  const bytes = new Uint8Array(count * dtypeBytes[dtype]);
  const view = new DataView(bytes.buffer);
  const set = (index: number, value: number): void => {
    if (dtype === 'f32') view.setFloat32(4 * index, value, true);
    else if (dtype === 'f64') view.setFloat64(8 * index, value, true);
    else if (dtype === 'i64' || dtype === 'u64') view.setBigInt64(8 * index, BigInt(value), true);
    else if (dtypeBytes[dtype] === 4) view.setInt32(4 * index, value, true);
    else if (dtypeBytes[dtype] === 2) view.setUint16(2 * index, value, true);
    else view.setUint8(index, value);
  };
  return { bytes, set };
}

async function numbersOf(tensor: StoredTensor): Promise<number[]> {
  if (tensor.dtype !== 'i64') return [...(await tensor.read())];
  const raw = await tensor.readRaw();
  return Array.from(new BigInt64Array(raw.buffer, 0, tensor.count), Number);
}

function damaged(why: string): AlexNetError {
  return new AlexNetError(`The ONNX model is damaged or not supported: ${why}.`);
}

/** A node to be written. Attributes: whole numbers as `{int}` or `{ints}`, others as `{float}`. */
export interface WrittenNode {
  readonly type: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<
    Record<string, { int: number } | { ints: readonly number[] } | { float: number }>
  >;
}

export interface WrittenTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array | Int8Array | Uint8Array | Int32Array;
  /** For f32 data. Default f32. */
  readonly precision?: WrittenPrecision;
}

/** An input or output. */
export interface WrittenValue {
  readonly name: string;
  /** A text is the name of a size left open. */
  readonly shape: readonly (number | string)[];
  /** What it is, for people. */
  readonly doc?: string;
}

export interface WrittenModel {
  readonly opset: number;
  readonly producer: { readonly name: string; readonly version: string };
  readonly graph: string;
  readonly inputs: readonly WrittenValue[];
  readonly outputs: readonly WrittenValue[];
  readonly nodes: readonly WrittenNode[];
  readonly initializers: readonly WrittenTensor[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Also a checksum of each f32 and f16 tensor, which {@link readOnnx} holds it against. */
  readonly checksums?: boolean;
}

/**
 * ONNX's "IR version" that goes with opset 17 (onnx 1.12); runtimes refuse newer ones than they
 * know.
 */
const irVersion = 8;

/** An ONNX model in pieces; f32 tensors are passed through without a copy. */
export function writeOnnx(model: WrittenModel): Generator<Uint8Array> {
  const graph = new ProtobufWriter();
  for (const node of model.nodes) graph.message(1, writeNode(node));
  graph.bytes(2, model.graph);
  for (const tensor of model.initializers) graph.message(5, writeTensor(tensor));
  for (const value of model.inputs) graph.message(11, writeValue(value));
  for (const value of model.outputs) graph.message(12, writeValue(value));
  const message = new ProtobufWriter()
    .whole(1, irVersion)
    .bytes(2, model.producer.name)
    .bytes(3, model.producer.version)
    .message(7, graph);
  message.message(8, new ProtobufWriter().bytes(1, '').whole(2, model.opset));
  const metadata = model.checksums === true ? withChecksums(model) : model.metadata;
  for (const [key, value] of Object.entries(metadata))
    message.message(14, new ProtobufWriter().bytes(1, key).bytes(2, value));
  return message.write();
}

function withChecksums({ metadata, initializers }: WrittenModel): Record<string, string> {
  const sums: Record<string, string> = {};
  for (const { name, data, precision = 'f32' } of initializers)
    if (data instanceof Float32Array) sums[name] = checksumOf(encodeNumbers(data, precision));
  return { ...metadata, [checksumsKey]: JSON.stringify(sums) };
}

/**
 * Tensors with their checksums. Tools that rewrite graphs leave the metadata: tensors that are new
 * have none.
 */
function checked(
  tensors: ReadonlyMap<string, OnnxTensor>,
  metadata: Map<string, string>,
): ReadonlyMap<string, OnnxTensor> {
  const text = metadata.get(checksumsKey);
  metadata.delete(checksumsKey);
  if (text === undefined) return tensors;
  const sums = parseChecksums(text);
  if (sums === undefined) throw damaged('its checksums are no texts by name');
  return new Map(
    [...tensors].map(([name, tensor]) => {
      const sum = sums.get(name);
      return [name, sum === undefined ? tensor : checkedTensor(tensor, sum, changed)];
    }),
  );
}

const changed =
  'Fetch or copy it again; where another program changed them on purpose, take ' +
  `"${checksumsKey}" out of its metadata.`;

function writeNode({ type, name, inputs, outputs, attributes = {} }: WrittenNode): ProtobufWriter {
  const node = new ProtobufWriter();
  for (const input of inputs) node.bytes(1, input);
  for (const output of outputs) node.bytes(2, output);
  node.bytes(3, name).bytes(4, type);
  for (const [key, value] of Object.entries(attributes)) {
    const attribute = new ProtobufWriter().bytes(1, key);
    if ('float' in value) attribute.float(2, value.float).whole(20, 1);
    else if ('int' in value) attribute.whole(3, value.int).whole(20, 2);
    else attribute.packedWholes(8, value.ints).whole(20, 7);
    node.message(5, attribute);
  }
  return node;
}

/** ONNX's number of a type. */
function wholeType(data: Exclude<WrittenTensor['data'], Float32Array>): number {
  if (data instanceof BigInt64Array) return 7;
  if (data instanceof Int32Array) return 6;
  return data instanceof Int8Array ? 3 : 2;
}

function writeTensor({ name, shape, data, precision = 'f32' }: WrittenTensor): ProtobufWriter {
  const tensor = new ProtobufWriter().packedWholes(1, shape);
  if (!(data instanceof Float32Array))
    return tensor.whole(2, wholeType(data)).bytes(8, name).bytes(9, bytesOf(data));
  return tensor
    .whole(2, precision === 'f32' ? 1 : 10)
    .bytes(8, name)
    .pieces(9, data.length * dtypeBytes[precision], () => encodeNumbers(data, precision));
}

function writeValue({ name, shape, doc }: WrittenValue): ProtobufWriter {
  const sizes = new ProtobufWriter();
  for (const size of shape)
    sizes.message(
      1,
      typeof size === 'number'
        ? new ProtobufWriter().whole(1, size)
        : new ProtobufWriter().bytes(2, size),
    );
  const value = new ProtobufWriter()
    .bytes(1, name)
    .message(
      2,
      new ProtobufWriter().message(1, new ProtobufWriter().whole(1, 1).message(2, sizes)),
    );
  return doc === undefined ? value : value.bytes(3, doc);
}
