/**
 * Convolution weights transposed for backward, `[group][input panel][tap][outputs][8 inputs]`, from
 * `[group][output panel][kernel row][kernel column][inputs][8 outputs]`: only kernel rows
 * `rowPhase, rowPhase + stride, …` and columns likewise, both from last to first. One task per
 * input panel of a group.
 */
export function transposeWeights(
  weights: usize,
  inputs: u32,
  outputs: u32,
  kernelRows: u32,
  kernelColumns: u32,
  rowPhase: u32,
  rowStride: u32,
  columnPhase: u32,
  columnStride: u32,
  transposed: usize,
  task: u32,
): void {
  const inputPanels = (inputs + 7) / 8,
    outputPanels = (outputs + 7) / 8;
  const group = task / inputPanels,
    panel = task % inputPanels;
  const rows = rowPhase < kernelRows ? (kernelRows - rowPhase + rowStride - 1) / rowStride : 0;
  const columns =
    columnPhase < kernelColumns
      ? (kernelColumns - columnPhase + columnStride - 1) / columnStride
      : 0;
  const width = min(8, inputs - panel * 8);
  const outputPanel = kernelRows * kernelColumns * inputs * 32;
  weights += group * outputPanels * outputPanel;
  transposed += task * rows * columns * outputs * 32;
  for (let r: i32 = rows - 1; r >= 0; r--) {
    for (let c: i32 = columns - 1; c >= 0; c--) {
      const cell =
        (rowPhase + <u32>r * rowStride) * kernelColumns + columnPhase + <u32>c * columnStride;
      const from = weights + (cell * inputs + panel * 8) * 32;
      for (let o: u32 = 0; o < outputs; o++, transposed += 32) {
        const column = from + (o / 8) * outputPanel + (o % 8) * 4;
        for (let i: u32 = 0; i < width; i++)
          store<f32>(transposed + i * 4, load<f32>(column + i * 32));
        for (let i = width; i < 8; i++) store<f32>(transposed + i * 4, 0);
      }
    }
  }
}

/**
 * `to[group][panel][image][row][column][width]` from a channels-last map: what the gradient of
 * weights reads, contiguous. `width` is 4, 6 or 8; the last panel's lanes past `channels` hold
 * whatever lies there. One task per image of a group.
 */
export function packPanels(
  from: usize,
  fromGroup: u32,
  image: u32,
  row: u32,
  cell: u32,
  rows: u32,
  columns: u32,
  channels: u32,
  width: u32,
  to: usize,
  toGroup: u32,
  toImage: u32,
  toPanel: u32,
  images: u32,
  task: u32,
): void {
  from += (task / images) * fromGroup + (task % images) * image;
  to += (task / images) * toGroup + (task % images) * toImage;
  for (let r: u32 = 0; r < rows; r++, from += row) {
    for (let c: u32 = 0; c < columns; c++, to += width * 4) {
      let at = from + c * cell;
      let out = to;
      for (
        let channel: u32 = 0;
        channel < channels;
        channel += width, at += width * 4, out += toPanel
      ) {
        v128.store(out, v128.load(at));
        if (width == 8) v128.store(out, v128.load(at, 16), 16);
        else if (width == 6) v128.store64_lane(out, v128.load(at, 16), 0, 16);
      }
    }
  }
}

/**
 * A channels-last map from planes `[image][channel][row][column]`. One task per row of an
 * image.
 */
export function interleave(
  from: usize,
  channels: u32,
  rows: u32,
  columns: u32,
  to: usize,
  toImage: u32,
  toRow: u32,
  task: u32,
): void {
  const image = task / rows,
    row = task % rows;
  const plane = rows * columns * 4,
    cell = channels * 4;
  from += image * channels * plane + row * columns * 4;
  to += image * toImage + row * toRow;
  const end = from + columns * 4;
  if (channels == 3) {
    for (; from != end; from += 4, to += 12) {
      store<f32>(to, load<f32>(from));
      store<f32>(to, load<f32>(from + plane), 4);
      store<f32>(to, load<f32>(from + 2 * plane), 8);
    }
    return;
  }
  for (let channel: u32 = 0; channel < channels; channel++, from += plane) {
    for (let column: u32 = 0; column < columns; column++)
      store<f32>(to + column * cell + channel * 4, load<f32>(from + column * 4));
  }
}

/** Byte offsets of the places of one image a task, image by image and row by row. */
export function placeTable(
  to: usize,
  rows: u32,
  columns: u32,
  image: u32,
  row: u32,
  cell: u32,
  task: u32,
): void {
  to += task * rows * columns * 4;
  for (let r: u32 = 0; r < rows; r++) {
    for (let c: u32 = 0; c < columns; c++, to += 4)
      store<u32>(to, task * image + r * row + c * cell);
  }
}
