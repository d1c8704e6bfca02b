import { cores } from '#platform';

/** More threads only wait for each other, thousands of them for memory, and some systems hang. */
export function maximumThreads(): number {
  return 4 * cores();
}
