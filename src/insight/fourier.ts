/**
 * A small pattern's spectrum: power at frequencies −½ … ½ cycles per pixel, `[size, size]`,
 * frequency 0 in the middle.
 */
export interface Spectrum {
  readonly size: number;
  readonly power: Float64Array;
}

/**
 * The power spectrum of a real pattern `[height, width]` with its mean taken off, on a grid of
 * `size` frequencies per side (even): the pattern is thought to lie in zeros, so that the grid may
 * be finer than the pattern.
 */
export function spectrum(
  pattern: ArrayLike<number>,
  height: number,
  width: number,
  size = 64,
): Spectrum {
  let mean = 0;
  for (let i = 0; i < height * width; i++) mean += pattern[i]! / (height * width);
  const rowsReal = new Float64Array(height * size);
  const rowsImaginary = new Float64Array(height * size);
  for (let y = 0; y < height; y++) {
    for (let f = 0; f < size; f++) {
      for (let x = 0; x < width; x++) {
        const angle = (-2 * Math.PI * (f - size / 2) * x) / size;
        rowsReal[y * size + f]! += (pattern[y * width + x]! - mean) * Math.cos(angle);
        rowsImaginary[y * size + f]! += (pattern[y * width + x]! - mean) * Math.sin(angle);
      }
    }
  }
  const power = new Float64Array(size * size);
  for (let g = 0; g < size; g++) {
    for (let f = 0; f < size; f++) {
      let real = 0;
      let imaginary = 0;
      for (let y = 0; y < height; y++) {
        const angle = (-2 * Math.PI * (g - size / 2) * y) / size;
        const a = rowsReal[y * size + f]!;
        const b = rowsImaginary[y * size + f]!;
        real += a * Math.cos(angle) - b * Math.sin(angle);
        imaginary += a * Math.sin(angle) + b * Math.cos(angle);
      }
      power[g * size + f] = real * real + imaginary * imaginary;
    }
  }
  return { size, power };
}

export interface Waves {
  /** Cycles per pixel, power-weighted along the main direction. */
  readonly frequency: number;
  /**
   * Degrees from 0 to below 180: how the stripes lie; 0 is level, 90 upright, turning
   * anticlockwise.
   */
  readonly angle: number;
  /** 0: all directions alike; 1: all power in one direction. */
  readonly directedness: number;
  /**
   * Share of the power within one width of a peak's main lobe: near 1 for one wave, small for
   * noise.
   */
  readonly concentration: number;
}

/**
 * What the spectrum says of the pattern: its main direction and how strongly it is one, from the
 * second moments of the power.
 * @param lobe half the width of a peak in cycles per pixel: about 1/side of the pattern.
 */
export function describeWaves({ size, power }: Spectrum, lobe: number): Waves {
  let xx = 0;
  let xy = 0;
  let yy = 0;
  let total = 0;
  let peak = 0;
  each(size, (fx, fy, i) => {
    const p = power[i]!;
    total += p;
    xx += p * fx * fx;
    xy += p * fx * fy;
    yy += p * fy * fy;
    if (p > power[peak]!) peak = i;
  });
  if (total === 0) return { frequency: 0, angle: 0, directedness: 0, concentration: 0 };
  const px = (peak % size) / size - 0.5;
  const py = Math.floor(peak / size) / size - 0.5;
  let near = 0;
  each(size, (fx, fy, i) => {
    if (Math.min(Math.hypot(fx - px, fy - py), Math.hypot(fx + px, fy + py)) <= lobe)
      near += power[i]!;
  });
  const across = 0.5 * Math.atan2(2 * xy, xx - yy);
  const largest = (xx + yy) / 2 + Math.hypot((xx - yy) / 2, xy);
  // The picture's y axis points down: a wave that runs along `across` has stripes a quarter turn
  // further, seen anticlockwise from the right.
  const stripes = 90 - (across * 180) / Math.PI;
  return {
    frequency: Math.sqrt(largest / total),
    angle: ((stripes % 180) + 180) % 180,
    directedness: (2 * largest) / (xx + yy) - 1,
    concentration: near / total,
  };
}

function each(size: number, use: (fx: number, fy: number, i: number) => void): void {
  for (let i = 0; i < size * size; i++)
    use((i % size) / size - 0.5, Math.floor(i / size) / size - 0.5, i);
}
