import { loadSharp } from './sharp.ts';

/** `drawings.rasterise` on Node; the size is that of the SVG itself. */
export async function rasterise(svg: string): Promise<Uint8Array> {
  const sharp = await loadSharp();
  return sharp(new TextEncoder().encode(svg)).ensureAlpha().raw().toBuffer();
}
