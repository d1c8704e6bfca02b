/**
 * The two halves of two resamplings in fixed point, in AssemblyScript with SIMD: Pillow's bilinear
 * with antialiasing, and OpenCV's bilinear of two taps. All is integer arithmetic, so a picture is
 * the same bytes on every machine.
 *
 * A weight of Pillow's has 23 bits, too many for the 16-bit multiply-and-add that is the fastest of
 * all: it is split into high · 2¹¹ + low, and weights come in pairs, as four 16-bit numbers: both
 * high parts, then both low parts. Reads and writes go up to 16 bytes past the end.
 */

/** Half of 2²², which rounds what is shifted by 22 at the end. */
const half: i32 = 1 << 21;

// @ts-ignore: decorator
@inline
function whole(high: v128, low: v128): v128 {
  return i32x4.shr_s(i32x4.add(i32x4.shl(high, 11), low), 22);
}

/**
 * Pillow, first half: `rows` rows of RGB become `width` pixels wide. Pixel x is the sum of 2 ·
 * `pairs` neighbours from byte `first[x]` on, rounded to a byte.
 */
export function pillowRows(
  source: usize,
  stride: u32,
  rows: u32,
  first: usize,
  weights: usize,
  pairs: u32,
  width: u32,
  out: usize,
): void {
  const neighbours = i8x16(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1);
  const rounding = i32x4.splat(half);
  for (let y: u32 = 0; y < rows; y++, source += stride) {
    let weight = weights;
    for (let x: u32 = 0; x < width; x++, out += 3) {
      let pixel = source + load<u32>(first + x * 4);
      let high = i32x4.splat(0);
      let low = rounding;
      for (let p: u32 = 0; p < pairs; p++, pixel += 6, weight += 8) {
        const two = i8x16.swizzle(v128.load(pixel), neighbours);
        high = i32x4.add(high, i32x4.dot_i16x8_s(two, v128.load32_splat(weight)));
        low = i32x4.add(low, i32x4.dot_i16x8_s(two, v128.load32_splat(weight, 4)));
      }
      const words = i16x8.narrow_i32x4_s(whole(high, low), rounding);
      v128.store32_lane(out, i8x16.narrow_i16x8_u(words, words), 0);
    }
  }
}

/**
 * Pillow, second half: row y is the sum of 2 · `pairs` rows from number `first[y]` on, rounded to
 * bytes. A row has `stride` bytes.
 */
export function pillowColumns(
  rows: usize,
  stride: u32,
  first: usize,
  weights: usize,
  pairs: u32,
  height: u32,
  out: usize,
): void {
  const rounding = i32x4.splat(half);
  for (let y: u32 = 0; y < height; y++, out += stride, weights += pairs * 8) {
    const top = rows + load<u32>(first + y * 4) * stride;
    for (let x: u32 = 0; x < stride; x += 16) {
      let row = top + x;
      let highA = i32x4.splat(0),
        highB = highA,
        highC = highA,
        highD = highA;
      let lowA = rounding,
        lowB = rounding,
        lowC = rounding,
        lowD = rounding;
      for (let p: u32 = 0, weight = weights; p < pairs; p++, row += stride * 2, weight += 8) {
        const upper = v128.load(row);
        const lower = v128.load(row + stride);
        const left = i8x16.shuffle(
          upper,
          lower,
          0,
          16,
          1,
          17,
          2,
          18,
          3,
          19,
          4,
          20,
          5,
          21,
          6,
          22,
          7,
          23,
        );
        const right = i8x16.shuffle(
          upper,
          lower,
          8,
          24,
          9,
          25,
          10,
          26,
          11,
          27,
          12,
          28,
          13,
          29,
          14,
          30,
          15,
          31,
        );
        const a = i16x8.extend_low_i8x16_u(left),
          b = i16x8.extend_high_i8x16_u(left);
        const c = i16x8.extend_low_i8x16_u(right),
          d = i16x8.extend_high_i8x16_u(right);
        const high = v128.load32_splat(weight);
        highA = i32x4.add(highA, i32x4.dot_i16x8_s(a, high));
        highB = i32x4.add(highB, i32x4.dot_i16x8_s(b, high));
        highC = i32x4.add(highC, i32x4.dot_i16x8_s(c, high));
        highD = i32x4.add(highD, i32x4.dot_i16x8_s(d, high));
        const low = v128.load32_splat(weight, 4);
        lowA = i32x4.add(lowA, i32x4.dot_i16x8_s(a, low));
        lowB = i32x4.add(lowB, i32x4.dot_i16x8_s(b, low));
        lowC = i32x4.add(lowC, i32x4.dot_i16x8_s(c, low));
        lowD = i32x4.add(lowD, i32x4.dot_i16x8_s(d, low));
      }
      const ab = i16x8.narrow_i32x4_s(whole(highA, lowA), whole(highB, lowB));
      const cd = i16x8.narrow_i32x4_s(whole(highC, lowC), whole(highD, lowD));
      v128.store(out + x, i8x16.narrow_i16x8_u(ab, cd));
    }
  }
}

/**
 * OpenCV, first half: pixel x of each row is the sum of two neighbours from byte `first[x]` on,
 * times the two 16-bit weights at `weights[x]` (11 bits of fraction); 4 bits are dropped, and four
 * 32-bit numbers written, red, green, blue and none.
 */
export function opencvRows(
  source: usize,
  stride: u32,
  rows: u32,
  first: usize,
  weights: usize,
  width: u32,
  out: usize,
): void {
  const neighbours = i8x16(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1);
  for (let y: u32 = 0; y < rows; y++, source += stride) {
    for (let x: u32 = 0; x < width; x++, out += 16) {
      const two = i8x16.swizzle(v128.load(source + load<u32>(first + x * 4)), neighbours);
      const sum = i32x4.dot_i16x8_s(two, v128.load32_splat(weights + x * 4));
      v128.store(out, i32x4.shr_s(sum, 4));
    }
  }
}

// @ts-ignore: decorator
@inline
function weighed(row: usize, weight: v128): v128 {
  return i32x4.shr_s(i32x4.dot_i16x8_s(v128.load(row), weight), 16);
}

/**
 * OpenCV, second half: row y blends the rows with the numbers `lower[y]` and `upper[y]` by 32-bit
 * weights. Each product loses its 16 low bits before they are added.
 */
export function opencvColumns(
  rows: usize,
  lower: usize,
  upper: usize,
  lowerWeights: usize,
  upperWeights: usize,
  width: u32,
  height: u32,
  out: usize,
): void {
  const stride = width * 16;
  const rounding = i32x4.splat(2);
  for (let y: u32 = 0; y < height; y++) {
    let a = rows + load<u32>(lower + y * 4) * stride;
    let b = rows + load<u32>(upper + y * 4) * stride;
    const weightA = v128.load32_splat(lowerWeights + y * 4);
    const weightB = v128.load32_splat(upperWeights + y * 4);
    for (let x: u32 = 0; x < width; x++, a += 16, b += 16, out += 3) {
      const sum = i32x4.add(weighed(a, weightA), weighed(b, weightB));
      const words = i16x8.narrow_i32x4_s(i32x4.shr_s(i32x4.add(sum, rounding), 2), rounding);
      v128.store32_lane(out, i8x16.narrow_i16x8_u(words, words), 0);
    }
  }
}
