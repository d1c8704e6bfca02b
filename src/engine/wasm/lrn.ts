import type { LrnLayer } from '../../network/layer.ts';
import { during } from '../plan/arena.ts';
import type { LayerJobs, LayerSite } from './layer.ts';
import { call } from './signatures.ts';

/** `{n, c, h, w} -> {n, c, h, w}` */
export function lrn(site: LayerSite<LrnLayer>): LayerJobs {
  return site.layer.across === 'channels' ? acrossChannels(site) : insideMaps(site);
}

function acrossChannels({ layer, x, y, dx, dy }: LayerSite<LrnLayer>): LayerJobs {
  const [channels, rows, columns] = y.shape;
  const { groups, size, alpha, beta, k } = layer;
  const geometry = { rows, columns, channels: channels / groups, groups, size, alpha, beta, k };
  return {
    forward: (images) => [call.lrnChannels(images * rows, { x: x.rows, y: y.rows, ...geometry })],
    ...(dx &&
      dy && {
        backward: (images) => [
          call.lrnChannelsBackward(images * rows, {
            x: x.rows,
            dy: dy.rows,
            dx: dx.rows,
            ...geometry,
          }),
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
  const { size, alpha, beta, k } = layer;
  const geometry = { rows, columns, channels, size, alpha, beta };
  const forward: LayerJobs['forward'] = (images) => [
    call.lrnMap(images * rows, { x: x.rows, y: y.rows, ...geometry, k }),
  ];
  if (dx === undefined || dy === undefined) return { forward };
  const scaled = arena.region(batch * rows * columns * channels * 4, during(backwardStep));
  const products = arena.region(batch * rows * columns * channels * 4, during(backwardStep));
  return {
    forward,
    backward: (images) => {
      const between = { scaled: scaled.at, products: products.at };
      const { rows: xRows } = x;
      return [
        call.lrnMapProducts(images * rows, { x: xRows, dy: dy.rows, ...between, ...geometry, k }),
        call.lrnMapBackward(images * rows, { x: xRows, ...between, dx: dx.rows, ...geometry }),
      ];
    },
  };
}

/** Bytes of scratch one thread needs for the rows of this layer. */
export function lrnScratch(channels: number, size: number): number {
  return 3 * (channels + size + 8) * 4 + 64;
}
