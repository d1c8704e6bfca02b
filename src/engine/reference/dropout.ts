import type { DropoutLayer } from '../../network/layer.ts';
import { keepMask } from '../../random/draws.ts';
import { bits, purposes } from '../../random/philox.ts';
import type { Draw } from '../engine.ts';

/**
 * The factor on every number, the same forward and backward. While training, mask · 1/(1 −
 * rate) with `scale: 'train'` and mask alone with `scale: 'test'`; at test time 1 and 1 − rate.
 * @param draw where the mask is drawn from; undefined at test time
 * @param ordinal the layer's position among the dropout layers
 * @param features numbers per image
 * @param out (N, features), written
 */
export function dropoutFactors(
  layer: DropoutLayer,
  draw: Required<Draw> | undefined,
  ordinal: number,
  features: number,
  count: number,
  out: Float64Array,
): void {
  const { rate, scale } = layer;
  if (draw === undefined) {
    out.fill(scale === 'test' ? 1 - rate : 1);
    return;
  }
  const mask = new Uint8Array(count * features);
  keepMask(
    bits({ seed: draw.seed, purpose: purposes.dropout, index: ordinal, stream: draw.step }),
    mask,
    rate,
    draw.firstImage * features,
  );
  const kept = scale === 'train' ? 1 / (1 - rate) : 1;
  for (let i = 0; i < mask.length; i++) out[i] = mask[i]! * kept;
}

/** `out = in · factors`: dropout forward, and backward with gradients in place of numbers. */
export function multiply(
  input: Float64Array,
  factors: Float64Array,
  length: number,
  out: Float64Array,
): void {
  for (let i = 0; i < length; i++) out[i] = input[i]! * factors[i]!;
}
