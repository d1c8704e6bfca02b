import type { Picture } from '../../images/picture.ts';
import { loadSharp } from '../../images/node/sharp.ts';

/** Cells as PNG, which keeps every number's colour; photographs as JPEG, a tenth of the size. */
export async function encode(
  { width, height, data }: Picture,
  cells: boolean,
): Promise<{ mime: string; bytes: Buffer }> {
  const sharp = await loadSharp();
  const image = sharp(data, { raw: { width, height, channels: 3 } });
  if (cells)
    return { mime: 'image/png', bytes: await image.png({ compressionLevel: 9 }).toBuffer() };
  return {
    mime: 'image/jpeg',
    bytes: await image.jpeg({ quality: 90, chromaSubsampling: '4:4:4' }).toBuffer(),
  };
}

/** A picture inside the page. */
export async function dataUrl(picture: Picture, cells: boolean): Promise<string> {
  const { mime, bytes } = await encode(picture, cells);
  return `data:${mime};base64,${bytes.toString('base64')}`;
}
