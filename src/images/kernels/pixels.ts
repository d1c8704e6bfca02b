/**
 * What is done to every pixel of every training picture, in AssemblyScript with SIMD. A pixel is
 * three bytes RGB in the source, four lanes RGB_ in between, and one number in each of three planes
 * at the end. Plain SIMD rounds the same everywhere, so a batch is the same bits on every machine.
 *
 * Loops of four end with a group that overlaps the one before it, so widths must be at least 4;
 * reads and writes go up to 16 bytes past the end.
 */

// @ts-ignore: decorator
@inline
function widen(bytes: v128): v128 {
  return f32x4.convert_i32x4_u(u32x4_low(bytes));
}

// @ts-ignore: decorator
@inline
function u32x4_low(bytes: v128): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes));
}

// @ts-ignore: decorator
@inline
function affine(r: v128, g: v128, b: v128, row: usize): v128 {
  const sum = f32x4.add(
    f32x4.mul(v128.load32_splat(row), r),
    f32x4.mul(v128.load32_splat(row + 4), g),
  );
  return f32x4.add(
    f32x4.add(sum, f32x4.mul(v128.load32_splat(row + 8), b)),
    v128.load32_splat(row + 12),
  );
}

/**
 * Four pixels' channels, through the colour map (three rows of three factors and an offset), into
 * three planes.
 */
// @ts-ignore: decorator
@inline
function storePlanes(r: v128, g: v128, b: v128, colours: usize, out: usize, plane: usize): void {
  v128.store(out, affine(r, g, b, colours));
  v128.store(out + plane, affine(r, g, b, colours + 16));
  v128.store(out + 2 * plane, affine(r, g, b, colours + 32));
}

/** A size×size window as planes `[3, size, size]`, as it is. */
export function cropPlanes(
  source: usize,
  stride: u32,
  size: u32,
  colours: usize,
  out: usize,
): void {
  const plane = size * size * 4;
  const zero = i32x4.splat(0);
  for (let y: u32 = 0; y < size; y++, source += stride, out += size * 4) {
    for (let i: u32 = 0; i < size; i += 4) {
      const x = min(i, size - 4);
      const pixels = v128.load(source + x * 3);
      const r = i8x16.shuffle(
        pixels,
        zero,
        0,
        16,
        16,
        16,
        3,
        16,
        16,
        16,
        6,
        16,
        16,
        16,
        9,
        16,
        16,
        16,
      );
      const g = i8x16.shuffle(
        pixels,
        zero,
        1,
        16,
        16,
        16,
        4,
        16,
        16,
        16,
        7,
        16,
        16,
        16,
        10,
        16,
        16,
        16,
      );
      const b = i8x16.shuffle(
        pixels,
        zero,
        2,
        16,
        16,
        16,
        5,
        16,
        16,
        16,
        8,
        16,
        16,
        16,
        11,
        16,
        16,
        16,
      );
      storePlanes(
        f32x4.convert_i32x4_u(r),
        f32x4.convert_i32x4_u(g),
        f32x4.convert_i32x4_u(b),
        colours,
        out + x * 4,
        plane,
      );
    }
  }
}

/** The same, right to left. */
export function mirrorPlanes(
  source: usize,
  stride: u32,
  size: u32,
  colours: usize,
  out: usize,
): void {
  const plane = size * size * 4;
  const zero = i32x4.splat(0);
  for (let y: u32 = 0; y < size; y++, source += stride, out += size * 4) {
    for (let i: u32 = 0; i < size; i += 4) {
      const x = min(i, size - 4);
      const pixels = v128.load(source + (size - 4 - x) * 3);
      const r = i8x16.shuffle(
        pixels,
        zero,
        9,
        16,
        16,
        16,
        6,
        16,
        16,
        16,
        3,
        16,
        16,
        16,
        0,
        16,
        16,
        16,
      );
      const g = i8x16.shuffle(
        pixels,
        zero,
        10,
        16,
        16,
        16,
        7,
        16,
        16,
        16,
        4,
        16,
        16,
        16,
        1,
        16,
        16,
        16,
      );
      const b = i8x16.shuffle(
        pixels,
        zero,
        11,
        16,
        16,
        16,
        8,
        16,
        16,
        16,
        5,
        16,
        16,
        16,
        2,
        16,
        16,
        16,
      );
      storePlanes(
        f32x4.convert_i32x4_u(r),
        f32x4.convert_i32x4_u(g),
        f32x4.convert_i32x4_u(b),
        colours,
        out + x * 4,
        plane,
      );
    }
  }
}

/**
 * First half of a resampling: `rows` rows become `width` pixels wide, four floats a pixel.
 * Pixel x is the sum of `taps` neighbours from byte `first[x]` on, times `weights[x · taps …]`.
 */
export function squeeze(
  source: usize,
  stride: u32,
  rows: u32,
  first: usize,
  weights: usize,
  taps: u32,
  width: u32,
  out: usize,
): void {
  for (let y: u32 = 0; y < rows; y++, source += stride) {
    let weight = weights;
    for (let x: u32 = 0; x < width; x++, out += 16) {
      let pixel = source + load<u32>(first + x * 4);
      let sum = f32x4.mul(v128.load32_splat(weight), widen(v128.load32_zero(pixel)));
      weight += 4;
      for (let t: u32 = 1; t < taps; t++, weight += 4) {
        pixel += 3;
        sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(weight), widen(v128.load32_zero(pixel))));
      }
      v128.store(out, sum);
    }
  }
}

/**
 * Second half: row y is the sum of `taps` rows from number `first[y]` on, times `weights[y · taps
 * …]`; written as planes.
 */
export function blendPlanes(
  rows: usize,
  first: usize,
  weights: usize,
  taps: u32,
  size: u32,
  colours: usize,
  out: usize,
): void {
  const plane = size * size * 4;
  const stride = size * 16;
  for (let y: u32 = 0; y < size; y++, out += size * 4, weights += taps * 4) {
    const top = rows + load<u32>(first + y * 4) * stride;
    for (let i: u32 = 0; i < size; i += 4) {
      const x = min(i, size - 4);
      let row = top + x * 16;
      let weight = v128.load32_splat(weights);
      let a = f32x4.mul(weight, v128.load(row));
      let b = f32x4.mul(weight, v128.load(row, 16));
      let c = f32x4.mul(weight, v128.load(row, 32));
      let d = f32x4.mul(weight, v128.load(row, 48));
      for (let t: u32 = 1; t < taps; t++) {
        row += stride;
        weight = v128.load32_splat(weights + t * 4);
        a = f32x4.add(a, f32x4.mul(weight, v128.load(row)));
        b = f32x4.add(b, f32x4.mul(weight, v128.load(row, 16)));
        c = f32x4.add(c, f32x4.mul(weight, v128.load(row, 32)));
        d = f32x4.add(d, f32x4.mul(weight, v128.load(row, 48)));
      }
      const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
      const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
      const blues = v128.shuffle<f32>(
        v128.shuffle<f32>(a, b, 2, 6, 2, 6),
        v128.shuffle<f32>(c, d, 2, 6, 2, 6),
        0,
        1,
        4,
        5,
      );
      storePlanes(
        v128.shuffle<f32>(ab, cd, 0, 1, 4, 5),
        v128.shuffle<f32>(ab, cd, 2, 3, 6, 7),
        blues,
        colours,
        out + x * 4,
        plane,
      );
    }
  }
}

/** The same, written as bytes RGB, rounded. */
export function blendBytes(
  rows: usize,
  first: usize,
  weights: usize,
  taps: u32,
  width: u32,
  height: u32,
  out: usize,
): void {
  const stride = width * 16;
  const half = f32x4.splat(0.5);
  for (let y: u32 = 0; y < height; y++, out += width * 3, weights += taps * 4) {
    const top = rows + load<u32>(first + y * 4) * stride;
    for (let i: u32 = 0; i < width; i += 4) {
      const x = min(i, width - 4);
      let row = top + x * 16;
      let a = half,
        b = half,
        c = half,
        d = half;
      for (let t: u32 = 0; t < taps; t++, row += stride) {
        const weight = v128.load32_splat(weights + t * 4);
        a = f32x4.add(a, f32x4.mul(weight, v128.load(row)));
        b = f32x4.add(b, f32x4.mul(weight, v128.load(row, 16)));
        c = f32x4.add(c, f32x4.mul(weight, v128.load(row, 32)));
        d = f32x4.add(d, f32x4.mul(weight, v128.load(row, 48)));
      }
      const ab = i16x8.narrow_i32x4_s(i32x4.trunc_sat_f32x4_s(a), i32x4.trunc_sat_f32x4_s(b));
      const cd = i16x8.narrow_i32x4_s(i32x4.trunc_sat_f32x4_s(c), i32x4.trunc_sat_f32x4_s(d));
      const pixels = i8x16.narrow_i16x8_u(ab, cd);
      v128.store(
        out + x * 3,
        i8x16.shuffle(pixels, pixels, 0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 15, 15, 15, 15),
      );
    }
  }
}

/** out −= mean, `count` floats. */
export function subtract(out: usize, mean: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i += 4)
    v128.store(out + i * 4, f32x4.sub(v128.load(out + i * 4), v128.load(mean + i * 4)));
}

/** The sums of red, green and blue over a rectangle, as three u32. */
export function sumColours(source: usize, stride: u32, width: u32, height: u32, out: usize): void {
  let red: u32 = 0,
    green: u32 = 0,
    blue: u32 = 0;
  for (let y: u32 = 0; y < height; y++, source += stride) {
    const end = source + width * 3;
    for (let pixel = source; pixel != end; pixel += 3) {
      red += load<u8>(pixel);
      green += load<u8>(pixel, 1);
      blue += load<u8>(pixel, 2);
    }
  }
  store<u32>(out, red);
  store<u32>(out, green, 4);
  store<u32>(out, blue, 8);
}
