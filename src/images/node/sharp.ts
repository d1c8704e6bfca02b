import type sharp from 'sharp';

/**
 * sharp, when the first picture needs it: it takes longer to load than all of this package, much of
 * which works without pictures.
 */
export function loadSharp(): Promise<typeof sharp> {
  return (loaded ??= import('sharp').then((module) => module.default));
}

let loaded: Promise<typeof sharp> | undefined;
