import { chunk as chunkFloats } from '../constants';

const chunk: u32 = chunkFloats;

/** `v ← μ v − decay·w − rate·g; w ← w + v` over one chunk a task. */
export function update(
  value: usize,
  velocity: usize,
  gradient: usize,
  length: u32,
  momentum: f32,
  decay: f32,
  rate: f32,
  task: u32,
): void {
  const start = task * chunk * 4;
  const bytes = min(chunk * 4, length * 4 - start);
  value += start;
  velocity += start;
  gradient += start;
  const end = value + bytes;
  const m = f32x4.splat(momentum),
    d = f32x4.splat(decay),
    r = f32x4.splat(rate);
  for (; value < end; value += 16, velocity += 16, gradient += 16) {
    const w = v128.load(value);
    const v = f32x4.sub(
      f32x4.sub(f32x4.mul(m, v128.load(velocity)), f32x4.mul(d, w)),
      f32x4.mul(r, v128.load(gradient)),
    );
    v128.store(velocity, v);
    v128.store(value, f32x4.add(w, v));
  }
}

/** The sum of squares of one chunk a task, in f64, to `sums[task]`. */
export function sumSquares(values: usize, length: u32, sums: usize, task: u32): void {
  const start = task * chunk * 4;
  let at = values + start;
  const end = at + min(chunk * 4, length * 4 - start);
  let a = f64x2.splat(0),
    b = a;
  for (; at < end; at += 16) {
    const v = v128.load(at);
    const low = f64x2.promote_low_f32x4(v);
    const high = f64x2.promote_low_f32x4(i32x4.shuffle(v, v, 2, 3, 0, 1));
    a = f64x2.add(a, f64x2.mul(low, low));
    b = f64x2.add(b, f64x2.mul(high, high));
  }
  a = f64x2.add(a, b);
  store<f64>(sums + task * 8, f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1));
}
