/**
 * safetensors: eight bytes of header length (little endian), a JSON header that names every tensor
 * with its kind, shape and place, then the tensors' bytes without gap or overlap
 * (github.com/huggingface/safetensors, "Format").
 */
import { AlexNetError } from '../errors.ts';
import { checkedTensor, checksumOf, checksumsKey, parseChecksums } from './checked-tensor.ts';
import { decodeText, readBytes } from './source.ts';
import type { ByteSource } from './source.ts';
import {
  bytesOf,
  dtypeBytes,
  elementCount,
  encodeNumbers,
  showShape,
  storedTensor,
} from './tensor.ts';
import type { Dtype, NamedTensor, StoredTensor, WrittenPrecision } from './tensor.ts';

export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** The strings under `__metadata__`, our checksums aside. */
  readonly metadata: ReadonlyMap<string, string>;
}

const dtypes: ReadonlyMap<string, Dtype> = new Map(
  Object.keys(dtypeBytes).map((dtype) => [dtype.toUpperCase(), dtype as Dtype]),
);

/**
 * A header larger than this describes no network of ours: labels and a network take some 100 kB.
 */
const largestHeader = 16 * 2 ** 20;

/**
 * Whether the first bytes of a file look like safetensors: a header length that fits, then an
 * opening brace.
 */
export function isSafetensors(start: Uint8Array, size: number): boolean {
  return start.length >= 9 && start[8] === 0x7b && headerLength(start) <= size - 8;
}

function headerLength(start: Uint8Array): number {
  return Number(new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true));
}

/**
 * Reads what a safetensors file says about itself, and checks all of it; the tensors' bytes stay
 * where they are.
 * @throws {AlexNetError} for a header that is no such JSON, for names given twice, unknown kinds of
 * number, sizes that contradict a shape, and for bytes that belong to no tensor or to two.
 */
export async function readSafetensors(source: ByteSource): Promise<SafetensorsFile> {
  const length = headerLength(
    await readBytes(source, 0, 8, 'the header length of a safetensors file'),
  );
  if (length > largestHeader)
    throw new AlexNetError(
      `The safetensors header says it has ${length} bytes; more than ${largestHeader} are not ` +
        'read.',
    );
  const header = new HeaderReader(
    decodeText(
      await readBytes(source, 8, length, 'the safetensors header'),
      'the safetensors header',
    ),
  );
  const { metadata, entries } = header.read();
  const data = { start: 8 + length, size: source.size - 8 - length };
  checkCovered(entries, data.size);
  const sums = checksumsIn(metadata, entries);
  const tensors = new Map(
    entries.map((entry) => {
      const tensor = storedTensor(source, { ...entry, position: data.start + entry.begin });
      const sum = sums?.get(entry.name);
      return [entry.name, sum === undefined ? tensor : checkedTensor(tensor, sum)];
    }),
  );
  metadata.delete(checksumsKey);
  return { tensors, metadata };
}

/** What we write beside the tensors; files of others, and older ones of ours, have none. */
function checksumsIn(
  metadata: ReadonlyMap<string, string>,
  entries: readonly Entry[],
): ReadonlyMap<string, string> | undefined {
  const text = metadata.get(checksumsKey);
  if (text === undefined) return undefined;
  const names = new Set(entries.map(({ name }) => name));
  const sums = parseChecksums(text);
  if (sums === undefined || sums.size !== names.size || [...sums.keys()].some((n) => !names.has(n)))
    throw new AlexNetError("The safetensors file is damaged: its checksums are not the tensors'.");
  return sums;
}

interface Entry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** Every byte must belong to exactly one tensor. */
function checkCovered(entries: readonly Entry[], size: number): void {
  let covered = 0;
  for (const { name, dtype, shape, begin, end } of entries.toSorted(
    (a, b) => a.begin - b.begin || a.end - b.end,
  )) {
    const length = elementCount(shape, `"${name}"`) * dtypeBytes[dtype];
    if (end - begin !== length)
      throw new AlexNetError(
        `The safetensors file is damaged: tensor "${name}" of ${dtype} ${showShape(shape)} ` +
          `needs ${length} bytes, but its offsets ${begin} to ${end} give ${end - begin}.`,
      );
    if (begin !== covered)
      throw new AlexNetError(
        `The safetensors file is damaged: tensor "${name}" starts at byte ${begin} of the ` +
          `data, but the tensors before it end at ${covered}.`,
      );
    covered = end;
  }
  if (covered !== size)
    throw new AlexNetError(
      `The safetensors file is damaged or incomplete: its tensors take ${covered} bytes, but ` +
        `${size} bytes of data were found.`,
    );
}

/**
 * Reads the header's JSON by its own grammar, nothing more general: so that nothing nests, a name
 * given twice is seen (JSON.parse would drop the first), and numbers are whole.
 */
class HeaderReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): { metadata: Map<string, string>; entries: Entry[] } {
    const metadata = new Map<string, string>();
    const entries: Entry[] = [];
    this.#object((name) => {
      if (name === '__metadata__') this.#object((key) => void metadata.set(key, this.#string()));
      else entries.push(this.#entry(name));
    });
    if (this.#peek() !== '') this.#fail('the end');
    return { metadata, entries };
  }

  #entry(name: string): Entry {
    let dtype: Dtype | undefined;
    let shape: number[] | undefined;
    let offsets: number[] | undefined;
    this.#object((key) => {
      if (key === 'dtype') dtype = this.#dtype(name);
      else if (key === 'shape') shape = this.#numbers();
      else if (key === 'data_offsets') offsets = this.#numbers();
      else this.#fail('"dtype", "shape" or "data_offsets"');
    });
    const [begin, end] = offsets ?? [];
    if (
      dtype === undefined ||
      shape === undefined ||
      begin === undefined ||
      end === undefined ||
      offsets?.length !== 2
    ) {
      throw new AlexNetError(
        `The safetensors header is damaged: tensor "${name}" needs a dtype, a shape and two ` +
          'data_offsets.',
      );
    }
    return { name, dtype, shape, begin, end };
  }

  #dtype(name: string): Dtype {
    const written = this.#string();
    const dtype = dtypes.get(written);
    if (dtype === undefined)
      throw new AlexNetError(
        `Tensor "${name}" is stored as "${written}", which is not read. Kinds that are: ` +
          `${[...dtypes.keys()].join(', ')}.`,
      );
    return dtype;
  }

  /** `{"key": …, …}`; `value` reads what follows each colon. */
  #object(value: (key: string) => void): void {
    const keys = new Set<string>();
    this.#list('{', '}', () => {
      const key = this.#string();
      if (keys.has(key))
        throw new AlexNetError(`The safetensors header is damaged: "${key}" is given twice.`);
      keys.add(key);
      this.#expect(':');
      value(key);
    });
  }

  #numbers(): number[] {
    const numbers: number[] = [];
    this.#list('[', ']', () => {
      const digits = this.#match(/(?:0|[1-9]\d{0,15})(?![\d.eE])/y);
      if (digits === undefined || !Number.isSafeInteger(Number(digits)))
        this.#fail('a whole number');
      numbers.push(Number(digits));
    });
    return numbers;
  }

  #list(open: string, close: string, item: () => void): void {
    this.#expect(open);
    if (this.#peek() === close) {
      this.#at++;
      return;
    }
    for (;;) {
      item();
      if (this.#peek() === close) break;
      this.#expect(',');
    }
    this.#at++;
  }

  #string(): string {
    if (this.#peek() !== '"') this.#fail('a string');
    const from = this.#at;
    const to = this.#closingQuote(from + 1);
    this.#at = to + 1;
    try {
      return String(JSON.parse(this.#text.slice(from, to + 1)));
    } catch {
      return this.#fail('a valid string', from);
    }
  }

  #closingQuote(from: number): number {
    for (let i = from; i < this.#text.length; i++) {
      const character = this.#text[i];
      if (character === '\\') i++;
      else if (character === '"') return i;
    }
    return this.#fail('a string that ends', from - 1);
  }

  #match(pattern: RegExp): string | undefined {
    this.#peek();
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  /** The next character that is not white space, or '' at the end. */
  #peek(): string {
    while (' \n\r\t'.includes(this.#text[this.#at] ?? 'x')) this.#at++;
    return this.#text[this.#at] ?? '';
  }

  #expect(character: string): void {
    if (this.#peek() !== character) this.#fail(`"${character}"`);
    this.#at++;
  }

  #fail(expected: string, at = this.#at): never {
    const found = this.#text.slice(at, at + 20);
    throw new AlexNetError(
      `The safetensors header is damaged: expected ${expected} at character ${at} but found ` +
        `${found === '' ? 'its end' : JSON.stringify(found)}.`,
    );
  }
}

export interface SafetensorsOptions {
  readonly metadata?: Readonly<Record<string, string>>;
  /** How Float32Arrays are stored. Default f32. */
  readonly precision?: WrittenPrecision;
  /**
   * Also a checksum of each tensor, in the metadata under "alexnet.checksums": {@link
   * readSafetensors} holds the numbers against it. Default false.
   */
  readonly checksums?: boolean;
}

/** Whole numbers of 8 bits, and bit patterns of f16, are written as they are. */
export interface WrittenTensor extends Omit<NamedTensor, 'data'> {
  readonly data: NamedTensor['data'] | Int8Array | Uint16Array;
}

/**
 * A safetensors file in pieces, ready to be written one after another; f32 is passed through
 * without a copy.
 */
export function* writeSafetensors(
  tensors: readonly WrittenTensor[],
  { metadata = {}, precision = 'f32', checksums = false }: SafetensorsOptions = {},
): Generator<Uint8Array> {
  const header = Object.create(null) as Record<string, unknown>;
  const texts = {
    ...metadata,
    ...(checksums && { [checksumsKey]: JSON.stringify(checksumsOf(tensors, precision)) }),
  };
  if (Object.keys(texts).length > 0) header['__metadata__'] = texts;
  let position = 0;
  for (const { name, shape, data } of tensors) {
    if (name === '__metadata__')
      throw new AlexNetError('No tensor of a safetensors file can be named "__metadata__".');
    if (Object.hasOwn(header, name))
      throw new AlexNetError(
        `Two tensors are named "${name}"; a safetensors file needs different names.`,
      );
    if (elementCount(shape, `"${name}"`) !== data.length)
      throw new AlexNetError(
        `Expected ${elementCount(shape, `"${name}"`)} numbers for "${name}" of shape ` +
          `${showShape(shape)} but found ${data.length}.`,
      );
    const dtype = writtenDtype(data, precision);
    const end = position + data.length * dtypeBytes[dtype];
    header[name] = { dtype: dtype.toUpperCase(), shape, data_offsets: [position, end] };
    position = end;
  }
  yield encodeHeader(header);
  for (const { data } of tensors) yield* piecesOf(data, precision);
}

function piecesOf(data: WrittenTensor['data'], precision: WrittenPrecision): Iterable<Uint8Array> {
  return data instanceof Float32Array ? encodeNumbers(data, precision) : [bytesOf(data)];
}

function checksumsOf(
  tensors: readonly WrittenTensor[],
  precision: WrittenPrecision,
): Record<string, string> {
  return Object.fromEntries(
    tensors.map(({ name, data }) => [name, checksumOf(piecesOf(data, precision))]),
  );
}

function writtenDtype(data: WrittenTensor['data'], precision: WrittenPrecision): Dtype {
  if (data instanceof Float32Array) return precision;
  if (data instanceof Float64Array) return 'f64';
  if (data instanceof Int32Array) return 'i32';
  if (data instanceof Int8Array) return 'i8';
  if (data instanceof Uint16Array) return 'f16';
  return data instanceof Uint32Array ? 'u32' : 'u8';
}

/**
 * Padded with spaces so that the data starts at a multiple of 64: readers that map the file get
 * aligned numbers.
 */
function encodeHeader(header: Record<string, unknown>): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil((8 + json.length) / 64) * 64 - 8;
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  return bytes;
}
