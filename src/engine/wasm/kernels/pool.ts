/**
 * Pooling over channels-last maps. Windows come as two tables, one entry [from, to) per output row
 * and per output column, already cut at the map's border.
 */

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

/** One task an output row. */
export function maxPool(
  x: usize,
  xImage: u32,
  xRow: u32,
  y: usize,
  yImage: u32,
  yRow: u32,
  rowWindows: usize,
  columnWindows: usize,
  rows: u32,
  columns: u32,
  channels: u32,
  task: u32,
): void {
  x += (task / rows) * xImage;
  y += (task / rows) * yImage + (task % rows) * yRow;
  const top = load<u32>(rowWindows + (task % rows) * 8),
    bottom = load<u32>(rowWindows + (task % rows) * 8, 4);
  const cell = channels * 4;
  for (let column: u32 = 0; column < columns; column++, y += cell) {
    const left = load<u32>(columnWindows + column * 8),
      right = load<u32>(columnWindows + column * 8, 4);
    for (let channel: u32 = 0; channel < channels; channel += 4) {
      let most = f32x4.splat(-Infinity);
      for (let row = top; row < bottom; row++) {
        let at = x + row * xRow + left * cell + channel * 4;
        for (let c = left; c < right; c++, at += cell) most = f32x4.max(most, v128.load(at));
      }
      put(y + channel * 4, most, channels - channel);
    }
  }
}

/**
 * The gradient goes to the first of the largest. One task `channelBlock` channels (a multiple of 4)
 * of one image.
 */
export function maxPoolBackward(
  x: usize,
  xImage: u32,
  xRow: u32,
  y: usize,
  yImage: u32,
  yRow: u32,
  dy: usize,
  dyImage: u32,
  dyRow: u32,
  dx: usize,
  dxImage: u32,
  dxRow: u32,
  rowWindows: usize,
  columnWindows: usize,
  rows: u32,
  columns: u32,
  inputRows: u32,
  inputColumns: u32,
  channels: u32,
  channelBlock: u32,
  task: u32,
): void {
  const blocks = (channels + channelBlock - 1) / channelBlock;
  const image = task / blocks;
  const first = (task % blocks) * channelBlock;
  const end = min(channels, first + channelBlock);
  x += image * xImage;
  y += image * yImage;
  dy += image * dyImage;
  dx += image * dxImage;
  const cell = channels * 4;
  clear(dx + first * 4, dxRow, cell, inputRows, inputColumns, (end - first) * 4);
  for (let row: u32 = 0; row < rows; row++) {
    const top = load<u32>(rowWindows + row * 8),
      bottom = load<u32>(rowWindows + row * 8, 4);
    for (let column: u32 = 0; column < columns; column++) {
      const left = load<u32>(columnWindows + column * 8),
        right = load<u32>(columnWindows + column * 8, 4);
      for (let channel = first; channel < end; channel += 4) {
        const count: i32 = end - channel;
        const most = v128.load(y + row * yRow + column * cell + channel * 4);
        let open = i32x4.splat(-1);
        const g = v128.load(dy + row * dyRow + column * cell + channel * 4);
        for (let r = top; r < bottom; r++) {
          for (let c = left; c < right; c++) {
            const hit = v128.and(
              open,
              f32x4.eq(v128.load(x + r * xRow + c * cell + channel * 4), most),
            );
            open = v128.andnot(open, hit);
            const at = dx + r * dxRow + c * cell + channel * 4;
            put(at, f32x4.add(v128.load(at), v128.and(g, hit)), count);
          }
        }
      }
    }
  }
}

/** The mean of each window. One task an output row. */
export function averagePool(
  x: usize,
  xImage: u32,
  xRow: u32,
  y: usize,
  yImage: u32,
  yRow: u32,
  rowWindows: usize,
  columnWindows: usize,
  rows: u32,
  columns: u32,
  channels: u32,
  task: u32,
): void {
  x += (task / rows) * xImage;
  y += (task / rows) * yImage + (task % rows) * yRow;
  const top = load<u32>(rowWindows + (task % rows) * 8),
    bottom = load<u32>(rowWindows + (task % rows) * 8, 4);
  const cell = channels * 4;
  for (let column: u32 = 0; column < columns; column++, y += cell) {
    const left = load<u32>(columnWindows + column * 8),
      right = load<u32>(columnWindows + column * 8, 4);
    const cells = f32x4.splat(<f32>((bottom - top) * (right - left)));
    for (let channel: u32 = 0; channel < channels; channel += 4) {
      let sum = f32x4.splat(0);
      for (let row = top; row < bottom; row++) {
        let at = x + row * xRow + left * cell + channel * 4;
        for (let c = left; c < right; c++, at += cell) sum = f32x4.add(sum, v128.load(at));
      }
      put(y + channel * 4, f32x4.div(sum, cells), channels - channel);
    }
  }
}

/** One task `channelBlock` channels (a multiple of 4) of one image. */
export function averagePoolBackward(
  dy: usize,
  dyImage: u32,
  dyRow: u32,
  dx: usize,
  dxImage: u32,
  dxRow: u32,
  rowWindows: usize,
  columnWindows: usize,
  rows: u32,
  columns: u32,
  inputRows: u32,
  inputColumns: u32,
  channels: u32,
  channelBlock: u32,
  task: u32,
): void {
  const blocks = (channels + channelBlock - 1) / channelBlock;
  const image = task / blocks;
  const first = (task % blocks) * channelBlock;
  const end = min(channels, first + channelBlock);
  dy += image * dyImage;
  dx += image * dxImage;
  const cell = channels * 4;
  clear(dx + first * 4, dxRow, cell, inputRows, inputColumns, (end - first) * 4);
  for (let row: u32 = 0; row < rows; row++) {
    const top = load<u32>(rowWindows + row * 8),
      bottom = load<u32>(rowWindows + row * 8, 4);
    for (let column: u32 = 0; column < columns; column++) {
      const left = load<u32>(columnWindows + column * 8),
        right = load<u32>(columnWindows + column * 8, 4);
      const cells = f32x4.splat(<f32>((bottom - top) * (right - left)));
      for (let channel = first; channel < end; channel += 4) {
        const g = f32x4.div(v128.load(dy + row * dyRow + column * cell + channel * 4), cells);
        for (let r = top; r < bottom; r++) {
          for (let c = left; c < right; c++) {
            const at = dx + r * dxRow + c * cell + channel * 4;
            put(at, f32x4.add(v128.load(at), g), end - channel);
          }
        }
      }
    }
  }
}

function clear(at: usize, row: u32, cell: u32, rows: u32, columns: u32, bytes: u32): void {
  for (let r: u32 = 0; r < rows; r++, at += row) {
    for (let c: u32 = 0; c < columns; c++) memory.fill(at + c * cell, 0, bytes);
  }
}

/** Windows `[from, to)` of a kernel that slides with a stride, cut at the map's border. */
export function windowTable(
  table: usize,
  count: u32,
  size: i32,
  kernel: i32,
  stride: i32,
  before: i32,
  task: u32,
): void {
  for (let i: u32 = 0; i < count; i++, table += 8) {
    const start = <i32>i * stride - before;
    store<i32>(table, max(0, start));
    store<i32>(table, min(size, start + kernel), 4);
  }
}

/** Evenly laid regions `[⌊i·size/count⌋, ⌈(i+1)·size/count⌉)`. */
export function regionTable(table: usize, count: u32, size: u32, task: u32): void {
  for (let i: u32 = 0; i < count; i++, table += 8) {
    store<u32>(table, (i * size) / count);
    store<u32>(table, ((i + 1) * size + count - 1) / count, 4);
  }
}
