import { comesBefore } from '../engine/ranking.ts';

/** The indices of the `top` first values, in the order of {@link comesBefore}. */
export function ranking(values: ArrayLike<number>, top: number = values.length): number[] {
  const indices = Array.from({ length: values.length }, (_, index) => index);
  return indices.toSorted((a, b) => (comesBefore(values, a, b) ? -1 : 1)).slice(0, top);
}

/** The first of {@link ranking}: a network's answer. */
export function firstOf(values: ArrayLike<number>): number {
  let first = 0;
  for (let i = 1; i < values.length; i++) if (comesBefore(values, i, first)) first = i;
  return first;
}
