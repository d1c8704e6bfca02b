import type { ParameterLayer } from '../../network/layer.ts';
import type { Edge } from '../../network/quantisation.ts';
import type { LayerShape } from '../../network/shapes.ts';
import type { Arena, Region } from '../plan/arena.ts';
import { tapTable, windowOf } from './convolution.ts';
import { elementBytes, gridArguments } from './grid.ts';
import type { LayerJobs, LayerSite } from './layer.ts';
import { panelsOf, tableJob } from './multiply.ts';
import { call } from './signatures.ts';
import type { IntegerTransfer } from './transfer.ts';

/** The parameters of an int8 layer in memory, in panels of 8 output channels. */
export interface StoredIntegers {
  readonly weights: Region;
  /** 32 bits for each output channel, panels filled with zeros. */
  readonly bias: Region;
  /** f32 likewise. */
  readonly multipliers: Region;
  /** Everything of its transfers but the address and which outputs. */
  readonly layout: Omit<IntegerTransfer, 'kind' | 'at' | 'first' | 'count'>;
  readonly groups: number;
}

/** A dense layer is a convolution with one row of as many cells as its input has. */
function geometryOf({ layer, input }: LayerShape): {
  groups: number;
  outputs: number;
  channels: number;
  kernel: readonly [number, number];
} {
  if (layer.type === 'convolution')
    return {
      groups: layer.groups,
      outputs: layer.kernels / layer.groups,
      channels: input[0] / layer.groups,
      kernel: layer.kernel,
    };
  if (layer.type !== 'dense') throw new Error(`Layer "${layer.name}" has no parameters.`);
  const cells = input[1] * input[2];
  return { groups: 1, outputs: layer.outputs, channels: input[0], kernel: [1, cells] };
}

export function storeIntegers(shape: LayerShape, arena: Arena): StoredIntegers {
  const { groups, outputs, channels, kernel } = geometryOf(shape);
  const wide = groups === 1;
  const taps = wide ? kernel[0] : kernel[0] * kernel[1];
  const run = wide ? kernel[1] * channels : channels;
  const panelBytes = taps * Math.ceil(run / 2) * 16;
  const panels = groups * panelsOf(outputs);
  return {
    weights: arena.region(panels * panelBytes),
    bias: arena.region(panels * 32),
    multipliers: arena.region(panels * 32),
    layout: { outputs, channels, kernel, wide },
    groups,
  };
}

/** One number for each output channel, in panels: the last of each group filled with zeros. */
export function inPanels<Numbers extends Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>>(
  numbers: ArrayLike<number>,
  { groups, layout: { outputs } }: StoredIntegers,
  empty: (length: number) => Numbers,
): Numbers {
  const width = panelsOf(outputs) * 8;
  const out = empty(groups * width);
  for (let o = 0; o < numbers.length; o++)
    out[Math.floor(o / outputs) * width + (o % outputs)] = numbers[o]!;
  return out;
}

/** A convolution or dense layer in int8. */
export function integerLayer(site: LayerSite<ParameterLayer>, stored: StoredIntegers): LayerJobs {
  return site.layer.type === 'dense' ? dense(site, stored) : convolution(site, stored);
}

/** What becomes of sums. */
function sumArguments(
  yEdge: Edge,
  rectify: boolean,
  { bias, multipliers }: StoredIntegers,
): Parameters<typeof call.denseRowIntegers>[1] extends infer Given
  ? Pick<
      Given,
      Extract<keyof Given, 'bias' | 'multipliers' | 'low' | 'high' | 'floats' | 'rectify'>
    >
  : never {
  const places = { bias: bias.at, multipliers: multipliers.at, rectify };
  if (yEdge === 'f32') return { ...places, low: 0, high: 0, floats: true };
  const { low, high } = gridArguments(yEdge);
  return { ...places, low: rectify ? 0 : low, high, floats: false };
}

/** A multiple of the kernel's tile rows. */
const pixelBlock = 180;
const panelBlock = 4;

function tasksOf(groups: number, outputs: number, pixels: number): number {
  return groups * Math.ceil(panelsOf(outputs) / panelBlock) * Math.ceil(pixels / pixelBlock);
}

/** `{n, in, h, w} (x) {out, in/groups, kh, kw} -> {n, out, oh, ow}` */
function convolution(
  { shape, batch, arena, x, y, yEdge, rectify }: LayerSite,
  stored: StoredIntegers,
): LayerJobs {
  const { groups, outputs, channels, kernel } = geometryOf(shape);
  const { stride, padding } = windowOf(shape.window);
  const [, rows, columns] = shape.output;
  const from = arena.region(batch * rows * columns * 4);
  const to = arena.region(batch * rows * columns * 4);
  const taps = tapTable(arena, groups, kernel, channels);
  const strides = {
    image: x.strides.image,
    row: x.strides.row * stride[0],
    cell: x.strides.cell * stride[1],
  };
  return {
    setup: () => [
      tableJob(from, batch, rows, columns, strides),
      tableJob(to, batch, rows, columns, y.strides),
      taps.job(x.strides.row, x.strides.cell),
    ],
    forward: (images) => [
      call.multiplyIntegers(tasksOf(groups, outputs, images * rows * columns), {
        pixelsIn: from.at,
        pixelsOut: to.at,
        pixels: images * rows * columns,
        pixelBlock,
        input: x.at(-padding.top, -padding.left),
        inputGroup: channels * 2,
        taps: taps.at(),
        tapCount: taps.count,
        pairs: Math.ceil(taps.run / 2),
        weights: stored.weights.at,
        outputs,
        panelBlock,
        output: y.origin,
        outputGroup: outputs * elementBytes(yEdge),
        ...sumArguments(yEdge, rectify, stored),
      }),
    ],
  };
}

/** One image by a kernel of its own, several by the convolution's; the same bits. */
function dense(
  { shape, batch, arena, x, y, yEdge, rectify }: LayerSite,
  stored: StoredIntegers,
): LayerJobs {
  if (!x.contiguous) throw new Error('The input of a dense layer has no border.');
  const { outputs, channels, kernel } = geometryOf(shape);
  const from = arena.region(batch * 4);
  const to = arena.region(batch * 4);
  const taps = arena.region(4);
  const sum = {
    pairs: Math.ceil((channels * kernel[1]) / 2),
    outputs,
  };
  const places = (): { weights: number } & ReturnType<typeof sumArguments> => ({
    weights: stored.weights.at,
    ...sumArguments(yEdge, rectify, stored),
  });
  return {
    setup: () => [
      tableJob(from, batch, 1, 1, x.strides),
      tableJob(to, batch, 1, 1, y.strides),
      call.placeTable(1, { to: taps.at, rows: 1, columns: 1, image: 0, row: 0, cell: 0 }),
    ],
    forward: (images) => [
      images === 1
        ? call.denseRowIntegers(Math.ceil(panelsOf(outputs) / 4), {
            x: x.origin,
            y: y.origin,
            ...sum,
            ...places(),
          })
        : call.multiplyIntegers(tasksOf(1, outputs, images), {
            pixelsIn: from.at,
            pixelsOut: to.at,
            pixels: images,
            pixelBlock,
            input: x.origin,
            inputGroup: 0,
            taps: taps.at,
            tapCount: 1,
            panelBlock,
            output: y.origin,
            outputGroup: 0,
            ...sum,
            ...places(),
          }),
    ],
  };
}
