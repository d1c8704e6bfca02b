/** 256 colours, `[256, 3]` in 8-bit sRGB. */
export type ColourMap = Uint8Array;

/** A colour in OKLab's polar form (Ottosson 2020): lightness 0–1, chroma, hue in degrees. */
type Lch = readonly [lightness: number, chroma: number, hue: number];

/**
 * From dark to light for amounts from none to most. Lightness rises throughout, so that it also
 * reads in grey print and with any colour vision; neighbouring colours are equally far apart in
 * OKLab, so that equal steps look equal.
 */
export const amounts: ColourMap = ramp([
  [0.14, 0.03, 290],
  [0.35, 0.15, 300],
  [0.52, 0.18, 350],
  [0.68, 0.18, 30],
  [0.82, 0.15, 70],
  [0.97, 0.08, 105],
]);

/** Blue for what is below zero, pale grey for zero, red for what is above; evenly to both sides. */
export const signs: ColourMap = joined(
  ramp([
    [0.33, 0.14, 262],
    [0.55, 0.14, 255],
    [0.78, 0.08, 245],
    [0.96, 0.004, 240],
  ]),
  ramp([
    [0.96, 0.004, 40],
    [0.78, 0.1, 40],
    [0.58, 0.17, 30],
    [0.36, 0.14, 25],
  ]),
);

function joined(low: ColourMap, high: ColourMap): ColourMap {
  const map = new Uint8Array(768);
  for (let i = 0; i < 128; i++) {
    map.set(low.subarray(6 * i, 6 * i + 3), 3 * i);
    map.set(high.subarray(6 * i + 3, 6 * i + 6), 3 * (128 + i));
  }
  return map;
}

/** Straight lines in OKLab through the stops, walked at even speed. */
function ramp(stops: readonly Lch[]): ColourMap {
  const path = stops.map(toLab);
  const lengths = path.slice(1).map((stop, i) => distance(stop, path[i]!));
  const whole = lengths.reduce((sum, length) => sum + length, 0);
  const map = new Uint8Array(768);
  for (let k = 0, line = 0, walked = 0; k < 256; k++) {
    const goal = (k / 255) * whole;
    while (line < lengths.length - 1 && walked + lengths[line]! < goal) walked += lengths[line++]!;
    map.set(
      toSrgb(between(path[line]!, path[line + 1]!, Math.min(1, (goal - walked) / lengths[line]!))),
      3 * k,
    );
  }
  return map;
}

type Lab = readonly [number, number, number];

function toLab([lightness, chroma, hue]: Lch): Lab {
  return [
    lightness,
    chroma * Math.cos((hue * Math.PI) / 180),
    chroma * Math.sin((hue * Math.PI) / 180),
  ];
}

function between(from: Lab, to: Lab, share: number): Lab {
  const mix = (i: 0 | 1 | 2): number => from[i] * (1 - share) + to[i] * share;
  return [mix(0), mix(1), mix(2)];
}

function distance(a: Lab, b: Lab): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

/** OKLab to 8-bit sRGB with Ottosson's matrices; what the screen cannot show is cut. */
function toSrgb([L, a, b]: Lab): number[] {
  const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  return linear.map((value) =>
    Math.round(
      255 *
        Math.min(
          1,
          Math.max(
            0,
            value <= 0.0031308 ? 12.92 * value : 1.055 * Math.max(value, 0) ** (1 / 2.4) - 0.055,
          ),
        ),
    ),
  );
}

/** `value` as a place in a colour map: 0 for `low`, 255 for `high`, cut beyond. */
export function shade(value: number, { low, high }: Range): number {
  return high > low ? Math.round(255 * Math.min(1, Math.max(0, (value - low) / (high - low)))) : 0;
}

/** What the ends of a colour scale stand for. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/**
 * From 0 to the largest; or to the value that `share` of all numbers do not exceed, so that a few
 * do not darken the rest.
 */
export function rangeOf(values: ArrayLike<number>, share = 1): Range {
  const sorted = Float64Array.from(values, (value) => Math.max(0, value)).toSorted();
  return { low: 0, high: sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0 };
}

/** The same to both sides of zero, so that zero is in the middle. */
export function signedRangeOf(values: ArrayLike<number>, share = 1): Range {
  const { high } = rangeOf(Float64Array.from(values, Math.abs), share);
  return { low: -high, high };
}
