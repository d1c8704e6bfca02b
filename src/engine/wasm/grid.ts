/**
 * Layers whose input or output lies on a grid of 8 bits and that are not computed in int8
 * themselves: what passes integers on does so, what computes in floats gets floats and has its
 * answer rounded.
 */
import { passesIntegers } from '../../network/quantisation.ts';
import type { Edge, Grid } from '../../network/quantisation.ts';
import { during } from '../plan/arena.ts';
import type { Job } from './job.ts';
import type { LayerJobs, LayerSite } from './layer.ts';
import { poolWindows } from './pool.ts';
import { call } from './signatures.ts';
import { Tensor, noBorder } from './tensor.ts';
import type { Border } from './tensor.ts';

/** What kernels take for a grid: the scale as f32, and where integers less the zero point end. */
export function gridArguments({ scale, zeroPoint }: Grid): {
  scale: number;
  low: number;
  high: number;
} {
  return { scale: Math.fround(scale), low: 0 - zeroPoint, high: 255 - zeroPoint };
}

/** Bytes of a number on an edge. */
export function elementBytes(edge: Edge): number {
  return edge === 'f32' ? 4 : 2;
}

type GridSite = Omit<LayerSite, 'layer'>;

/**
 * @param build the layer in floats.
 * @param border what it wants round its input.
 */
export function onGrids(
  site: GridSite,
  border: Border,
  build: (site: GridSite) => LayerJobs,
): LayerJobs {
  const { xEdge, yEdge, shape } = site;
  if (xEdge !== 'f32' && yEdge !== 'f32') {
    if (passesIntegers(shape)) return passing(site);
    if (shape.layer.type === 'lrn' && shape.layer.across === 'channels')
      return lrnOnGrids(site, shape.layer, xEdge, yEdge);
  }
  return throughFloats(site, border, build);
}

function passing({ shape, arena, x, y, rectify }: GridSite): LayerJobs {
  const [channels, rows, columns] = y.shape;
  const { layer } = shape;
  const length = columns * channels;
  if (layer.type === 'maxPool') {
    const { setup, windows } = poolWindows(arena, shape);
    return {
      setup,
      forward: (images) => [
        call.maxPoolGrid(images * rows, { x: x.rows, y: y.rows, ...windows(), channels }),
      ],
    };
  }
  if (layer.type === 'relu')
    return {
      forward: (images) =>
        rectify ? [] : [call.reluGrid(images * rows, { x: x.rows, y: y.rows, rows, length })],
    };
  return {
    forward: (images) =>
      x === y ? [] : [call.copyGrid(images * rows, { x: x.rows, y: y.rows, rows, length })],
  };
}

function lrnOnGrids(
  { x, y }: GridSite,
  { groups, size, alpha, beta, k }: Extract<LayerSite['layer'], { type: 'lrn' }>,
  xEdge: Grid,
  yEdge: Grid,
): LayerJobs {
  const [channels, rows, columns] = y.shape;
  const window = { rows, columns, channels: channels / groups, groups, size, alpha, beta, k };
  const grids = { xScale: Math.fround(xEdge.scale), ...gridArguments(yEdge) };
  return {
    forward: (images) => [
      call.lrnGrid(images * rows, { x: x.rows, y: y.rows, ...window, ...grids }),
    ],
  };
}

/** Floats before and behind, where there are integers. */
function throughFloats(
  site: GridSite,
  border: Border,
  build: (site: GridSite) => LayerJobs,
): LayerJobs {
  const { arena, batch, x, y, xEdge, yEdge, index } = site;
  const floats = (shape: Tensor['shape'], wanted: Border): Tensor =>
    new Tensor(shape, wanted, (bytes) => arena.region(bytes * batch, during(index)));
  const given = xEdge === 'f32' ? x : floats(x.shape, border);
  const made = yEdge === 'f32' ? y : floats(y.shape, noBorder);
  const jobs = build({ ...site, x: given, y: made });
  return {
    ...jobs,
    forward: (images, draw) => [
      ...(xEdge === 'f32' ? [] : fromGrid(x, given, xEdge, images)),
      ...jobs.forward(images, draw),
      ...(yEdge === 'f32' ? [] : [toGrid(made, y, yEdge, images)]),
    ],
  };
}

function fromGrid(x: Tensor, y: Tensor, { scale }: Grid, images: number): Job[] {
  const maps = { x: x.rows, y: y.rows, ...rowsOf(y) };
  return [
    ...y.clearBorder(images),
    call.fromGrid(images * maps.rows, { ...maps, scale: Math.fround(scale) }),
  ];
}

function toGrid(x: Tensor, y: Tensor, grid: Grid, images: number): Job {
  const maps = { x: x.rows, y: y.rows, ...rowsOf(y) };
  return call.toGrid(images * maps.rows, { ...maps, ...gridArguments(grid) });
}

function rowsOf({ shape: [channels, rows, columns] }: Tensor): { rows: number; length: number } {
  return { rows, length: columns * channels };
}
