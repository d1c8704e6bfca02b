/**
 * Local response normalisation, paper §3.3: b = a / s^β with s = k + α·Σ a² (α not divided by the
 * window).
 */

/** s^−β; for the paper's 0.75 by two square roots. */
// @ts-ignore: decorator
@inline
function power(s: v128, beta: f32): v128 {
  if (beta == 0.75) {
    const root = f32x4.sqrt(s);
    return f32x4.div(f32x4.splat(1), f32x4.mul(root, f32x4.sqrt(root)));
  }
  return anyPower(s, beta);
}

function anyPower(s: v128, beta: f32): v128 {
  return f32x4(
    Mathf.pow(f32x4.extract_lane(s, 0), -beta),
    Mathf.pow(f32x4.extract_lane(s, 1), -beta),
    Mathf.pow(f32x4.extract_lane(s, 2), -beta),
    Mathf.pow(f32x4.extract_lane(s, 3), -beta),
  );
}

/** The last vector of a row may reach past its end: only `count` lanes are stored. */
// @ts-ignore: decorator
@inline
function put(at: usize, v: v128, count: i32): void {
  if (count >= 4) {
    v128.store(at, v);
    return;
  }
  store<f32>(at, f32x4.extract_lane(v, 0));
  if (count > 1) store<f32>(at, f32x4.extract_lane(v, 1), 4);
  if (count > 2) store<f32>(at, f32x4.extract_lane(v, 2), 8);
}

/**
 * Bytes of a thread's scratch between a row's copies: `channels` floats, a window's border on both
 * sides, and a vector's slack.
 */
// @ts-ignore: decorator
@inline
function scratchRow(channels: u32, size: u32): u32 {
  return (channels + size + 8) * 4;
}

/** `to[half … half + channels)` = a², zeros before and after. */
// @ts-ignore: decorator
@inline
function squares(a: usize, channels: u32, half: u32, to: usize): void {
  memory.fill(to, 0, half * 4);
  to += half * 4;
  for (let c: u32 = 0; c < channels; c += 4) {
    const v = v128.load(a + c * 4);
    v128.store(to + c * 4, f32x4.mul(v, v));
  }
  memory.fill(to + channels * 4, 0, (half + 4) * 4);
}

// @ts-ignore: decorator
@inline
function windowSum(at: usize, size: u32): v128 {
  if (size == 5) {
    return f32x4.add(
      f32x4.add(
        f32x4.add(v128.load(at), v128.load(at, 4)),
        f32x4.add(v128.load(at, 8), v128.load(at, 12)),
      ),
      v128.load(at, 16),
    );
  }
  let sum = v128.load(at);
  for (let i: u32 = 1; i < size; i++) sum = f32x4.add(sum, v128.load(at + i * 4));
  return sum;
}

/** Across the channels of one tower at one place. */
// @ts-ignore: decorator
@inline
export function lrnTower(
  x: usize,
  y: usize,
  channels: u32,
  size: u32,
  alpha: f32,
  beta: f32,
  k: f32,
  scratch: usize,
): void {
  squares(x, channels, size / 2, scratch);
  for (let c: u32 = 0; c < channels; c += 4) {
    const s = f32x4.add(
      f32x4.splat(k),
      f32x4.mul(f32x4.splat(alpha), windowSum(scratch + c * 4, size)),
    );
    put(y + c * 4, f32x4.mul(v128.load(x + c * 4), power(s, beta)), channels - c);
  }
}

/** Across channels; `channels` of each of `groups` towers. One task per row of a map. */
export function lrnChannels(
  x: usize,
  xImage: u32,
  xRow: u32,
  y: usize,
  yImage: u32,
  yRow: u32,
  rows: u32,
  columns: u32,
  channels: u32,
  groups: u32,
  size: u32,
  alpha: f32,
  beta: f32,
  k: f32,
  task: u32,
  scratch: usize,
): void {
  x += (task / rows) * xImage + (task % rows) * xRow;
  y += (task / rows) * yImage + (task % rows) * yRow;
  const towers = columns * groups;
  for (let tower: u32 = 0; tower < towers; tower++, x += channels * 4, y += channels * 4)
    lrnTower(x, y, channels, size, alpha, beta, k, scratch);
}

/** dx_i = dy_i·s_i^−β − 2αβ·a_i·Σ_j dy_j·a_j·s_j^(−β−1), j over the window of i. */
export function lrnChannelsBackward(
  x: usize,
  xImage: u32,
  xRow: u32,
  dy: usize,
  dyImage: u32,
  dyRow: u32,
  dx: usize,
  dxImage: u32,
  dxRow: u32,
  rows: u32,
  columns: u32,
  channels: u32,
  groups: u32,
  size: u32,
  alpha: f32,
  beta: f32,
  k: f32,
  task: u32,
  scratch: usize,
): void {
  const image = task / rows,
    row = task % rows;
  x += image * xImage + row * xRow;
  dy += image * dyImage + row * dyRow;
  dx += image * dxImage + row * dxRow;
  const half = size / 2;
  const products = scratch + scratchRow(channels, size);
  const scaled = products + scratchRow(channels, size);
  memory.fill(products, 0, half * 4);
  const towers = columns * groups;
  for (
    let tower: u32 = 0;
    tower < towers;
    tower++, x += channels * 4, dy += channels * 4, dx += channels * 4
  ) {
    squares(x, channels, half, scratch);
    for (let c: u32 = 0; c < channels; c += 4) {
      const s = f32x4.add(
        f32x4.splat(k),
        f32x4.mul(f32x4.splat(alpha), windowSum(scratch + c * 4, size)),
      );
      const g = f32x4.mul(v128.load(dy + c * 4), power(s, beta));
      v128.store(scaled + c * 4, g);
      v128.store(products + (half + c) * 4, f32x4.div(f32x4.mul(g, v128.load(x + c * 4)), s));
    }
    memory.fill(products + (half + channels) * 4, 0, (half + 4) * 4);
    const factor = f32x4.splat(2 * alpha * beta);
    for (let c: u32 = 0; c < channels; c += 4) {
      const sum = windowSum(products + c * 4, size);
      put(
        dx + c * 4,
        f32x4.sub(
          v128.load(scaled + c * 4),
          f32x4.mul(f32x4.mul(factor, v128.load(x + c * 4)), sum),
        ),
        channels - c,
      );
    }
  }
}

/**
 * Σ over the size×size neighbours inside the map of `values²` (or of `values`) at one vector of
 * channels.
 */
// @ts-ignore: decorator
@inline
function mapSum(
  map: usize,
  row: u32,
  cell: u32,
  rows: i32,
  columns: i32,
  r: i32,
  c: i32,
  half: i32,
  square: bool,
): v128 {
  let sum = f32x4.splat(0);
  for (let i = max(0, r - half); i <= min(rows - 1, r + half); i++) {
    for (let j = max(0, c - half); j <= min(columns - 1, c + half); j++) {
      const v = v128.load(map + <u32>i * row + <u32>j * cell);
      sum = f32x4.add(sum, square ? f32x4.mul(v, v) : v);
    }
  }
  return sum;
}

/** Inside each map. One task per row of a map. */
export function lrnMap(
  x: usize,
  xImage: u32,
  xRow: u32,
  y: usize,
  yImage: u32,
  yRow: u32,
  rows: u32,
  columns: u32,
  channels: u32,
  size: u32,
  alpha: f32,
  beta: f32,
  k: f32,
  task: u32,
): void {
  x += (task / rows) * xImage;
  y += (task / rows) * yImage;
  const r = task % rows;
  const cell = channels * 4;
  for (let c: u32 = 0; c < columns; c++) {
    for (let channel: u32 = 0; channel < channels; channel += 4) {
      const sum = mapSum(x + channel * 4, xRow, cell, rows, columns, r, c, size / 2, true);
      const s = f32x4.add(f32x4.splat(k), f32x4.mul(f32x4.splat(alpha), sum));
      put(
        y + r * yRow + c * cell + channel * 4,
        f32x4.mul(v128.load(x + r * xRow + c * cell + channel * 4), power(s, beta)),
        channels - channel,
      );
    }
  }
}

/**
 * First half of backward, needed whole by the second: `scaled` = dy·s^−β, `products` =
 * dy·a·s^(−β−1), both without border.
 */
export function lrnMapProducts(
  x: usize,
  xImage: u32,
  xRow: u32,
  dy: usize,
  dyImage: u32,
  dyRow: u32,
  scaled: usize,
  products: usize,
  rows: u32,
  columns: u32,
  channels: u32,
  size: u32,
  alpha: f32,
  beta: f32,
  k: f32,
  task: u32,
): void {
  const image = task / rows,
    r = task % rows;
  x += image * xImage;
  dy += image * dyImage + r * dyRow;
  const cell = channels * 4;
  for (let c: u32 = 0; c < columns; c++) {
    for (let channel: u32 = 0; channel < channels; channel += 4) {
      const sum = mapSum(x + channel * 4, xRow, cell, rows, columns, r, c, size / 2, true);
      const s = f32x4.add(f32x4.splat(k), f32x4.mul(f32x4.splat(alpha), sum));
      const g = f32x4.mul(v128.load(dy + c * cell + channel * 4), power(s, beta));
      const at = (task * columns + c) * cell + channel * 4;
      put(scaled + at, g, channels - channel);
      put(
        products + at,
        f32x4.div(f32x4.mul(g, v128.load(x + r * xRow + c * cell + channel * 4)), s),
        channels - channel,
      );
    }
  }
}

export function lrnMapBackward(
  x: usize,
  xImage: u32,
  xRow: u32,
  scaled: usize,
  products: usize,
  dx: usize,
  dxImage: u32,
  dxRow: u32,
  rows: u32,
  columns: u32,
  channels: u32,
  size: u32,
  alpha: f32,
  beta: f32,
  task: u32,
): void {
  const image = task / rows,
    r = task % rows;
  x += image * xImage + r * xRow;
  dx += image * dxImage + r * dxRow;
  const cell = channels * 4;
  const factor = f32x4.splat(2 * alpha * beta);
  for (let c: u32 = 0; c < columns; c++) {
    for (let channel: u32 = 0; channel < channels; channel += 4) {
      const sum = mapSum(
        products + image * rows * columns * cell + channel * 4,
        columns * cell,
        cell,
        rows,
        columns,
        r,
        c,
        size / 2,
        false,
      );
      const g = v128.load(scaled + (task * columns + c) * cell + channel * 4);
      const a = v128.load(x + c * cell + channel * 4);
      put(
        dx + c * cell + channel * 4,
        f32x4.sub(g, f32x4.mul(f32x4.mul(factor, a), sum)),
        channels - channel,
      );
    }
  }
}
