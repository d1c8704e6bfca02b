/**
 * Protocol buffers on the wire (protobuf.dev/programming-guides/encoding), as much as ONNX and
 * Caffe need.
 *
 * Own code, because the libraries take the whole file as one array and copy every blob out of it,
 * twice 240 MB, and recurse as deep as the file says. Here a message is a range of a source, its
 * large fields stay where they are, and only what the caller asks for is entered: nesting cannot go
 * deeper than the caller's own functions.
 */
import { AlexNetError } from '../errors.ts';
import type { Pages } from './pages.ts';

/**
 * One field. `value` holds numbers: varints as signed 64-bit, fixed ones as floats; bytes, texts
 * and messages are at `start`.
 */
export interface Field {
  readonly number: number;
  readonly wire: 'varint' | 'fixed64' | 'bytes' | 'fixed32';
  readonly value: number;
  readonly start: number;
  readonly length: number;
}

/**
 * A file of a network has some thousand fields that are not packed; one with a hundred thousand was
 * made to keep us busy.
 */
const maximumFields = 100_000;

export class ProtobufReader {
  readonly pages: Pages;
  #fieldsLeft = maximumFields;

  constructor(pages: Pages) {
    this.pages = pages;
  }

  /**
   * Every field of the message at `start`, in order. A list and no generator: what waits for each
   * of some hundred fields takes ten times as long as reading them.
   * @throws {AlexNetError} where a field does not end inside.
   */
  async fields(start: number, length: number, what: string): Promise<Field[]> {
    const end = start + length;
    const fields: Field[] = [];
    for (let position = start; position < end;) {
      if (--this.#fieldsLeft < 0)
        throw new AlexNetError(
          `The file is damaged: it has more than ${maximumFields} fields, as no network has.`,
        );
      const ahead = Math.min(20, end - position);
      const head =
        this.pages.peek(position, ahead) ?? (await this.pages.load(position, ahead, what));
      const field = fieldAt(position, head, what);
      position = field.start + field.length;
      if (position > end) damaged(what);
      fields.push(field);
    }
    return fields;
  }

  /** The text of a bytes field. */
  async text(field: Field, what: string): Promise<string> {
    expectWire(field, 'bytes', what);
    return this.pages.text(field.start, field.length, what);
  }

  /** A repeated whole number: packed in one field or one by one. */
  async wholes(field: Field, what: string, maximum = 65_536): Promise<number[]> {
    const numbers: number[] = [];
    await this.eachWhole(field, what, (value) => {
      if (numbers.push(value) > maximum)
        throw new AlexNetError(
          `The file is damaged: ${what} is a list of more than ${maximum} numbers.`,
        );
    });
    return numbers;
  }

  /** The same, one number after another, however many. */
  async eachWhole(field: Field, what: string, use: (value: number) => void): Promise<void> {
    if (field.wire === 'varint') return use(field.value);
    expectWire(field, 'bytes', what);
    const end = field.start + field.length;
    for (let position = field.start; position < end;) {
      const length = Math.min(listBytes, end - position);
      const bytes =
        this.pages.peek(position, length) ?? (await this.pages.load(position, length, what));
      const used = eachVarint(bytes, use);
      if (used === 0 || (used < length && position + length === end)) damaged(what);
      position += used;
    }
  }

  /** A repeated f32: packed in one field or one by one. */
  async floats(field: Field, what: string, maximum = 65_536): Promise<number[]> {
    if (field.wire === 'fixed32') return [field.value];
    expectWire(field, 'bytes', what);
    if (field.length > 4 * maximum || field.length % 4 !== 0) damaged(what);
    const bytes = await this.pages.load(field.start, field.length, what);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
  }
}

/** So many bytes of a packed list are looked at together. */
const listBytes = 1 << 16;

/** @returns how many bytes the numbers take that end inside. */
function eachVarint(bytes: Uint8Array, use: (value: number) => void): number {
  let at = 0;
  while (at < bytes.length) {
    const found = varint(bytes, at);
    if (found === undefined) break;
    use(found[0]);
    at += found[1];
  }
  return at;
}

/** The field whose first bytes are `head`. */
function fieldAt(position: number, head: Uint8Array, what: string): Field {
  const [key, keyLength] = varint(head, 0) ?? damaged(what);
  const number = Math.floor(key / 8);
  if (key < 0 || number < 1 || number >= 2 ** 29) damaged(what);
  return body(number, key % 8, head, keyLength, position) ?? damaged(what);
}

function body(
  number: number,
  kind: number,
  head: Uint8Array,
  at: number,
  position: number,
): Field | undefined {
  const start = position + at;
  if (kind === 0 || kind === 2) {
    const found = varint(head, at);
    if (found === undefined) return undefined;
    const [value, length] = found;
    if (kind === 0) return { number, wire: 'varint', value, start: start + length, length: 0 };
    return value >= 0 && Number.isSafeInteger(value)
      ? { number, wire: 'bytes', value: 0, start: start + length, length: value }
      : undefined;
  }
  const size = kind === 1 ? 8 : 4;
  if ((kind !== 1 && kind !== 5) || head.length < at + size) return undefined;
  const view = new DataView(head.buffer, head.byteOffset + at, size);
  return {
    number,
    wire: kind === 1 ? 'fixed64' : 'fixed32',
    value: kind === 1 ? view.getFloat64(0, true) : view.getFloat32(0, true),
    start,
    length: size,
  };
}

/** A varint as a signed 64-bit number, and its length in bytes; undefined where it does not end. */
function varint(bytes: Uint8Array, at: number): [value: number, length: number] | undefined {
  let low = 0;
  for (let i = 0; i < 4; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) return undefined;
    low |= (byte & 127) << (7 * i);
    if (byte < 128) return [low, i + 1];
  }
  let value = BigInt(low);
  for (let i = 4; i < 10; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) return undefined;
    value |= BigInt(byte & 127) << BigInt(7 * i);
    if (byte < 128) return [Number(BigInt.asIntN(64, value)), i + 1];
  }
  return undefined;
}

export function expectWire(field: Field, wire: Field['wire'], what: string): void {
  if (field.wire !== wire)
    throw new AlexNetError(
      `The file is damaged: field ${field.number} of ${what} should be ${wire}, but is ` +
        `${field.wire}.`,
    );
}

function damaged(what: string): never {
  throw new AlexNetError(
    `The file is damaged: ${what} holds a field that does not end where it should.`,
  );
}

/**
 * A message under construction: bytes that are small and pieces that are large and made when they
 * are written.
 */
export class ProtobufWriter {
  readonly #parts: Part[] = [];
  #length = 0;

  /** In bytes. */
  get length(): number {
    return this.#length;
  }

  whole(number: number, value: number): this {
    this.#push(encodeVarint(8 * number));
    return this.#push(encodeVarint(value));
  }

  float(number: number, value: number): this {
    this.#push(encodeVarint(8 * number + 5));
    return this.#push(new Uint8Array(new Float32Array([value]).buffer));
  }

  bytes(number: number, value: Uint8Array | string): this {
    const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
    return this.pieces(number, bytes.length, () => [bytes]);
  }

  message(number: number, message: ProtobufWriter): this {
    return this.pieces(number, message.length, () => message.write());
  }

  packedWholes(number: number, values: readonly number[]): this {
    const encoded = values.map(encodeVarint);
    const length = encoded.reduce((sum, { length }) => sum + length, 0);
    return this.pieces(number, length, () => encoded);
  }

  /**
   * A field of bytes whose content is only made when it is written; `make` must give exactly
   * `length` bytes.
   */
  pieces(number: number, length: number, make: () => Iterable<Uint8Array>): this {
    this.#push(encodeVarint(8 * number + 2));
    this.#push(encodeVarint(length));
    this.#parts.push(make);
    this.#length += length;
    return this;
  }

  /** The message, piece by piece. */
  *write(): Generator<Uint8Array> {
    for (const part of this.#parts) {
      if (typeof part === 'function') yield* part();
      else yield part;
    }
  }

  #push(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return this;
  }
}

type Part = Uint8Array | (() => Iterable<Uint8Array>);

function encodeVarint(value: number): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
