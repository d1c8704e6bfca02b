import { readSource } from '../../../data/read-source.ts';
import type { Source } from '../../../data/dataset.ts';
import { loadSharp } from '../../../images/node/sharp.ts';
import type { Parameter } from '../../../network/parameters.ts';

/** A small square of a picture as a data URL; undefined where it cannot be read. */
export async function thumbnail(source: Source, size = 140): Promise<string | undefined> {
  try {
    const { width, height, data } = await readSource(source, {
      resize: { how: 'shorterSide', size },
    });
    const sharp = await loadSharp();
    const jpeg = await sharp(data, { raw: { width, height, channels: 3 } })
      .resize(size, size)
      .jpeg({ quality: 75 })
      .toBuffer();
    return `data:image/jpeg;base64,${jpeg.toString('base64')}`;
  } catch {
    return undefined;
  }
}

/** The first layer's kernels as a PNG data URL. */
export async function kernelSheet(...given: Parameters<typeof kernelPng>): Promise<string> {
  const { png } = await kernelPng(...given);
  return `data:image/png;base64,${png.toString('base64')}`;
}

/**
 * The first layer's kernels as a PNG, in rows, each stretched to its own full range (grey: no
 * weight).
 * @param weights `[kernels, 3, height, width]`.
 */
export async function kernelPng(
  { shape }: Parameter,
  weights: Float32Array,
  channels: 'RGB' | 'BGR',
  columns = 16,
): Promise<{ png: Buffer; width: number; height: number }> {
  const [count = 0, depth = 0, height = 0, width = 0] = shape;
  const rows = Math.ceil(count / columns);
  const sheet = { width: columns * (width + 1) + 1, height: rows * (height + 1) + 1 };
  const pixels = new Uint8Array(sheet.width * sheet.height * 3).fill(255);
  for (let k = 0; k < count; k++) {
    const kernel = weights.subarray(k * depth * height * width, (k + 1) * depth * height * width);
    const largest = kernel.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-12);
    const x0 = 1 + (k % columns) * (width + 1);
    const y0 = 1 + Math.floor(k / columns) * (height + 1);
    for (let c = 0; c < 3; c++) {
      const plane = Math.min(depth - 1, channels === 'RGB' ? c : 2 - c) * height * width;
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++)
          pixels[((y0 + y) * sheet.width + x0 + x) * 3 + c] =
            127.5 + (127.5 * kernel[plane + y * width + x]!) / largest;
      }
    }
  }
  const sharp = await loadSharp();
  const png = await sharp(pixels, { raw: { ...sheet, channels: 3 } })
    .png()
    .toBuffer();
  return { png, ...sheet };
}
