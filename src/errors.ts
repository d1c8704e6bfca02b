/**
 * A mistake that its reader can mend: bad input, a wrong size, a file that is missing.
 * The message names what failed, what was expected, what was found and what to do next.
 * Faces (command line, server) print the message alone; any other error is a bug of ours and keeps
 * its stack.
 */
export class AlexNetError extends Error {
  override readonly name: string = 'AlexNetError';
}

/**
 * The words could not be understood (unknown variant, flag, key): the command line exits with 2
 * instead of 1.
 */
export class UsageError extends AlexNetError {
  override readonly name = 'UsageError';
}

/**
 * The device that computes is gone: a GPU that was reset or taken out, a driver that gave up.
 * Everything on it is lost; whoever prepares a new session can go on from what was saved.
 */
export class DeviceLost extends AlexNetError {
  override readonly name = 'DeviceLost';
}

/** Throws an {@link AlexNetError} with `message` unless `condition` holds. */
export function ensure(condition: boolean, message: string | (() => string)): asserts condition {
  if (!condition) throw new AlexNetError(typeof message === 'string' ? message : message());
}

/**
 * The candidate nearest to `word` by edit distance, or undefined where none is near: for "did you
 * mean".
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substituted, previous[j]! + 1, current[j - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}
