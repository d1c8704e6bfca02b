// Weights and images that every contender gets alike: made up, but with the spread of real ones (He
// et al.), so that no number overflows or vanishes on the way.

/** Uniform numbers in ±bound by xorshift32. */
function uniform(length, bound, seed) {
  const out = new Float32Array(length);
  let s = (seed * 2654435761) | 1;
  for (let i = 0; i < length; i++) {
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    out[i] = (bound * s) / 2 ** 31;
  }
  return out;
}

/** `parametersOf(network)` → values by name. */
export function weights(parameters) {
  return new Map(
    parameters.map(({ name, kind, shape, size }, index) => {
      const fanIn = shape.slice(1).reduce((product, n) => product * n, 1);
      return [name, uniform(size, kind === 'weight' ? Math.sqrt(6 / fanIn) : 0.1, index + 1)];
    }),
  );
}

export function images(network, batch) {
  return uniform(batch * network[0].shape.reduce((product, n) => product * n, 1), 1, 99);
}
