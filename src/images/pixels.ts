import { ensure } from '../errors.ts';
import type { ColourMap } from './colour.ts';
import type { Picture, Rectangle } from './picture.ts';
import { reversed, taps } from './taps.ts';
import type { Taps } from './taps.ts';
import { cleared } from './workbench.ts';
import type { Workbench } from './workbench.ts';

/** How pixels become input. */
export interface Painting {
  readonly mirrored: boolean;
  readonly colours: ColourMap;
  /** `[3, size, size]`, taken off last. */
  readonly subtract?: Float32Array | undefined;
}

/**
 * Writes a box of a picture as the three planes `[3, size, size]` at `out[at]`: cut where it has
 * that size, else resampled (bilinear, antialiased where it shrinks).
 */
export function paintPlanes(
  out: Float32Array,
  at: number,
  picture: Picture,
  box: Rectangle,
  size: number,
  { mirrored, colours, subtract }: Painting,
): void {
  ensure(size >= 4, `Expected a crop of at least 4 pixels but found ${size}.`);
  const bench = cleared();
  const map = bench.put(
    Float32Array.from(
      [0, 1, 2].flatMap((c) => [...colours.matrix.slice(3 * c, 3 * c + 3), colours.offset[c]!]),
    ),
  );
  const planes = bench.room(3 * size * size * 4, out.byteOffset + at * 4);
  if (box.width === size && box.height === size)
    cutPlanes(bench, picture, box, size, mirrored, map, planes);
  else resamplePlanes(bench, picture, box, size, mirrored, map, planes);
  if (subtract) bench.kernels.subtract(planes, bench.put(subtract), subtract.length);
  out.set(bench.floats(planes, 3 * size * size), at);
}

function cutPlanes(
  bench: Workbench,
  { width, data }: Picture,
  { left, top }: Rectangle,
  size: number,
  mirrored: boolean,
  map: number,
  planes: number,
): void {
  const source = bench.put(data.subarray(top * width * 3, (top + size) * width * 3)) + left * 3;
  if (mirrored) bench.kernels.mirrorPlanes(source, width * 3, size, map, planes);
  else bench.kernels.cropPlanes(source, width * 3, size, map, planes);
}

function resamplePlanes(
  bench: Workbench,
  picture: Picture,
  { left, top, width, height }: Rectangle,
  size: number,
  mirrored: boolean,
  map: number,
  planes: number,
): void {
  const across = taps(left, width, picture.width, size);
  const down = taps(top, height, picture.height, size);
  const rows = squeezeRows(bench, picture, mirrored ? reversed(across) : across, down);
  bench.kernels.blendPlanes(
    rows.place,
    rows.first,
    bench.put(down.weights),
    down.count,
    size,
    map,
    planes,
  );
}

/** Squeezes the rows that `down` reads. */
function squeezeRows(
  bench: Workbench,
  { width, data }: Picture,
  across: Taps,
  down: Taps,
): { place: number; first: number } {
  const top = down.first[0]!;
  const count = down.first[down.first.length - 1]! + down.count - top;
  const size = across.first.length;
  const source = bench.put(data.subarray(top * width * 3, (top + count) * width * 3));
  const place = bench.room(count * size * 16);
  bench.kernels.squeeze(
    source,
    width * 3,
    count,
    bench.put(across.first.map((x) => x * 3)),
    bench.put(across.weights),
    across.count,
    size,
    place,
  );
  return { place, first: bench.put(down.first.map((row) => row - top)) };
}

/**
 * A picture resampled to another size (at least 4 pixels each way): bilinear, antialiased where it
 * shrinks.
 */
export function resamplePicture(picture: Picture, width: number, height: number): Picture {
  ensure(
    width >= 4 && height >= 4,
    `Expected a size of at least 4×4 pixels but found ${width}×${height}.`,
  );
  const bench = cleared();
  const down = taps(0, picture.height, picture.height, height);
  const rows = squeezeRows(bench, picture, taps(0, picture.width, picture.width, width), down);
  const weights = bench.put(down.weights);
  const out = bench.room(width * height * 3);
  bench.kernels.blendBytes(rows.place, rows.first, weights, down.count, width, height, out);
  return { width, height, data: bench.bytes(out, width * height * 3).slice() };
}

/** The mean grey of a box, 0 to 255 (ITU-R BT.601). */
export function meanGrey({ width, data }: Picture, box: Rectangle): number {
  const bench = cleared();
  const source =
    bench.put(data.subarray(box.top * width * 3, (box.top + box.height) * width * 3)) +
    box.left * 3;
  const sums = bench.room(12);
  bench.kernels.sumColours(source, width * 3, box.width, box.height, sums);
  const [red, green, blue] = new Uint32Array(bench.bytes(sums, 12).slice().buffer);
  return (0.299 * red! + 0.587 * green! + 0.114 * blue!) / (box.width * box.height);
}
