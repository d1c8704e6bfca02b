import type { Shape } from '../layer.ts';
import type { Stage } from './stages.ts';

/** Pixels for one cell of a map, one channel and one unit of a dense layer. */
export interface Scales {
  readonly cell: number;
  readonly channel: number;
  readonly unit: number;
}

/**
 * A box seen from its front: channels run to the right, rows down, columns away from the reader.
 */
export interface Box {
  /** Upper left corner of the front. */
  readonly x: number;
  readonly y: number;
  /** Of the front. */
  readonly width: number;
  readonly height: number;
  /** How far the back is moved: to the right and up. 0 for a vector. */
  readonly depthX: number;
  readonly depthY: number;
}

export interface Column {
  readonly stage: Stage;
  /** One a tower, the first on top. */
  readonly boxes: readonly Box[];
  /** Where its caption is centred. */
  readonly middle: number;
}

export interface Layout {
  readonly columns: readonly Column[];
  readonly scales: Scales;
  readonly width: number;
  /** Where the captions begin. */
  readonly bottom: number;
}

/** How a cell of depth is drawn. */
export const oblique = { x: 0.42, y: 0.26 };

/** Room around the boxes, in pixels. */
export interface Spacing {
  readonly margin: number;
  /** Above the highest box. */
  readonly top: number;
  readonly narrowestColumn: number;
  /** Between columns. */
  readonly gap: number;
}

/** For a drawing of its own. */
const roomy: Spacing = { margin: 24, top: 64, narrowestColumn: 100, gap: 34 };

const vectorWidth = 9;
const rowGap = 34;

/** Places every box to one scale for maps, one for channels and one for vectors. */
export function layOut(stages: readonly Stage[], spacing: Spacing = roomy): Layout {
  const { margin, top, narrowestColumn, gap } = spacing;
  const scales = scalesOf(stages);
  const sizes = stages.map((stage) => boxSize(stage, scales));
  const rows = Math.max(...stages.map(({ towers }) => towers));
  const rowHeight =
    rowGap + Math.max(...sizes.filter((_, i) => stages[i]!.towers === rows).map(outerHeight));
  const height = Math.max(rows * rowHeight, ...sizes.map(outerHeight));
  let x = margin;
  const columns = stages.map((stage, i): Column => {
    const size = sizes[i]!;
    const outer = size.width + size.depthX;
    const width = Math.max(outer, narrowestColumn);
    const left = x + (width - outer) / 2;
    const boxes = Array.from({ length: stage.towers }, (_, tower): Box => {
      const centre = top + height / 2 + (tower - (stage.towers - 1) / 2) * rowHeight;
      return { ...size, x: left, y: centre - outerHeight(size) / 2 + size.depthY };
    });
    const middle = x + width / 2;
    x += width + gap;
    return { stage, boxes, middle };
  });
  return { columns, scales, width: x - gap + margin, bottom: top + height + 30 };
}

function scalesOf(stages: readonly Stage[]): Scales {
  const maps = stages.filter(({ output }) => !isVector(output));
  const vectors = stages.filter(({ output }) => isVector(output));
  const channels = maps.slice(1).map(({ output, towers }) => output[0] / towers);
  return {
    cell: 220 / Math.max(...maps.flatMap(({ output }) => [output[1], output[2]]), 1),
    channel: 60 / Math.max(...channels, 1),
    unit: 150 / Math.max(...vectors.map(({ output, towers }) => output[0] / towers), 1),
  };
}

/** Never thinner than a line that can be seen. */
function boxSize({ output, towers }: Stage, scales: Scales): Omit<Box, 'x' | 'y'> {
  const [channels, height, width] = output;
  if (isVector(output))
    return {
      width: vectorWidth,
      height: Math.max(2, (channels / towers) * scales.unit),
      depthX: 0,
      depthY: 0,
    };
  const depth = width * scales.cell;
  return {
    width: Math.max(1.5, (channels / towers) * scales.channel),
    height: Math.max(2, height * scales.cell),
    depthX: depth * oblique.x,
    depthY: depth * oblique.y,
  };
}

function outerHeight({ height, depthY }: Pick<Box, 'height' | 'depthY'>): number {
  return height + depthY;
}

export function isVector([, height, width]: Shape): boolean {
  return height === 1 && width === 1;
}
