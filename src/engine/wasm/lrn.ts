import type { LrnLayer } from '../../network/layer.ts';
import { during } from '../plan/arena.ts';
import type { LayerJobs, LayerSite } from './layer.ts';

/** `{n, c, h, w} -> {n, c, h, w}` */
export function lrn(site: LayerSite<LrnLayer>): LayerJobs {
  return site.layer.across === 'channels' ? acrossChannels(site) : insideMaps(site);
}

function acrossChannels({ layer, x, y, dx, dy }: LayerSite<LrnLayer>): LayerJobs {
  const [channels, rows, columns] = y.shape;
  const geometry = [
    rows,
    columns,
    channels / layer.groups,
    layer.groups,
    layer.size,
    layer.alpha,
    layer.beta,
    layer.k,
  ];
  return {
    forward: (images) => [
      {
        kernel: 'lrnChannels',
        tasks: images * rows,
        arguments: [...x.rows, ...y.rows, ...geometry],
      },
    ],
    ...(dx &&
      dy && {
        backward: (images) => [
          {
            kernel: 'lrnChannelsBackward',
            tasks: images * rows,
            arguments: [...x.rows, ...dy.rows, ...dx.rows, ...geometry],
          },
        ],
      }),
  };
}

function insideMaps({
  layer,
  batch,
  arena,
  x,
  y,
  dx,
  dy,
  backwardStep,
}: LayerSite<LrnLayer>): LayerJobs {
  const [channels, rows, columns] = y.shape;
  const geometry = [rows, columns, channels, layer.size, layer.alpha, layer.beta];
  const forward: LayerJobs['forward'] = (images) => [
    {
      kernel: 'lrnMap',
      tasks: images * rows,
      arguments: [...x.rows, ...y.rows, ...geometry, layer.k],
    },
  ];
  if (dx === undefined || dy === undefined) return { forward };
  const scaled = arena.region(batch * rows * columns * channels * 4, during(backwardStep));
  const products = arena.region(batch * rows * columns * channels * 4, during(backwardStep));
  return {
    forward,
    backward: (images) => [
      {
        kernel: 'lrnMapProducts',
        tasks: images * rows,
        arguments: [...x.rows, ...dy.rows, scaled.at, products.at, ...geometry, layer.k],
      },
      {
        kernel: 'lrnMapBackward',
        tasks: images * rows,
        arguments: [...x.rows, scaled.at, products.at, ...dx.rows, ...geometry],
      },
    ],
  };
}

/** Bytes of scratch one thread needs for the rows of this layer. */
export function lrnScratch(channels: number, size: number): number {
  return 3 * (channels + size + 8) * 4 + 64;
}
