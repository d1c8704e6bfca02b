import { findLayer, inferShapes, receptiveField } from 'alexnet/browser';
import type { Task } from '../context.ts';
import type { NumberAnswer, Place, Scene } from '../protocol.ts';
import { traceOf } from '../trace/index.ts';

/** One number of a layer's output, and the sum that makes it. */
export const number: Task<Scene & Place, NumberAnswer> = async (
  { layer, unit, y, x, ...scene },
  asked,
) => {
  const { session, imported } = await asked.opened.see(scene, asked);
  const { network } = session;
  const shapes = inferShapes(network);
  const shape = findLayer(shapes, layer);
  const [channels, height, width] = shape.output;
  if (!(unit < channels && y < height && x < width))
    throw new Error(
      `Layer “${layer}” gives ${channels} channels of ${height}×${width}: it has no number at ` +
        `channel ${unit}, row ${y}, column ${x}.`,
    );
  const below = shapes[shapes.indexOf(shape) - 1];
  const input =
    below === undefined ? new Float32Array(0) : await session.activation(below.layer.name);
  const output = await session.activation(layer);
  const { trace, reckoned } = traceOf({
    shape,
    below,
    input,
    unit,
    y,
    x,
    model: imported.model,
    output,
  });
  return {
    layer,
    unit,
    y,
    x,
    value: output[(unit * height + y) * width + x]!,
    reckoned,
    field: receptiveField(network, layer, y, x),
    trace,
  };
};
