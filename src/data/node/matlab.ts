import { inflateSync } from 'node:zlib';
import { AlexNetError, ensure } from '../../errors.ts';

/**
 * Types of data elements in a MAT file of level 5 ("MAT-File Format", MathWorks, tables 1-1 and
 * 1-3).
 */
const type = {
  int8: 1,
  uint8: 2,
  int16: 3,
  uint16: 4,
  int32: 5,
  uint32: 6,
  single: 7,
  double: 9,
  matrix: 14,
  compressed: 15,
  utf8: 16,
  utf16: 17,
} as const;
const charClass = 4;
const structClass = 2;

interface Element {
  readonly type: number;
  readonly body: Buffer;
  /** Where the next one begins. */
  readonly next: number;
}

export type MatStruct = Readonly<Record<string, string | number | undefined>>;

/**
 * The struct array called `name` in a MAT file of level 5 (little-endian, as every machine of today
 * writes it), with those fields that are text or hold numbers (of several the first). Enough for
 * the devkit of ILSVRC.
 */
export function readMatStructs(file: Buffer, name: string): MatStruct[] {
  ensure(
    file.length > 128 && file.toString('latin1', 126, 128) === 'IM',
    'Expected a MAT file of level 5, little-endian, but found something else.',
  );
  for (let at = 128; at + 8 <= file.length;) {
    const outer = element(file, at, false);
    at = outer.next;
    const matrix = outer.type === type.compressed ? element(inflateSync(outer.body), 0) : outer;
    if (matrix.type !== type.matrix) continue;
    const parts = elements(matrix.body);
    if (text(parts[2]) === name && parts[0]!.body[0] === structClass) return structs(parts);
  }
  throw new AlexNetError(`The MAT file has no struct array called ${name}.`);
}

/**
 * Flags, dimensions, name, length of a field name, field names, then every struct's fields in turn.
 */
function structs([
  ,
  dimensions,
  ,
  fieldLength,
  fieldNames,
  ...values
]: readonly Element[]): MatStruct[] {
  const count = numbers(dimensions!).reduce((product, n) => product * n, 1);
  const length = numbers(fieldLength!)[0]!;
  const names = Array.from({ length: fieldNames!.body.length / length }, (_, i) =>
    fieldNames!.body.toString('latin1', i * length, (i + 1) * length).replace(/\0.*$/s, ''),
  );
  return Array.from({ length: count }, (_, i) =>
    Object.fromEntries(names.map((name, f) => [name, value(values[i * names.length + f])])),
  );
}

function value(matrix: Element | undefined): string | number | undefined {
  if (!matrix || matrix.type !== type.matrix || matrix.body.length === 0) return undefined;
  const [flags, , , data] = elements(matrix.body);
  if (!data) return undefined;
  if (flags!.body[0] === charClass) return text(data);
  return flags!.body[0]! > 5 ? numbers(data)[0] : undefined;
}

function elements(body: Buffer): Element[] {
  const found: Element[] = [];
  for (let at = 0; at + 8 <= body.length; at = found.at(-1)!.next) found.push(element(body, at));
  return found;
}

/** A tag of 8 bytes and its data, padded to 8; or data of up to 4 bytes inside the tag. */
function element(bytes: Buffer, at: number, padded = true): Element {
  const first = bytes.readUInt32LE(at);
  if (first > 0xffff)
    return {
      type: first & 0xffff,
      body: bytes.subarray(at + 4, at + 4 + (first >>> 16)),
      next: at + 8,
    };
  const length = bytes.readUInt32LE(at + 4);
  return {
    type: first,
    body: bytes.subarray(at + 8, at + 8 + length),
    next: at + 8 + (padded ? Math.ceil(length / 8) * 8 : length),
  };
}

function text(element: Element | undefined): string {
  if (!element) return '';
  const wide = element.type === type.utf16 || element.type === type.uint16;
  return element.body.toString(wide ? 'utf16le' : 'utf8');
}

function numbers({ type: kind, body }: Element): number[] {
  const read: Readonly<Record<number, readonly [number, (at: number) => number]>> = {
    [type.int8]: [1, (at) => body.readInt8(at)],
    [type.uint8]: [1, (at) => body.readUInt8(at)],
    [type.int16]: [2, (at) => body.readInt16LE(at)],
    [type.uint16]: [2, (at) => body.readUInt16LE(at)],
    [type.int32]: [4, (at) => body.readInt32LE(at)],
    [type.uint32]: [4, (at) => body.readUInt32LE(at)],
    [type.single]: [4, (at) => body.readFloatLE(at)],
    [type.double]: [8, (at) => body.readDoubleLE(at)],
  };
  const [size, at] = read[kind] ?? [8, () => Number.NaN];
  return Array.from({ length: Math.floor(body.length / size) }, (_, i) => at(i * size));
}
