import { findLayer, inferShapes, mapDifferences } from 'alexnet/browser';
import type { Session } from 'alexnet/browser';
import type { Task } from '../context.ts';
import type { AnswerOf, WishOf } from '../protocol.ts';

const most = 12;

/** Which channels of a layer two models answer most differently, on the same picture. */
export const differences: Task<WishOf<'differences'>, AnswerOf<'differences'>> = async (
  { other, layer, ...scene },
  asked,
) => {
  const one = await asked.opened.see(scene, asked);
  const two = await asked.opened.see({ ...scene, model: other }, asked);
  const [shape, otherShape] = [shapeIn(one.session, layer), shapeIn(two.session, layer)];
  if (shape === undefined || String(shape) !== String(otherShape)) return { layer, channels: [] };
  const values = await one.session.activation(layer);
  const others = await two.session.activation(layer);
  return { layer, channels: mapDifferences(values, others, shape).slice(0, most) };
};

function shapeIn({ network }: Session, layer: string) {
  if (!network.some(({ name }) => name === layer)) return undefined;
  return findLayer(inferShapes(network), layer).output;
}
