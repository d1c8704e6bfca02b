import { findLayer, inferShapes, inputPicture, receptiveField } from 'alexnet/browser';
import type { Task } from '../context.ts';
import type { AnswerOf, PatchesAnswer, Pixels, Span, WishOf } from '../protocol.ts';

const most = 9;

/** Where in the pictures at hand a channel answers most: one place of each picture. */
export const patches: Task<WishOf<'patches'>, AnswerOf<'patches'>> = async (
  { layer, unit, pictures, ...scene },
  asked,
) => {
  const found: PatchesAnswer['patches'][number][] = [];
  const unread: string[] = [];
  for (const [done, picture] of pictures.entries()) {
    asked.signal.throwIfAborted();
    try {
      const { session, imported, input } = await asked.opened.see({ ...scene, picture }, asked);
      const { network, preprocessing, meanImage } = imported.model;
      const { output } = findLayer(inferShapes(network), layer);
      const place = strongest(await session.activation(layer), unit, output[1] * output[2]);
      const [y, x] = [Math.floor(place.at / output[2]), place.at % output[2]];
      const { rows, columns } = receptiveField(network, layer, y, x);
      const pixels = cropped(inputPicture(input, preprocessing, meanImage), rows, columns);
      found.push({ picture: picture.id, value: place.value, y, x, pixels });
    } catch (error) {
      if (asked.signal.aborted) throw error;
      unread.push(error instanceof Error ? error.message : String(error));
    }
    asked.progress({ done: done + 1, total: pictures.length });
  }
  found.sort((a, b) => b.value - a.value);
  return { layer, unit, patches: found.slice(0, most), unread };
};

function strongest(
  values: Float32Array,
  unit: number,
  places: number,
): { readonly at: number; readonly value: number } {
  const map = values.subarray(unit * places, (unit + 1) * places);
  const at = map.reduce((best, value, i) => (value > map[best]! ? i : best), 0);
  return { at, value: map[at]! };
}

function cropped({ width, data }: Pixels, rows: Span, columns: Span): Pixels {
  const size = { width: columns.end - columns.start, height: rows.end - rows.start };
  const out = new Uint8Array(size.width * size.height * 3);
  for (let y = 0; y < size.height; y++) {
    const from = ((rows.start + y) * width + columns.start) * 3;
    out.set(data.subarray(from, from + size.width * 3), y * size.width * 3);
  }
  return { ...size, data: out };
}
