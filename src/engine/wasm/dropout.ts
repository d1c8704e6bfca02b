import type { DropoutLayer } from '../../network/layer.ts';
import { dropThreshold } from '../../random/draws.ts';
import { purposes } from '../../random/philox.ts';
import type { Draw } from '../engine.ts';
import type { Job } from './job.ts';
import type { LayerJobs, LayerSite } from './layer.ts';
import type { Tensor } from './tensor.ts';

/**
 * `{n, c, h, w} -> {n, c, h, w}`. With a draw, a mask from its address is made and kept for the way
 * back.
 */
export function dropout({
  layer,
  batch,
  arena,
  x,
  y,
  dx,
  dy,
  ordinal,
}: LayerSite<DropoutLayer>): LayerJobs {
  const [channels, rows, columns] = y.shape;
  const length = columns * channels;
  const resting = layer.scale === 'test' ? 1 - layer.rate : 1;
  const kept = layer.scale === 'train' ? 1 / (1 - layer.rate) : 1;
  const mask = dy === undefined ? undefined : arena.region(batch * rows * length * 4);
  const scaled = (
    from: Tensor,
    to: Tensor,
    images: number,
    draw: Required<Draw> | undefined,
  ): Job[] => {
    if (draw !== undefined && mask !== undefined)
      return [
        {
          kernel: 'multiplyMask',
          tasks: images * rows,
          arguments: [...from.rows, ...to.rows, mask.at, rows, length],
        },
      ];
    if (resting === 1 && from === to) return [];
    return [
      {
        kernel: 'scale',
        tasks: images * rows,
        arguments: [...from.rows, ...to.rows, rows, length, resting],
      },
    ];
  };
  return {
    forward: (images, draw) => {
      if (draw === undefined || mask === undefined) return scaled(x, y, images, draw);
      const address = [draw.seed, draw.step, purposes.dropout + 256 * ordinal, draw.firstImage];
      return [
        {
          kernel: 'dropoutMask',
          tasks: images,
          arguments: [
            mask.at,
            channels,
            rows * columns,
            dropThreshold(layer.rate),
            kept,
            ...address,
          ],
        },
        ...scaled(x, y, images, draw),
      ];
    },
    ...(dx && dy && { backward: (images, _, draw) => scaled(dy, dx, images, draw) }),
  };
}
