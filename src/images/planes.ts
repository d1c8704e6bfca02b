import type { ColourMap } from './colour.ts';

/** Interleaved RGB pixels: pixel (x, y) starts at `start + y · rowStride + x · 3`; 8-bit, or floats on the same scale. */
export interface Pixels {
  readonly data: Uint8Array | Float32Array;
  readonly start: number;
  readonly rowStride: number;
}

/**
 * Writes a size×size window of pixels as three planes `[3, size, size]` at `out[at]`, colours mapped.
 * @param mirrored right to left.
 * @param subtract `[3, size, size]`, taken off last.
 */
export function writePlanes(out: Float32Array, at: number, pixels: Pixels, size: number, mirrored: boolean, colours: ColourMap, subtract?: Float32Array): void {
  const sources = onlySources(colours.matrix);
  for (let c = 0; c < 3; c++) {
    const plane = at + c * size * size;
    const source = sources?.[c];
    if (source === undefined) mixedPlane(out, plane, pixels, size, mirrored, colours, c);
    else singlePlane(out, plane, pixels, size, mirrored, source, colours.matrix[3 * c + source]!, colours.offset[c]!);
  }
  if (subtract) for (let i = 0; i < subtract.length; i++) out[at + i]! -= subtract[i]!;
}

/** For each output channel the one input channel it is made from, or undefined where channels mix. */
function onlySources(matrix: readonly number[]): number[] | undefined {
  const sources = [0, 1, 2].map((c) => [0, 1, 2].filter((k) => matrix[3 * c + k] !== 0));
  return sources.every((found) => found.length <= 1) ? sources.map((found) => found[0] ?? 0) : undefined;
}

const table = new Float32Array(256);

function singlePlane(out: Float32Array, plane: number, pixels: Pixels, size: number, mirrored: boolean, source: number, gain: number, offset: number): void {
  const { data, start, rowStride } = pixels;
  const step = mirrored ? -3 : 3;
  const first = start + source + (mirrored ? (size - 1) * 3 : 0);
  if (data instanceof Uint8Array) {
    for (let p = 0; p < 256; p++) table[p] = gain * p + offset;
    for (let y = 0, o = plane; y < size; y++) for (let x = 0, i = first + y * rowStride; x < size; x++, i += step) out[o++] = table[data[i]!]!;
  } else {
    for (let y = 0, o = plane; y < size; y++) for (let x = 0, i = first + y * rowStride; x < size; x++, i += step) out[o++] = gain * data[i]! + offset;
  }
}

function mixedPlane(out: Float32Array, plane: number, pixels: Pixels, size: number, mirrored: boolean, { matrix, offset }: ColourMap, c: number): void {
  const { data, start, rowStride } = pixels;
  const red = matrix[3 * c]!;
  const green = matrix[3 * c + 1]!;
  const blue = matrix[3 * c + 2]!;
  const add = offset[c]!;
  const step = mirrored ? -3 : 3;
  const first = start + (mirrored ? (size - 1) * 3 : 0);
  for (let y = 0, o = plane; y < size; y++) {
    for (let x = 0, i = first + y * rowStride; x < size; x++, i += step) out[o++] = red * data[i]! + green * data[i + 1]! + blue * data[i + 2]! + add;
  }
}
