import { permutation } from '../random/draws.ts';
import { bits, purposes } from '../random/philox.ts';

/** The order in which an epoch shows `indices`: a function of seed and epoch. */
export function epochOrder(indices: Uint32Array, seed: number, epoch: number): Uint32Array {
  return permutation(bits({ seed, purpose: purposes.order, stream: epoch }), indices.length).map(
    (place) => indices[place]!,
  );
}
