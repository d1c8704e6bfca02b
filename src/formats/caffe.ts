/**
 * Caffe's `.caffemodel`, `.binaryproto` and `.prototxt` (BVLC/caffe, src/caffe/proto/caffe.proto).
 */
import { AlexNetError } from '../errors.ts';
import { Pages } from './pages.ts';
import { ProtobufReader, expectWire } from './protobuf.ts';
import type { Field } from './protobuf.ts';
import type { ByteSource } from './source.ts';
import { dtypeBytes, elementCount, showShape, storedTensor } from './tensor.ts';
import type { StoredTensor } from './tensor.ts';

/**
 * One layer. Its settings are those of the message that its type has, by the field names of
 * caffe.proto.
 */
export interface CaffeLayer {
  readonly name: string;
  /** `Convolution`, `InnerProduct`, … also for the old numbered types. */
  readonly type: string;
  readonly bottoms: readonly string[];
  readonly tops: readonly string[];
  readonly settings: CaffeSettings;
  readonly blobs: readonly StoredTensor[];
  /** Only in the training or the test phase; undefined: in both. */
  readonly phase: 'train' | 'test' | undefined;
}

/** Numbers, lists of them where a field is repeated, and texts (enumerations by name or number). */
export type CaffeSettings = ReadonlyMap<string, readonly (number | string)[]>;

export interface CaffeNet {
  readonly name: string;
  readonly layers: readonly CaffeLayer[];
  /** `[n, c, h, w]` of the first declared input, where the net declares one. */
  readonly input: readonly number[] | undefined;
}

/** V1LayerParameter.LayerType, as far as classification nets use it. */
const oldTypes: ReadonlyMap<number, string> = new Map([
  [1, 'Accuracy'],
  [4, 'Convolution'],
  [5, 'Data'],
  [6, 'Dropout'],
  [8, 'Flatten'],
  [12, 'ImageData'],
  [14, 'InnerProduct'],
  [15, 'LRN'],
  [17, 'Pooling'],
  [18, 'ReLU'],
  [20, 'Softmax'],
  [21, 'SoftmaxWithLoss'],
  [22, 'Split'],
]);

type Kind = 'whole' | 'float';
type Fields = ReadonlyMap<number, readonly [name: string, kind: Kind]>;

const convolution: Fields = new Map<number, readonly [string, Kind]>([
  [1, ['num_output', 'whole']],
  [2, ['bias_term', 'whole']],
  [3, ['pad', 'whole']],
  [4, ['kernel_size', 'whole']],
  [5, ['group', 'whole']],
  [6, ['stride', 'whole']],
  [9, ['pad_h', 'whole']],
  [10, ['pad_w', 'whole']],
  [11, ['kernel_h', 'whole']],
  [12, ['kernel_w', 'whole']],
  [13, ['stride_h', 'whole']],
  [14, ['stride_w', 'whole']],
  [16, ['axis', 'whole']],
  [18, ['dilation', 'whole']],
]);
const pooling: Fields = new Map<number, readonly [string, Kind]>([
  [1, ['pool', 'whole']],
  [2, ['kernel_size', 'whole']],
  [3, ['stride', 'whole']],
  [4, ['pad', 'whole']],
  [5, ['kernel_h', 'whole']],
  [6, ['kernel_w', 'whole']],
  [7, ['stride_h', 'whole']],
  [8, ['stride_w', 'whole']],
  [9, ['pad_h', 'whole']],
  [10, ['pad_w', 'whole']],
  [12, ['global_pooling', 'whole']],
  [13, ['round_mode', 'whole']],
]);
const lrn: Fields = new Map<number, readonly [string, Kind]>([
  [1, ['local_size', 'whole']],
  [2, ['alpha', 'float']],
  [3, ['beta', 'float']],
  [4, ['norm_region', 'whole']],
  [5, ['k', 'float']],
]);
const innerProduct: Fields = new Map<number, readonly [string, Kind]>([
  [1, ['num_output', 'whole']],
  [2, ['bias_term', 'whole']],
  [5, ['axis', 'whole']],
  [6, ['transpose', 'whole']],
]);
const dropout: Fields = new Map<number, readonly [string, Kind]>([[1, ['dropout_ratio', 'float']]]);
const relu: Fields = new Map<number, readonly [string, Kind]>([[1, ['negative_slope', 'float']]]);

/** Field number of each settings message in LayerParameter and in V1LayerParameter. */
const newSettings: ReadonlyMap<number, Fields> = new Map([
  [106, convolution],
  [108, dropout],
  [117, innerProduct],
  [118, lrn],
  [121, pooling],
  [123, relu],
]);
const oldSettings: ReadonlyMap<number, Fields> = new Map([
  [10, convolution],
  [12, dropout],
  [17, innerProduct],
  [18, lrn],
  [19, pooling],
  [30, relu],
]);

/** Where LayerParameter and V1LayerParameter keep the same things. */
const places = {
  new: { name: 1, type: 2, bottom: 3, top: 4, blobs: 7, include: 8, settings: newSettings },
  old: { name: 4, type: 5, bottom: 2, top: 3, blobs: 6, include: 32, settings: oldSettings },
} as const;

const maximumLayers = 5000;

/** Reads a `.caffemodel`; the blobs stay where they are. */
export async function readCaffeModel(source: ByteSource): Promise<CaffeNet> {
  const wire = new ProtobufReader(new Pages(source));
  const layers: CaffeLayer[] = [];
  const inputSizes: number[] = [];
  let name = '';
  for (const field of await wire.fields(0, source.size, 'the Caffe model')) {
    if (field.number === 1) name = await wire.text(field, "the net's name");
    else if (field.number === 100) layers.push(await readLayer(wire, source, field, 'new'));
    else if (field.number === 2 && field.wire === 'bytes')
      layers.push(await readLayer(wire, source, field, 'old'));
    else if (field.number === 4)
      inputSizes.push(...(await wire.wholes(field, "the net's input", 64)));
    else if (field.number === 8 && field.wire === 'bytes')
      inputSizes.push(...(await readBlobShape(wire, field)));
    if (layers.length > maximumLayers || inputSizes.length > 256)
      throw damaged(`it has more than ${maximumLayers} layers`);
  }
  return { name, layers, input: inputSizes.length >= 4 ? inputSizes.slice(0, 4) : undefined };
}

async function readLayer(
  wire: ProtobufReader,
  source: ByteSource,
  field: Field,
  era: keyof typeof places,
): Promise<CaffeLayer> {
  expectWire(field, 'bytes', 'a layer');
  const place = places[era];
  const layer = {
    name: '',
    type: '',
    bottoms: [] as string[],
    tops: [] as string[],
    settings: new Map<string, (number | string)[]>(),
    blobs: [] as StoredTensor[],
    phase: undefined as CaffeLayer['phase'],
  };
  for (const part of await wire.fields(field.start, field.length, 'a layer')) {
    const settings = place.settings.get(part.number);
    if (part.number === place.name) layer.name = await wire.text(part, "a layer's name");
    else if (part.number === place.type)
      layer.type =
        era === 'new'
          ? await wire.text(part, "a layer's type")
          : (oldTypes.get(part.value) ?? `type ${part.value}`);
    else if (part.number === place.bottom)
      layer.bottoms.push(await wire.text(part, "a layer's bottom"));
    else if (part.number === place.top) layer.tops.push(await wire.text(part, "a layer's top"));
    else if (part.number === place.blobs)
      layer.blobs.push(
        await readBlob(wire, source, part, `blob ${layer.blobs.length} of layer "${layer.name}"`),
      );
    else if (part.number === place.include) layer.phase = await readPhase(wire, part);
    else if (settings !== undefined) await readSettings(wire, part, settings, layer.settings);
    if (layer.blobs.length > 16) throw damaged(`the layer "${layer.name}" has more than 16 blobs`);
  }
  return layer;
}

async function readPhase(wire: ProtobufReader, field: Field): Promise<CaffeLayer['phase']> {
  expectWire(field, 'bytes', "a layer's rule");
  let phase: CaffeLayer['phase'];
  for (const part of await wire.fields(field.start, field.length, "a layer's rule"))
    if (part.number === 1) phase = part.value === 0 ? 'train' : 'test';
  return phase;
}

async function readSettings(
  wire: ProtobufReader,
  field: Field,
  fields: Fields,
  into: Map<string, (number | string)[]>,
): Promise<void> {
  expectWire(field, 'bytes', "a layer's settings");
  for (const part of await wire.fields(field.start, field.length, "a layer's settings")) {
    const [name, kind] = fields.get(part.number) ?? [];
    if (name === undefined) continue;
    const values =
      kind === 'whole' ? await wire.wholes(part, name, 64) : await wire.floats(part, name, 64);
    into.set(name, [...(into.get(name) ?? []), ...values].slice(-64));
  }
}

async function readBlobShape(wire: ProtobufReader, field: Field): Promise<number[]> {
  const shape: number[] = [];
  for (const part of await wire.fields(field.start, field.length, "a blob's shape"))
    if (part.number === 1 && shape.length <= 32)
      shape.push(...(await wire.wholes(part, "a blob's shape", 64)));
  return shape;
}

/**
 * BlobProto: shape in field 7, or the four old sizes in fields 1 to 4; f32 in field 5, f64 in field
 * 8.
 */
async function readBlob(
  wire: ProtobufReader,
  source: ByteSource,
  field: Field,
  name: string,
): Promise<StoredTensor> {
  expectWire(field, 'bytes', name);
  let shape: number[] | undefined;
  const old = [1, 1, 1, 1];
  let data: Field | undefined;
  for (const part of await wire.fields(field.start, field.length, name)) {
    if (part.number >= 1 && part.number <= 4 && part.wire === 'varint')
      old[part.number - 1] = part.value;
    else if (part.number === 7 && part.wire === 'bytes') shape = await readBlobShape(wire, part);
    else if (part.number === 5 || part.number === 8) {
      expectWire(part, 'bytes', name);
      if (data !== undefined) throw damaged(`${name} has its numbers in two pieces`);
      data = part;
    }
  }
  const dtype = data?.number === 8 ? 'f64' : 'f32';
  const sizes = shape ?? old;
  const length = data?.length ?? 0;
  if (elementCount(sizes, name) * dtypeBytes[dtype] !== length)
    throw damaged(`${name} of ${dtype} ${showShape(sizes)} has ${length} bytes`);
  return storedTensor(source, { name, dtype, shape: sizes, position: data?.start ?? 0 });
}

/** A mean image as Caffe stores it: one blob. */
export async function readBinaryProto(source: ByteSource): Promise<StoredTensor> {
  const whole: Field = { number: 0, wire: 'bytes', value: 0, start: 0, length: source.size };
  return readBlob(new ProtobufReader(new Pages(source)), source, whole, 'the mean image');
}

function damaged(why: string): AlexNetError {
  return new AlexNetError(`The Caffe file is damaged or not supported: ${why}.`);
}

/** A message in text form: every field is repeated, values are numbers, texts or messages. */
export type TextMessage = Map<string, (number | string | TextMessage)[]>;

/** Reads a `.prototxt`. @throws {AlexNetError} with the line where it is not one. */
export function parsePrototxt(text: string): CaffeNet {
  const net = new TextReader(text).read();
  const layers = [...messages(net, 'layer'), ...messages(net, 'layers')].map(textLayer);
  const sizes = [
    ...(net.get('input_dim') ?? []),
    ...messages(net, 'input_shape').flatMap((shape) => shape.get('dim') ?? []),
  ];
  const declared = layers.find(({ type }) => type === 'Input')?.settings.get('dim');
  const input = sizes.length >= 4 ? sizes : declared;
  return { name: texts(net, 'name')[0] ?? '', layers, input: input?.slice(0, 4).map(Number) };
}

function messages(message: TextMessage, key: string): TextMessage[] {
  return (message.get(key) ?? []).filter((value) => value instanceof Map);
}

function texts(message: TextMessage, key: string): string[] {
  return (message.get(key) ?? []).filter(isPlain).map(String);
}

function textLayer(layer: TextMessage): CaffeLayer {
  const settings = new Map<string, (number | string)[]>();
  for (const [key, values] of layer) {
    if (!key.endsWith('_param')) continue;
    for (const message of values) if (message instanceof Map) collectSettings(message, settings);
  }
  const phase = messages(layer, 'include')
    .flatMap((rule) => texts(rule, 'phase'))[0]
    ?.toLowerCase();
  return {
    name: texts(layer, 'name')[0] ?? '',
    type: canonicalType(texts(layer, 'type')[0] ?? ''),
    bottoms: texts(layer, 'bottom'),
    tops: texts(layer, 'top'),
    settings,
    blobs: [],
    phase: phase === 'train' || phase === 'test' ? phase : undefined,
  };
}

/**
 * The settings themselves, and the sizes of an Input layer's `shape { dim … }`; fillers and the
 * like are not settings.
 */
function collectSettings(message: TextMessage, into: Map<string, (number | string)[]>): void {
  for (const [key, values] of message) {
    const plain = values.filter(isPlain);
    if (plain.length > 0) into.set(key, plain);
    if (key === 'shape')
      for (const value of values)
        if (value instanceof Map) into.set('dim', (value.get('dim') ?? []).filter(isPlain));
  }
}

function isPlain(value: number | string | TextMessage): value is number | string {
  return !(value instanceof Map);
}

/** `CONVOLUTION` and `INNER_PRODUCT` of the old form → `Convolution`, `InnerProduct`. */
function canonicalType(type: string): string {
  const known = [...oldTypes.values()].find(
    (name) => name.toLowerCase() === type.replaceAll('_', '').toLowerCase(),
  );
  return known ?? (type === 'SOFTMAX_LOSS' ? 'SoftmaxWithLoss' : type);
}

/** What a prototxt is made of, in this order: the last one is whatever does not belong there. */
const token = new RegExp(
  [
    /#[^\n]*/, // a comment
    /"(?:[^"\\\n]|\\.)*"/,
    /'(?:[^'\\\n]|\\.)*'/,
    /[A-Za-z_][\w.]*/, // a name
    /[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/, // a number
    /[{}:<>[\],;]/,
    /\S/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'g',
);

/** Protobuf's text form, as much as prototxt files use. */
class TextReader {
  readonly #tokens: RegExpStringIterator<RegExpExecArray>;
  #token: RegExpExecArray | undefined;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = text.matchAll(token);
    this.#advance();
  }

  read(): TextMessage {
    const message = this.#message(undefined, 0);
    if (this.#token !== undefined) this.#fail('the end');
    return message;
  }

  #message(close: string | undefined, depth: number): TextMessage {
    if (depth > 16) this.#fail('no more than 16 levels');
    const message: TextMessage = new Map();
    while (this.#token !== undefined && this.#token[0] !== close) {
      const key = this.#token[0];
      if (!/^[A-Za-z_]/.test(key)) this.#fail('the name of a field');
      this.#advance();
      if (this.#at(':')) this.#advance();
      const values = message.get(key) ?? [];
      message.set(key, values);
      if (this.#at('[')) this.#list(values, depth);
      else values.push(this.#value(depth));
      if (this.#at(',') || this.#at(';')) this.#advance();
    }
    return message;
  }

  #list(values: (number | string | TextMessage)[], depth: number): void {
    this.#advance();
    while (!this.#at(']')) {
      values.push(this.#value(depth));
      if (this.#at(',')) this.#advance();
    }
    this.#advance();
  }

  #value(depth: number): number | string | TextMessage {
    const token = this.#token?.[0] ?? '';
    if (token === '{' || token === '<') {
      this.#advance();
      const close = token === '{' ? '}' : '>';
      const message = this.#message(close, depth + 1);
      if (!this.#at(close)) this.#fail(`"${close}"`);
      this.#advance();
      return message;
    }
    if (!/^["'\w.+-]/.test(token)) this.#fail('a value');
    this.#advance();
    if (/^["']/.test(token)) return token.slice(1, -1);
    if (token === 'true' || token === 'false') return Number(token === 'true');
    return /^[A-Za-z_]/.test(token) || Number.isNaN(Number(token)) ? token : Number(token);
  }

  #at(character: string): boolean {
    return this.#token?.[0] === character;
  }

  #advance(): void {
    do this.#token = this.#tokens.next().value;
    while (this.#token?.[0].startsWith('#') === true);
  }

  #fail(expected: string): never {
    const at = this.#token?.index ?? this.#text.length;
    const line = this.#text.slice(0, at).split('\n').length;
    throw new AlexNetError(
      `The prototxt is not valid: expected ${expected} in line ${line} but found ` +
        `${this.#token === undefined ? 'its end' : JSON.stringify(this.#token[0].slice(0, 20))}.`,
    );
  }
}
