import type { LrnLayer } from '../network/layer.ts';
import { shortest } from './onnx-graph.ts';

/**
 * A convolution of squares that gives `k + α·Σ`: what local response normalisation sums, for
 * runtimes that lack it.
 */
export interface Band {
  readonly weight: Float32Array;
  /**
   * `[channels, channels/groups, 1, 1]` across channels, `[channels, 1, size, size]` across a map.
   */
  readonly shape: readonly [number, number, number, number];
  readonly groups: number;
  readonly bias: Float32Array;
}

/**
 * The convolution for a layer of so many channels. Its padding across a map is `(size − 1) / 2`.
 */
export function writeBand({ across, size, alpha, k, groups }: LrnLayer, channels: number): Band {
  const bias = new Float32Array(channels).fill(k);
  if (across === 'map')
    return {
      weight: new Float32Array(channels * size * size).fill(alpha),
      shape: [channels, 1, size, size],
      groups: channels,
      bias,
    };
  const inside = channels / groups;
  const half = (size - 1) / 2;
  const weight = new Float32Array(channels * inside);
  for (let out = 0; out < channels; out++) {
    const place = out % inside;
    weight.fill(
      alpha,
      out * inside + Math.max(0, place - half),
      out * inside + Math.min(inside, place + half + 1),
    );
  }
  return { weight, shape: [channels, inside, 1, 1], groups, bias };
}

type Recognised = Pick<LrnLayer, 'across' | 'size' | 'alpha' | 'k' | 'groups'>;

/**
 * The normalisation that {@link writeBand} would have written as these weights; undefined where it
 * would not.
 */
export function readBand(
  weight: Float32Array,
  shape: readonly number[],
  bias: Float32Array,
  groups: number,
): Recognised | undefined {
  const [channels = 0, inside = 0, height = 0, width = 0] = shape;
  const alpha = weight[0];
  const k = bias[0];
  if (alpha === undefined || k === undefined || !(alpha > 0) || !(k > 0)) return undefined;
  const across = height > 1 ? 'map' : 'channels';
  const shaped =
    across === 'map'
      ? inside === 1 && width === height && height % 2 === 1 && groups === channels
      : width === 1 && channels === inside * groups;
  if (!shaped) return undefined;
  const reach = weight.subarray(0, inside).findIndex((value) => value === 0);
  const size = across === 'map' ? height : 2 * (reach < 0 ? inside : reach) - 1;
  const layer = {
    across,
    size,
    alpha: shortest(alpha),
    k: shortest(k),
    groups: across === 'map' ? 1 : groups,
  } as const;
  const expected = writeBand({ ...layer, type: 'lrn', name: '', beta: 0 }, channels);
  return equal(expected.weight, weight) && equal(expected.bias, bias) ? layer : undefined;
}

function equal(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
