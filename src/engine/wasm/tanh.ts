import type { TanhLayer } from '../../network/layer.ts';
import type { LayerJobs, LayerSite } from './layer.ts';

/** `{n, c, h, w} -> {n, c, h, w}`, in place where nobody wants to see its input. */
export function tanh({ x, y, dx, dy }: LayerSite<TanhLayer>): LayerJobs {
  const [channels, rows, columns] = y.shape;
  const length = columns * channels;
  return {
    forward: (images) => [
      { kernel: 'tanh', tasks: images * rows, arguments: [...x.rows, ...y.rows, rows, length] },
    ],
    ...(dx &&
      dy && {
        backward: (images) => [
          {
            kernel: 'tanhBackward',
            tasks: images * rows,
            arguments: [...y.rows, ...dy.rows, ...dx.rows, rows, length],
          },
        ],
      }),
  };
}
