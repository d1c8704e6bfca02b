import { findLayer, inferShapes, mapStatistics } from 'alexnet/browser';
import type { Task } from '../context.ts';
import type { ColumnAnswer, MapsAnswer, Scene } from '../protocol.ts';
import { histogramOf, shadesOf } from '../shades.ts';

/** What a layer answers to the picture, channel by channel, on one scale. */
export const maps: Task<Scene & { layer: string }, MapsAnswer> = async (
  { layer, ...scene },
  asked,
) => {
  const { session } = await asked.opened.see(scene, asked);
  const shape = findLayer(inferShapes(session.network), layer).output;
  const values = await session.activation(layer);
  return {
    layer,
    shape,
    ...shadesOf(values, 0.999),
    statistics: mapStatistics(values, shape),
    histogram: histogramOf(values),
  };
};

/** One channel on its way through layers that keep channels apart: before and after each. */
export const column: Task<
  Scene & { layers: readonly string[]; unit: number },
  ColumnAnswer
> = async ({ layers, unit, ...scene }, asked) => {
  const { session } = await asked.opened.see(scene, asked);
  const shapes = inferShapes(session.network);
  const maps: ColumnAnswer['maps'][number][] = [];
  for (const layer of layers) {
    const [, height, width] = findLayer(shapes, layer).output;
    const values = await session.activation(layer);
    const places = height * width;
    const map = values.slice(unit * places, (unit + 1) * places);
    maps.push({ layer, height, width, ...shadesOf(map) });
  }
  return { unit, maps };
};
