/**
 * Between the canonical layout outside and the engine's own inside. Pure loops over one memory, run
 * by the workers.
 */

/** Images `first … first + count` of a channels-last map. */
export interface MapTransfer {
  readonly kind: 'map';
  readonly origin: number;
  readonly image: number;
  readonly row: number;
  readonly channels: number;
  readonly rows: number;
  readonly columns: number;
  readonly first: number;
  readonly count: number;
  /** Of integers of 16 bits: what they are multiplied by. They can only be read. */
  readonly scale?: number;
}

/**
 * Output channels `first … first + count` of weights in panels, `[group][panel][cell][input][8]`.
 */
export interface ParameterTransfer {
  readonly kind: 'parameter';
  readonly at: number;
  /** Output channels of one group. */
  readonly outputs: number;
  readonly inputs: number;
  readonly cells: number;
  readonly first: number;
  readonly count: number;
}

/**
 * Output channels `first … first + count` of weights of 8 bits, from the canonical layout into that
 * of `kernels/integers.ts`. They can only be written.
 */
export interface IntegerTransfer {
  readonly kind: 'integers';
  readonly at: number;
  /** Output channels of one group. */
  readonly outputs: number;
  /** Input channels of one group. */
  readonly channels: number;
  readonly kernel: readonly [number, number];
  /** One run a kernel row, instead of one a cell. */
  readonly wide: boolean;
  readonly first: number;
  readonly count: number;
}

/** Bytes as they are. */
export interface RawTransfer {
  readonly kind: 'raw';
  readonly at: number;
  readonly bytes: number;
}

export type Transfer = MapTransfer | ParameterTransfer | IntegerTransfer | RawTransfer;

/** Numbers in one unit (image, output channel) of a transfer. */
export function unitSize(transfer: MapTransfer | ParameterTransfer): number {
  return transfer.kind === 'map'
    ? transfer.channels * transfer.rows * transfer.columns
    : transfer.inputs * transfer.cells;
}

export function write(memory: ArrayBufferLike, transfer: Transfer, data: ArrayBufferView): void {
  if (transfer.kind === 'raw') {
    new Uint8Array(memory, transfer.at, transfer.bytes).set(
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    );
    return;
  }
  if (transfer.kind === 'integers') {
    writeIntegers(memory, transfer, new Int8Array(data.buffer, data.byteOffset, data.byteLength));
    return;
  }
  const floats = new Float32Array(memory);
  const given = new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4);
  eachRun(transfer, (at, stride, from, count) => {
    for (let i = 0; i < count; i++, at += stride) floats[at] = given[from + i]!;
  });
}

export function read(memory: ArrayBufferLike, transfer: Transfer): Float32Array<ArrayBuffer> {
  if (transfer.kind === 'raw')
    return new Float32Array(new Uint8Array(memory, transfer.at, transfer.bytes).slice().buffer);
  if (transfer.kind === 'integers') throw new Error('Weights of 8 bits cannot be read back.');
  if (transfer.kind === 'map' && transfer.scale !== undefined)
    return readGrid(memory, transfer, transfer.scale);
  const floats = new Float32Array(memory);
  const out = new Float32Array(transfer.count * unitSize(transfer));
  eachRun(transfer, (at, stride, from, count) => {
    for (let i = 0; i < count; i++, at += stride) out[from + i] = floats[at]!;
  });
  return out;
}

/**
 * Calls `use(index in memory, step in memory, index outside, length)` for every stretch that is
 * contiguous outside.
 */
function eachRun(
  transfer: MapTransfer | ParameterTransfer,
  use: (at: number, stride: number, from: number, count: number) => void,
): void {
  if (transfer.kind === 'map') eachMapRow(transfer, 4, use);
  else eachKernel(transfer, use);
}

function eachMapRow(
  { origin, image, row, channels, rows, columns, first, count }: MapTransfer,
  element: number,
  use: (at: number, stride: number, from: number, count: number) => void,
): void {
  let from = 0;
  for (let n = first; n < first + count; n++) {
    for (let c = 0; c < channels; c++) {
      for (let r = 0; r < rows; r++, from += columns)
        use((origin + n * image + r * row) / element + c, channels, from, columns);
    }
  }
}

function eachKernel(
  { at, outputs, inputs, cells, first, count }: ParameterTransfer,
  use: (at: number, stride: number, from: number, count: number) => void,
): void {
  const panels = Math.ceil(outputs / 8);
  let from = 0;
  for (let o = first; o < first + count; o++) {
    const inGroup = o % outputs;
    const panel = ((o - inGroup) / outputs) * panels + (inGroup >> 3);
    const base = at / 4 + panel * inputs * cells * 8 + (inGroup & 7);
    for (let c = 0; c < inputs; c++, from += cells) use(base + c * 8, inputs * 8, from, cells);
  }
}

/** Integers on a grid as the numbers they stand for. */
function readGrid(
  memory: ArrayBufferLike,
  transfer: MapTransfer,
  scale: number,
): Float32Array<ArrayBuffer> {
  const halves = new Int16Array(memory);
  const out = new Float32Array(transfer.count * unitSize(transfer));
  eachMapRow(transfer, 2, (at, stride, from, count) => {
    for (let i = 0; i < count; i++, at += stride) out[from + i] = halves[at]! * scale;
  });
  return out;
}

function writeIntegers(
  memory: ArrayBufferLike,
  { at, outputs, channels, kernel: [rows, columns], wide, first, count }: IntegerTransfer,
  given: Int8Array,
): void {
  const bytes = new Int8Array(memory);
  const cells = rows * columns;
  const pairs = Math.ceil((wide ? columns * channels : channels) / 2);
  const taps = wide ? rows : cells;
  const panels = Math.ceil(outputs / 8);
  let from = 0;
  for (let o = first; o < first + count; o++) {
    const inGroup = o % outputs;
    const panel = ((o - inGroup) / outputs) * panels + (inGroup >> 3);
    const base = at + panel * taps * pairs * 16 + (inGroup & 7) * 2;
    for (let c = 0; c < channels; c++) {
      for (let cell = 0; cell < cells; cell++) {
        const tap = wide ? Math.floor(cell / columns) : cell;
        const place = wide ? (cell % columns) * channels + c : c;
        bytes[base + (tap * pairs + (place >> 1)) * 16 + (place & 1)] = given[from++]!;
      }
    }
  }
}
