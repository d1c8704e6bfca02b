import type sharp from 'sharp';

/** sharp, when the first picture needs it: it takes longer to load than all of this package, much of which works without pictures. */
export async function loadSharp(): Promise<typeof sharp> {
  return (await import('sharp')).default;
}
