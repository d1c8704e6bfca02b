/** A kernel as light and colours, and what of it shows once its grain is taken away. */
export interface Pattern {
  /**
   * Light and dark first (the sum of the channels, by √channels), then the differences of the
   * channels, all at right angles: `[channels][height·width]`.
   */
  readonly planes: readonly Float64Array[];
  /** The same without grain. */
  readonly shown: readonly Float64Array[];
  /** The share of the kernel's energy that stands out of its noise: 0 nothing, 1 all. */
  readonly share: number;
}

/**
 * Splits a kernel `[channels, height, width]` into light and colours and takes away what white
 * noise could be. In the cosine transform noise lies on all coefficients alike and a pattern on
 * few: the noise's size is read off their median, and what does not exceed the largest that noise
 * alone would reach (Donoho and Johnstone 1994, “Ideal spatial adaptation by wavelet shrinkage”:
 * σ·√(2·ln n)) is set to zero.
 */
export function patternOf(
  kernel: Float32Array,
  channels: number,
  height: number,
  width: number,
): Pattern {
  const waves = [cosines(height), cosines(width)] as const;
  const planes = opponents(kernel, channels);
  const spectra = planes.map((plane) => transformed(plane, ...waves));
  const powers = spectra.flatMap((plane) => Array.from(plane, (value) => value * value));
  const limit = noiseOf(powers) * 2 * Math.log(powers.length);
  const kept = spectra.map((plane) => plane.map((value) => (value * value > limit ? value : 0)));
  const all = sum(powers);
  return {
    planes,
    shown: kept.map((plane) => restored(plane, ...waves)),
    share: all === 0 ? 0 : sum(kept.map(energy)) / all,
  };
}

/** The sum of squares. */
export function energy(values: Float64Array): number {
  return values.reduce((total, value) => total + value * value, 0);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Half of the squares of normal numbers lie below 0.455 of their variance. */
function noiseOf(powers: readonly number[]): number {
  return powers.toSorted((a, b) => a - b)[powers.length >> 1]! / 0.455;
}

/** Helmert's orthogonal contrasts: the mean, then each channel against those before it. */
function opponents(kernel: Float32Array, channels: number): Float64Array[] {
  const places = kernel.length / channels;
  return Array.from({ length: channels }, (_, k) => {
    const shares = Array.from({ length: channels }, (_value, c) => {
      if (k === 0) return 1 / Math.sqrt(channels);
      if (c > k) return 0;
      return (c < k ? 1 : -k) / Math.sqrt(k * (k + 1));
    });
    return Float64Array.from({ length: places }, (_value, i) =>
      sum(shares.map((share, c) => share * kernel[c * places + i]!)),
    );
  });
}

/** `[frequency][place]`: the cosine transform's orthonormal waves. */
type Waves = readonly Float64Array[];

function cosines(length: number): Waves {
  return Array.from({ length }, (_, frequency) =>
    Float64Array.from(
      { length },
      (_value, place) =>
        Math.sqrt((frequency === 0 ? 1 : 2) / length) *
        Math.cos((Math.PI * (place + 0.5) * frequency) / length),
    ),
  );
}

/** Places `[height, width]` to frequencies. */
function transformed(plane: Float64Array, down: Waves, across: Waves): Float64Array {
  return product(plane, down, across);
}

/** Frequencies back to places. */
function restored(plane: Float64Array, down: Waves, across: Waves): Float64Array {
  return product(plane, transposed(down), transposed(across));
}

function transposed(waves: Waves): Waves {
  return waves.map((_, i) => Float64Array.from(waves, (wave) => wave[i]!));
}

/** down · plane · acrossᵀ */
function product(plane: Float64Array, down: Waves, across: Waves): Float64Array {
  const width = across.length;
  const rows = new Float64Array(plane.length);
  const out = new Float64Array(plane.length);
  for (let y = 0; y < down.length; y++)
    for (let v = 0; v < width; v++)
      for (let x = 0; x < width; x++)
        rows[y * width + v]! += plane[y * width + x]! * across[v]![x]!;
  for (let u = 0; u < down.length; u++)
    for (let y = 0; y < down.length; y++)
      for (let v = 0; v < width; v++) out[u * width + v]! += down[u]![y]! * rows[y * width + v]!;
  return out;
}
