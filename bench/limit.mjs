// What the machine itself allows, so that a ratio to a peer is not taken for what is possible.
import { costs } from '../dist/network/costs.js';
import { hasParameters } from '../dist/network/layer.js';

/** The machine's peaks, or undefined where the addon that measures them is not built. */
export async function machinePeak(threads) {
  try {
    const { requireAddon } = await import('../dist/engine/onednn/node/native.js');
    return await requireAddon().peak(threads);
  } catch {
    return undefined;
  }
}

/**
 * Milliseconds below which no engine can be, layer after layer: its multiply-adds at the peak of
 * its numbers, or its weights over the speed of memory, whichever is more. Maps, LRN and pooling
 * count nothing, so the true limit is higher.
 * @param peak of {@link machinePeak}: operations and bytes per second.
 */
export function leastMilliseconds({ network, mode, batch, precision = 'f32' }, peak) {
  const half = precision === 'bf16' && peak.bf16 > 0;
  const speed = half ? peak.bf16 : peak.f32;
  const layers = costs(network).layers.filter(({ layer }) => hasParameters(layer));
  const seconds = layers.map(({ multiplyAdds, parameters }, i) => {
    const operations = 2 * multiplyAdds * batch * passes(mode, i);
    return Math.max(operations / speed, (bytesPerWeight(mode, half) * parameters) / peak.memory);
  });
  return 1000 * seconds.reduce((sum, one) => sum + one, 0);
}

/** Training: the gradients of weights and of the input too, but not of the images. */
function passes(mode, layer) {
  if (mode === 'infer') return 1;
  return layer === 0 ? 2 : 3;
}

/** Training reads and writes weights and velocities, which stay f32. */
function bytesPerWeight(mode, half) {
  if (mode === 'train') return 16;
  return half ? 2 : 4;
}
