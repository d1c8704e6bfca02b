import type { DropoutLayer } from '../../network/layer.ts';
import { dropThreshold } from '../../random/draws.ts';
import { purposes } from '../../random/philox.ts';
import type { Draw } from '../engine.ts';
import type { Job } from './job.ts';
import type { LayerJobs, LayerSite } from './layer.ts';
import { call } from './signatures.ts';
import type { Tensor } from './tensor.ts';

/**
 * `{n, c, h, w} -> {n, c, h, w}`. With a draw, a mask from its address is made and kept for
 * backward.
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
    const maps = { x: from.rows, y: to.rows };
    if (draw !== undefined && mask !== undefined)
      return [call.multiplyMask(images * rows, { ...maps, mask: mask.at, rows, length })];
    if (resting === 1 && from === to) return [];
    return [call.scale(images * rows, { ...maps, rows, length, factor: resting })];
  };
  return {
    forward: (images, draw) => {
      if (draw === undefined || mask === undefined) return scaled(x, y, images, draw);
      return [
        call.dropoutMask(images, {
          mask: mask.at,
          channels,
          cells: rows * columns,
          threshold: dropThreshold(layer.rate),
          kept,
          seed: draw.seed,
          stream: draw.step,
          last: purposes.dropout + 256 * ordinal,
          firstImage: draw.firstImage,
        }),
        ...scaled(x, y, images, draw),
      ];
    },
    ...(dx && dy && { backward: (images, _, draw) => scaled(dy, dx, images, draw) }),
  };
}
