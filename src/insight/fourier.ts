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
}

/**
 * The pattern's main direction and its frequency along it, from the second moments of the squared
 * power: squared, so that grain, whose power is spread over all frequencies, does not turn it.
 */
export function describeWaves({ size, power }: Spectrum): Waves {
  let xx = 0;
  let xy = 0;
  let yy = 0;
  let total = 0;
  each(size, (fx, fy, i) => {
    const p = power[i]! ** 2;
    total += p;
    xx += p * fx * fx;
    xy += p * fx * fy;
    yy += p * fy * fy;
  });
  if (total === 0) return { frequency: 0, angle: 0 };
  const across = 0.5 * Math.atan2(2 * xy, xx - yy);
  const largest = (xx + yy) / 2 + Math.hypot((xx - yy) / 2, xy);
  // The picture's y axis points down: a wave that runs along `across` has stripes a quarter turn
  // further, seen anticlockwise from the right.
  const stripes = 90 - (across * 180) / Math.PI;
  return {
    frequency: Math.sqrt(largest / total),
    angle: ((stripes % 180) + 180) % 180,
  };
}

/** How many lines are tried over the half circle: one every 5°. */
const directions = 36;

/**
 * The share of the power along one line through frequency 0, for the line that has most of it: 1
 * all of one direction.
 * @param side the pattern's longer side in pixels: a wave across it is about 1/side wide.
 */
export function directednessOf({ size, power }: Spectrum, side: number): number {
  const total = power.reduce((sum, p) => sum + p, 0);
  if (total === 0) return 0;
  const sums = Array.from({ length: directions }, (_, k) => {
    const angle = (k * Math.PI) / directions;
    const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
    let near = 0;
    each(size, (fx, fy, i) => {
      if (Math.abs(fy * cos - fx * sin) <= 0.5 / side) near += power[i]!;
    });
    return near;
  });
  return Math.max(...sums) / total;
}

function each(size: number, use: (fx: number, fy: number, i: number) => void): void {
  for (let i = 0; i < size * size; i++)
    use((i % size) / size - 0.5, Math.floor(i / size) / size - 0.5, i);
}
