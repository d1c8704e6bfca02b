import type { Layer, Network, Shape, Size } from '../network/layer.ts';
import { inferShapes } from '../network/shapes.ts';
import type { LayerShape } from '../network/shapes.ts';
import { lookedAtUncut } from './receptive.ts';
import type { Side, Span } from './receptive.ts';

/**
 * A convolution and what follows it up to the next one, computed in a window of one size that lies
 * elsewhere for every change.
 */
export interface Stage {
  readonly layers: readonly LayerShape[];
  /**
   * Cells of the stage's input that a window reads; they hang over the border where the convolution
   * sees padding.
   */
  readonly read: Size;
  /** Cells of the stage's output that come out of it. */
  readonly made: Size;
  /** One for each of the changed rows (columns) that were asked about. */
  readonly rows: readonly Place[];
  readonly columns: readonly Place[];
}

/** Where along one side a window begins to read, and where what it makes belongs. */
export interface Place {
  readonly from: number;
  readonly to: number;
}

/**
 * How far up a network a change of a small part of the input stays small: the stages that are worth
 * computing in windows only. The windows of a stage hold every number that any of the changes
 * reaches, and all have one size, so that they go through an engine as one batch.
 * @param rows the input rows of each change; with each of the `columns` they make one change.
 * @param limit a stage in which windows make up more than this share of the convolution's output
 * ends it.
 */
export function windowStages(
  network: Network,
  rows: readonly Span[],
  columns: readonly Span[],
  limit = 0.7,
): Stage[] {
  const stages: Stage[] = [];
  let [down, across] = [rows, columns];
  for (const layers of byConvolution(inferShapes(network))) {
    const [vertical, horizontal] = [slide(layers, 1, down), slide(layers, 2, across)];
    const [, height, width] = layers[0]!.output;
    if (vertical.convolved * horizontal.convolved > limit * height * width) break;
    stages.push({
      layers,
      read: [vertical.read, horizontal.read],
      made: [vertical.made, horizontal.made],
      rows: vertical.places,
      columns: horizontal.places,
    });
    [down, across] = [vertical.reached, horizontal.reached];
  }
  return stages;
}

/**
 * Up to the first layer that cannot be computed in a window without knowing where the border is.
 */
function byConvolution(shapes: readonly LayerShape[]): LayerShape[][] {
  const stages: LayerShape[][] = [];
  for (const shape of shapes.slice(1)) {
    if (shape.layer.type === 'convolution') stages.push([shape]);
    else if (stages.length > 0 && sameEverywhere(shape)) stages.at(-1)!.push(shape);
    else break;
  }
  return stages;
}

function sameEverywhere({ layer, window }: LayerShape): boolean {
  switch (layer.type) {
    case 'relu':
    case 'tanh':
      return true;
    case 'lrn':
      return layer.across === 'channels';
    case 'maxPool':
    case 'averagePool':
      return Math.max(...Object.values(window!.padding)) <= 0;
    default:
      return false;
  }
}

interface Slide {
  readonly read: number;
  readonly convolved: number;
  readonly made: number;
  readonly places: readonly Place[];
  readonly reached: readonly Span[];
}

function slide(layers: readonly LayerShape[], side: Side, changes: readonly Span[]): Slide {
  const reached = changes.map((change) =>
    layers.reduce((span, shape) => reachedBy(shape, side, span), change),
  );
  const made = Math.max(1, ...reached.map(({ start, end }) => end - start));
  const last = layers.at(-1)!.output[side] - made;
  const back = (to: number, over: readonly LayerShape[]): Span =>
    over.reduceRight((span, shape) => lookedAtUncut(shape, side, span), {
      start: to,
      end: to + made,
    });
  const places = reached.map(({ start }) => {
    const to = Math.max(0, Math.min(last, start));
    return { to, from: back(to, layers).start };
  });
  const long = (span: Span): number => span.end - span.start;
  return {
    read: long(back(0, layers)),
    convolved: long(back(0, layers.slice(1))),
    made,
    places,
    reached,
  };
}

/** The outputs of one layer that see any of the given inputs. */
function reachedBy({ window, output }: LayerShape, side: Side, { start, end }: Span): Span {
  if (window === undefined) return { start, end };
  const kernel = window.kernel[side - 1]!;
  const stride = window.stride[side - 1]!;
  const before = side === 1 ? window.padding.top : window.padding.left;
  return {
    start: Math.max(0, Math.ceil((start + before - kernel + 1) / stride)),
    end: Math.min(output[side], Math.floor((end - 1 + before) / stride) + 1),
  };
}

/** The network that computes one window: without padding, for what a window reads has it. */
export function windowNetwork({ layers, read }: Stage): Network {
  return partNetwork(
    [layers[0]!.input[0], ...read],
    layers.map(({ layer }) => unpadded(layer)),
  );
}

function unpadded(layer: Layer): Layer {
  return 'padding' in layer
    ? { ...layer, padding: { top: 0, right: 0, bottom: 0, left: 0 }, rounding: 'floor' }
    : layer;
}

/**
 * Some layers of a network as one of its own. Engines want a softmax at the end: where there is
 * none, one that costs nothing is put there.
 */
export function partNetwork(shape: Shape, layers: readonly Layer[]): Network {
  const input: Layer = { type: 'input', name: 'part-input', shape };
  if (layers.at(-1)?.type === 'softmax') return [input, ...layers];
  return [
    input,
    ...layers,
    { type: 'adaptiveAveragePool', name: 'part-means', output: [1, 1] },
    { type: 'softmax', name: 'part-softmax' },
  ];
}
