import type { Session } from '../engine/engine.ts';
import type { Network } from '../network/layer.ts';
import { hasParameters } from '../network/layer.ts';
import { findLayer, inferShapes } from '../network/shapes.ts';
import { UsageError, ensure } from '../errors.ts';
import { permutation } from '../random/draws.ts';
import { bits, purposes } from '../random/philox.ts';

/** The layers with weights from `layer` up to the scores: what {@link randomize} changes. */
export function layersFrom(network: Network, layer: string): string[] {
  const start = network.indexOf(findLayer(inferShapes(network), layer).layer);
  const names = network
    .slice(start)
    .filter(hasParameters)
    .map(({ name }) => name);
  if (names.length === 0) {
    const weighted = network.filter(hasParameters).map(({ name }) => name);
    throw new UsageError(
      `There is no layer with weights from "${layer}" upwards. ` +
        `Those with weights are: ${weighted.join(', ')}.`,
    );
  }
  return names;
}

/**
 * Shuffles all weights and biases from `layer` upwards, each tensor within itself: what was learned
 * is gone, how large the numbers are is not. A method whose pictures stay the same after that shows
 * the photograph, not the model (Adebayo et al. 2018, arXiv 1810.03292, "cascading randomization").
 */
export async function randomize(session: Session, layer: string, seed: number): Promise<void> {
  const names = new Set(layersFrom(session.network, layer));
  for (const [index, { name, layer: owner }] of session.parameters.entries()) {
    if (!names.has(owner.name)) continue;
    const values = await session.getParameter(name);
    const order = permutation(
      bits({ seed, purpose: purposes.insight, index: 2, stream: index }),
      values.length,
    );
    await session.setParameter(
      name,
      Float32Array.from(order, (from) => values[from]!),
    );
  }
}

/**
 * Spearman's rank correlation of two maps, of their absolute values: 1 the same order of places, 0
 * nothing in common. How Adebayo et al. measure whether an explanation noticed that the weights
 * were gone.
 */
export function rankCorrelation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  ensure(
    a.length === b.length,
    () => `Expected two maps of one size but found ${a.length} and ${b.length} numbers.`,
  );
  const ra = ranks(a);
  const rb = ranks(b);
  const middle = (a.length - 1) / 2;
  let product = 0;
  let squaresA = 0;
  let squaresB = 0;
  for (let i = 0; i < a.length; i++) {
    product += (ra[i]! - middle) * (rb[i]! - middle);
    squaresA += (ra[i]! - middle) ** 2;
    squaresB += (rb[i]! - middle) ** 2;
  }
  return squaresA === 0 || squaresB === 0 ? 0 : product / Math.sqrt(squaresA * squaresB);
}

/** Equal values share the mean of their ranks. */
function ranks(values: ArrayLike<number>): Float64Array {
  const order = Uint32Array.from({ length: values.length }, (_, i) => i);
  const size = (i: number): number => Math.abs(values[i]!);
  order.sort((i, j) => size(i) - size(j));
  const out = new Float64Array(values.length);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && size(order[end]!) === size(order[start]!)) end++;
    for (let k = start; k < end; k++) out[order[k]!] = (start + end - 1) / 2;
    start = end;
  }
  return out;
}
