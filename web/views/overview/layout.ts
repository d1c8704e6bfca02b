import type { LayerFacts, ModelAnswer } from '../../compute/protocol.ts';
import { hasPlaces, towersOf } from '../../state/current.ts';

/**
 * One layer's output as it is drawn: a picture, a wall of maps for each tower, or a wall of
 * numbers.
 */
export interface Stage {
  readonly layer: LayerFacts;
  /** `conv1`, whose ReLU is what is drawn. */
  readonly title: string;
  readonly kind: 'picture' | 'maps' | 'numbers';
  /** Walls one above the other. */
  readonly towers: number;
  /** Maps, or numbers, side by side in a wall and above each other. */
  readonly columns: number;
  readonly rows: number;
  /** Of one map or number, in pixels of the drawing: a cell a pixel. */
  readonly tile: readonly [height: number, width: number];
  readonly gap: number;
  readonly width: number;
  readonly height: number;
}

/** Side of a number that stands by itself, in cells. */
const numberSide = 3;

/**
 * The network as stages from left to right, every map at one scale: what a convolution or a dense
 * layer gives after its ReLU, what a pooling gives, the scores.
 */
export function stagesOf(model: ModelAnswer): Stage[] {
  const towers = towersOf(model);
  const [, side] = model.layers[0]!.output;
  const height = Math.max(64, Math.round(side * 1.05)) * (towers === 1 ? 2 : 1);
  return drawnLayers(model.layers).map(({ layer, title }) => {
    if (layer.type === 'input') return pictureStage(layer);
    return hasPlaces(layer)
      ? mapsStage(layer, title, towers, height)
      : numbersStage(layer, title, height * towers);
  });
}

function drawnLayers(
  layers: readonly LayerFacts[],
): { readonly layer: LayerFacts; readonly title: string }[] {
  return layers.flatMap((layer, i) => {
    const next = layers[i + 1];
    switch (layer.type) {
      case 'input':
      case 'maxPool':
      case 'averagePool':
        return { layer, title: layer.name };
      case 'adaptiveAveragePool':
        return String(layer.input) === String(layer.output) ? [] : { layer, title: layer.name };
      case 'convolution':
      case 'dense':
        return next?.type === 'relu' || next?.type === 'tanh'
          ? { layer: next, title: layer.name }
          : { layer, title: layer.name };
      default:
        return [];
    }
  });
}

function pictureStage(layer: LayerFacts): Stage {
  const [, height, width] = layer.output;
  const tile = [height, width] as const;
  const whole = { towers: 1, columns: 1, rows: 1, tile, gap: 0, width, height };
  return { layer, title: layer.name, kind: 'picture', ...whole };
}

function mapsStage(layer: LayerFacts, title: string, towers: number, most: number): Stage {
  const [channels, height, width] = layer.output;
  const shared = channels % towers === 0 ? towers : 1;
  const each = channels / shared;
  const gap = 1;
  const room = shared === towers ? most : most * towers;
  const columns = Math.ceil(each / Math.max(1, Math.floor((room + gap) / (height + gap))));
  const rows = Math.ceil(each / columns);
  return {
    layer,
    title,
    kind: 'maps',
    towers: shared,
    columns,
    rows,
    tile: [height, width],
    gap,
    width: columns * (width + gap) - gap,
    height: rows * (height + gap) - gap,
  };
}

function numbersStage(layer: LayerFacts, title: string, most: number): Stage {
  const [numbers] = layer.output;
  const columns = Math.ceil(numbers / Math.floor(most / numberSide));
  const rows = Math.ceil(numbers / columns);
  return {
    layer,
    title,
    kind: 'numbers',
    towers: 1,
    columns,
    rows,
    tile: [1, 1],
    gap: 0,
    width: columns * numberSide,
    height: rows * numberSide,
  };
}

/** Between two stages, in pixels of the screen. */
export const between = 18;

/** Of the answer that stands behind the last stage. */
const answerWidth = 250;

/**
 * How many pixels of the screen a cell gets: one or more, in as few rows as that takes; less where
 * the widest stage is wider than the screen.
 */
export function scaleFor(stages: readonly Stage[], available: number): number {
  for (let rows = 1; rows <= stages.length; rows++) {
    const scale = largestScale(stages, available, rows);
    if (scale >= 0.97) return tidy(scale);
  }
  const widest = Math.max(...stages.map(({ width }) => width));
  return Math.min(1, available / widest);
}

/** Whole pixels are drawn sharp. */
function tidy(scale: number): number {
  return scale < 1.5 ? Math.min(scale, 1) : Math.min(4, Math.floor(2 * scale) / 2);
}

/** The largest at which the stages, laid in rows like words, take no more than so many rows. */
function largestScale(stages: readonly Stage[], available: number, rows: number): number {
  let [fits, tooLarge] = [0, 8];
  while (tooLarge - fits > 0.005) {
    const middle = (fits + tooLarge) / 2;
    if (rowsAt(stages, available, middle) <= rows) fits = middle;
    else tooLarge = middle;
  }
  return fits;
}

function rowsAt(stages: readonly Stage[], available: number, scale: number): number {
  const widths = [...stages.map(({ width }) => Math.max(48, width * scale)), answerWidth];
  let [rows, used] = [1, 0];
  for (const width of widths) {
    if (width > available) return Infinity;
    if (used > 0 && used + between + width > available) {
      rows++;
      used = 0;
    }
    used += (used > 0 ? between : 0) + width;
  }
  return rows;
}

/** Which number lies at a pixel of a stage's wall; undefined between them. */
export function numberAt(
  stage: Stage,
  tower: number,
  x: number,
  y: number,
): { readonly unit: number; readonly place: readonly [number, number] } | undefined {
  const { columns, rows, gap, towers } = stage;
  const [channels] = stage.layer.output;
  const cell = stage.kind === 'numbers' ? numberSide : 1;
  const [height, width] = [stage.tile[0] * cell, stage.tile[1] * cell];
  const column = Math.min(columns - 1, Math.floor(x / (width + gap)));
  const row = Math.min(rows - 1, Math.floor(y / (height + gap)));
  const inTower = row * columns + column;
  if (inTower >= channels / towers) return undefined;
  const inside = (at: number, size: number): number =>
    Math.max(0, Math.min(size - 1, Math.floor(at)));
  return {
    unit: (tower * channels) / towers + inTower,
    place: [
      inside((y - row * (height + gap)) / cell, stage.tile[0]),
      inside((x - column * (width + gap)) / cell, stage.tile[1]),
    ],
  };
}
