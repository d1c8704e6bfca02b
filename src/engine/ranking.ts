/**
 * The one order of a network's outputs, for hits, top-5 and answers alike: the larger first, equal
 * ones by index, NaN last. Whether output `a` stands before output `b`.
 */
export function comesBefore(values: ArrayLike<number>, a: number, b: number): boolean {
  const first = values[a]!;
  const second = values[b]!;
  if (first > second) return true;
  if (first < second) return false;
  if (Number.isNaN(first) !== Number.isNaN(second)) return Number.isNaN(second);
  return a < b;
}

/**
 * How many classes stand before `label` in the order of {@link comesBefore}: 0 is a hit, below 5 a
 * hit among five. Infinity where the label's own value is NaN.
 * @param offset where the image's row begins in `values`.
 */
export function labelRank(
  values: ArrayLike<number>,
  offset: number,
  classes: number,
  label: number,
): number {
  const own = offset + label;
  if (Number.isNaN(values[own]!)) return Infinity;
  let rank = 0;
  for (let j = offset; j < offset + classes; j++) if (comesBefore(values, j, own)) rank++;
  return rank;
}
