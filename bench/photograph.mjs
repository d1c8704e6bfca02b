import sharp from 'sharp';

/**
 * A JPEG of 500×375: smooth light, soft blobs and the grain of a sensor; about a photograph's
 * bytes.
 */
export async function photograph(seed) {
  const noise = (width, height, sigma) =>
    sharp({
      create: { width, height, channels: 3, noise: { type: 'gaussian', mean: 128, sigma } },
    });
  const blobs = await noise(10 + (seed % 7), 8 + (seed % 5), 60)
    .resize(500, 375, { kernel: 'cubic', fit: 'fill' })
    .png()
    .toBuffer();
  const detail = await noise(125, 94, 40)
    .resize(500, 375, { kernel: 'cubic', fit: 'fill' })
    .png()
    .toBuffer();
  return sharp(blobs)
    .composite([{ input: detail, blend: 'overlay' }])
    .jpeg({ quality: 90 })
    .toBuffer();
}
