import type { LayerFacts, ModelAnswer } from '../../compute/protocol.ts';
import { hasPlaces, towersOf } from '../../state/current.ts';

/** One layer's output as it is drawn: a picture, a wall of maps for each tower, or a wall of numbers. */
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
  const rows = Math.min(each, Math.max(1, Math.floor((room + gap) / (height + gap))));
  const columns = Math.ceil(each / rows);
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
  const rows = Math.min(numbers, Math.floor(most / numberSide));
  const columns = Math.ceil(numbers / rows);
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

/**
 * How many pixels of the screen a cell gets: all stages in one row where that is large enough, else
 * as large as the widest allows, in several rows.
 */
export function scaleFor(stages: readonly Stage[], available: number): number {
  const whole = stages.reduce((sum, { width }) => sum + width, 0);
  const inOneRow = (available - between * (stages.length - 1)) / whole;
  if (inOneRow >= 0.6) return Math.min(4, inOneRow);
  const widest = Math.max(...stages.map(({ width }) => width));
  return Math.min(0.75, (available - 2) / widest);
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
