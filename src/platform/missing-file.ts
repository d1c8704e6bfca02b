import { AlexNetError } from '../errors.ts';

/**
 * That a file of this package is not where its code looks for it: kernels, the code of a thread.
 * Whoever installed the package has them, so it was a bundler that took the code alone.
 */
export function missingFile(place: string, why: string): AlexNetError {
  return new AlexNetError(
    `${place}, a file of alexnet itself, could not be read: ${why}. Where a bundler put alexnet ` +
      'into this program, have it bring that file along, or leave alexnet outside (as ' +
      '"external"): see docs/bundlers.md of alexnet.',
  );
}
