import type { TanhLayer } from '../../network/layer.ts';
import type { LayerJobs, LayerSite } from './layer.ts';
import { call } from './signatures.ts';

/** `{n, c, h, w} -> {n, c, h, w}`, in place where nobody wants to see its input. */
export function tanh({ x, y, dx, dy }: LayerSite<TanhLayer>): LayerJobs {
  const [channels, rows, columns] = y.shape;
  const length = columns * channels;
  return {
    forward: (images) => [call.tanh(images * rows, { x: x.rows, y: y.rows, rows, length })],
    ...(dx &&
      dy && {
        backward: (images) => [
          call.tanhBackward(images * rows, {
            y: y.rows,
            dy: dy.rows,
            dx: dx.rows,
            rows,
            length,
          }),
        ],
      }),
  };
}
