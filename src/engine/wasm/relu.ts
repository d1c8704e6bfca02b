import type { ReluLayer } from '../../network/layer.ts';
import type { LayerJobs, LayerSite } from './layer.ts';

const rules = { plain: 1, deconvnet: 2, guided: 3 } as const;

/** `{n, c, h, w} -> {n, c, h, w}`, in place where nobody wants to see its input. */
export function relu({ x, y, dx, dy, rectify }: LayerSite<ReluLayer>): LayerJobs {
  const [channels, rows, columns] = y.shape;
  return {
    forward: (images) =>
      rectify
        ? []
        : [
            {
              kernel: 'relu',
              tasks: images * rows,
              arguments: [...x.rows, ...y.rows, rows, columns * channels],
            },
          ],
    ...(dx &&
      dy && {
        backward: (images, rule) => [
          {
            kernel: 'reluBackward',
            tasks: images * rows,
            arguments: [...y.rows, ...dy.rows, ...dx.rows, rows, columns * channels, rules[rule]],
          },
        ],
      }),
  };
}
