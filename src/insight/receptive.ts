import { ensure } from '../errors.ts';
import type { Network, Shape } from '../network/layer.ts';
import { findLayer, inferShapes } from '../network/shapes.ts';
import type { LayerShape } from '../network/shapes.ts';

/** Cells `start … end − 1` along one side. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A rectangle of the input, in pixels. */
export interface Field {
  readonly rows: Span;
  readonly columns: Span;
}

/**
 * All pixels that can change the number at row y, column x of a layer's maps, and no others. Exact
 * at the borders too: what a window sees of padding, or past the map, belongs to no pixel.
 */
export function receptiveField(network: Network, layer: string, y: number, x: number): Field {
  const shapes = shapesUpTo(network, layer);
  const [, height, width] = shapes.at(-1)!.output;
  ensure(
    inside(y, height) && inside(x, width),
    () =>
      `Layer "${layer}" has maps of ${height}×${width}, so there is no place (${y}, ${x}) in it.`,
  );
  const back = (side: Side, place: number): Span =>
    shapes.reduceRight((span, shape) => lookedAt(shape, side, span), {
      start: place,
      end: place + 1,
    });
  return { rows: back(1, y), columns: back(2, x) };
}

/**
 * Where the middles of a layer's receptive fields lie in the input, in pixels; not cut at the
 * borders, so evenly apart.
 */
export interface Centres {
  readonly rows: Float64Array;
  readonly columns: Float64Array;
}

/**
 * For each row and column of a layer's maps the pixel that it stands for; the middle of pixel 0 is
 * 0.
 */
export function receptiveCentres(network: Network, layer: string): Centres {
  const shapes = shapesUpTo(network, layer);
  const along = (side: Side): Float64Array =>
    Float64Array.from({ length: shapes.at(-1)!.output[side] }, (_, place) => {
      const { start, end } = shapes.reduceRight((span, shape) => lookedAtUncut(shape, side, span), {
        start: place,
        end: place + 1,
      });
      return (start + end - 1) / 2;
    });
  return { rows: along(1), columns: along(2) };
}

/** Which side of a {@link Shape}: 1 height, 2 width. */
export type Side = 1 | 2;

function shapesUpTo(network: Network, layer: string): LayerShape[] {
  const shapes = inferShapes(network);
  return shapes.slice(0, shapes.indexOf(findLayer(shapes, layer)) + 1);
}

function inside(place: number, length: number): boolean {
  return Number.isInteger(place) && place >= 0 && place < length;
}

function lookedAt(shape: LayerShape, side: Side, span: Span): Span {
  const { start, end } = lookedAtUncut(shape, side, span);
  return { start: Math.max(0, start), end: Math.min(shape.input[side], end) };
}

/** What outputs `start … end − 1` of one layer look at, padding included. */
export function lookedAtUncut(
  { layer, window, input, output }: LayerShape,
  side: Side,
  { start, end }: Span,
): Span {
  if (window !== undefined) {
    const stride = window.stride[side - 1]!;
    const before = side === 1 ? window.padding.top : window.padding.left;
    return {
      start: start * stride - before,
      end: (end - 1) * stride - before + window.kernel[side - 1]!,
    };
  }
  switch (layer.type) {
    case 'lrn': {
      const half = layer.across === 'map' ? (layer.size - 1) / 2 : 0;
      return { start: start - half, end: end + half };
    }
    case 'adaptiveAveragePool':
      return {
        start: Math.floor((start * input[side]) / output[side]),
        end: Math.ceil((end * input[side]) / output[side]),
      };
    case 'dense':
      return { start: 0, end: input[side] };
    default:
      return { start, end };
  }
}

/**
 * Lays a map `[height, width]` over the input: each number stands at the middle of its receptive
 * field, straight lines between them, and the outermost go on to the border. Stretching the map to
 * the picture's size instead would shift it by up to half a field, because the first unit of a
 * convolution without padding does not look at the corner.
 * @returns `[height, width]` of the input.
 */
export function overInput(
  map: ArrayLike<number>,
  centres: Centres,
  [, height, width]: Shape,
): Float32Array {
  const rows = weights(centres.rows, height);
  const columns = weights(centres.columns, width);
  const mapWidth = centres.columns.length;
  const out = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    const { low, high, share } = rows[y]!;
    for (let x = 0; x < width; x++) {
      const column = columns[x]!;
      const at = (row: number): number =>
        map[row * mapWidth + column.low]! * (1 - column.share) +
        map[row * mapWidth + column.high]! * column.share;
      out[y * width + x] = at(low) * (1 - share) + at(high) * share;
    }
  }
  return out;
}

/** For each pixel the two neighbouring centres and the second one's share. */
function weights(
  centres: Float64Array,
  length: number,
): { low: number; high: number; share: number }[] {
  let low = 0;
  return Array.from({ length }, (_, pixel) => {
    while (low < centres.length - 2 && centres[low + 1]! <= pixel) low++;
    const high = Math.min(low + 1, centres.length - 1);
    const distance = centres[high]! - centres[low]!;
    return {
      low,
      high,
      share: distance === 0 ? 0 : Math.min(1, Math.max(0, (pixel - centres[low]!) / distance)),
    };
  });
}
