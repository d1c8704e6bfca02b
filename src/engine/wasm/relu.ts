import type { ReluLayer } from '../../network/layer.ts';
import { gradientCounts, outputCounts } from './constants.ts';
import type { LayerJobs, LayerSite } from './layer.ts';
import { call } from './signatures.ts';

const rules = {
  plain: outputCounts,
  deconvnet: gradientCounts,
  guided: outputCounts | gradientCounts,
} as const;

/** `{n, c, h, w} -> {n, c, h, w}`, in place where nobody wants to see its input. */
export function relu({ x, y, dx, dy, rectify }: LayerSite<ReluLayer>): LayerJobs {
  const [channels, rows, columns] = y.shape;
  const length = columns * channels;
  return {
    forward: (images) =>
      rectify ? [] : [call.relu(images * rows, { x: x.rows, y: y.rows, rows, length })],
    ...(dx &&
      dy && {
        backward: (images, rule) => [
          call.reluBackward(images * rows, {
            y: y.rows,
            dy: dy.rows,
            dx: dx.rows,
            rows,
            length,
            rule: rules[rule],
          }),
        ],
      }),
  };
}
