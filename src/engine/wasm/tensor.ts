import type { Shape } from '../../network/layer.ts';
import type { Region } from '../plan/arena.ts';
import { panelWidth } from './constants.ts';
import type { Job } from './job.ts';
import { call } from './signatures.ts';

/** Cells of zeros round a map, for the windows that reach past it. */
export interface Border {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

export const noBorder: Border = { top: 0, right: 0, bottom: 0, left: 0 };

export function widest(a: Border, b: Border): Border {
  return {
    top: Math.max(a.top, b.top),
    right: Math.max(a.right, b.right),
    bottom: Math.max(a.bottom, b.bottom),
    left: Math.max(a.left, b.left),
  };
}

/** Strides in bytes of a channels-last map in memory. */
export interface Strides {
  readonly image: number;
  readonly row: number;
  readonly cell: number;
}

/**
 * Activations or their gradients, `[batch][top + rows + bottom][left + columns + right][channels]`;
 * vectors are padded to whole panels of 8.
 */
export class Tensor {
  readonly shape: Shape;
  readonly border: Border;
  readonly strides: Strides;
  readonly region: Region;
  /** Zero bytes at the end of each row. */
  readonly #rightBytes: number;

  /** @param element bytes of a number: 4 of floats, 2 of integers on a grid. */
  constructor(
    shape: Shape,
    border: Border,
    makeRegion: (imageBytes: number) => Region,
    element = 4,
  ) {
    const [channels, rows, columns] = shape;
    const cell = channels * element;
    this.#rightBytes =
      rows === 1 && columns === 1 && border.left + border.right === 0
        ? (-channels & (panelWidth - 1)) * element
        : border.right * cell;
    const row = (border.left + columns) * cell + this.#rightBytes;
    this.shape = shape;
    this.border = border;
    this.strides = { cell, row, image: (border.top + rows + border.bottom) * row };
    this.region = makeRegion(this.strides.image);
  }

  /** The address of the first image's first cell inside the border. */
  get origin(): number {
    return this.at(0, 0);
  }

  /** The address of a cell of the first image; the border has negative places. */
  at(row: number, column: number): number {
    return (
      this.region.at +
      (this.border.top + row) * this.strides.row +
      (this.border.left + column) * this.strides.cell
    );
  }

  /** The arguments most kernels take for a map: origin, bytes of an image, bytes of a row. */
  get rows(): [origin: number, image: number, row: number] {
    return [this.origin, this.strides.image, this.strides.row];
  }

  /** Whether an image's numbers lie together, as a dense layer reads them. */
  get contiguous(): boolean {
    const { top, right, bottom, left } = this.border;
    return top + right + bottom + left === 0;
  }

  /** Makes the border zero; nothing where there is none. */
  clearBorder(images: number): Job[] {
    if (this.contiguous && this.#rightBytes === 0) return [];
    const { top, bottom, left } = this.border;
    const { image, row, cell } = this.strides;
    return [
      call.clearBorder(images, {
        map: [this.region.at, image, row],
        top,
        rows: this.shape[1],
        bottom,
        left: left * cell,
        right: this.#rightBytes,
      }),
    ];
  }
}
