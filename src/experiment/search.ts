import type { Trial } from './experiment.ts';

/**
 * The rate at which an arm is fastest: the rates given, in their order (the likeliest first, since
 * it bounds the others), then on beyond the best of them, each time by the same factor, until the best has a slower one on either side.
 * @param trial how many epochs a rate takes, or null where it takes more than `most`, which is what
 * the best so far has needed, so that slow ones end early. Where the error is not reached at all it
 * is a number beyond all epochs, smaller where it came nearer ({@link epochsOf}).
 * @returns the best rate; undefined where all of them exploded.
 */
export async function searchRate(
  rates: readonly number[],
  trial: (rate: number, most: number | undefined) => Promise<number | null>,
): Promise<number | undefined> {
  const taken = new Map<number, number>();
  const best = (): number | undefined => {
    const [first] = [...taken].toSorted(([, a], [, b]) => a - b);
    return first === undefined || first[1] === Infinity ? undefined : first[0];
  };
  const attempt = async (rate: number): Promise<void> => {
    const fastest = best();
    const epochs = await trial(rate, fastest === undefined ? undefined : taken.get(fastest));
    taken.set(rate, epochs ?? Infinity);
  };
  for (const rate of rates) await attempt(rate);
  const [low, high] = rates.toSorted((a, b) => a - b);
  const factor = low === undefined || high === undefined ? 2 : high / low;
  for (let further = 0; further < 3; further++) {
    const fastest = best();
    const known = [...taken.keys()];
    if (fastest === undefined) break;
    if (fastest === Math.min(...known)) await attempt(rounded(fastest / factor));
    else if (fastest === Math.max(...known)) await attempt(rounded(fastest * factor));
    else break;
  }
  return best();
}

function rounded(rate: number): number {
  return Number(rate.toPrecision(3));
}

/** What {@link searchRate} is told of a trial. */
export function epochsOf({ epochs, after }: Trial): number | null {
  return epochs ?? (after === undefined ? null : after.epochs + after.error);
}
