import type { AdaptiveAveragePoolLayer, Layer, Network, Shape, Size } from '../layer.ts';
import { inferShapes } from '../shapes.ts';
import type { LayerShape } from '../shapes.ts';

/**
 * One column of the drawing: a layer that gives a new shape, and the layers after it that leave
 * that shape alone.
 */
export interface Stage {
  readonly layer: Layer;
  /** What the layer reads. */
  readonly input: Shape;
  /** Of all towers together. */
  readonly output: Shape;
  /** Boxes that stand for it, one a tower. */
  readonly towers: number;
  readonly after: readonly Layer[];
  /** How towers of the stage before reach other towers of this one. */
  readonly talk: Talk;
  /** Cells of the stage before that one output sees, for convolution and pooling. */
  readonly window: Size | undefined;
}

/**
 * `all`: every tower reads every tower; `border`: a normalisation window crosses from one to the
 * next; `none`.
 */
export type Talk = 'all' | 'border' | 'none';

/** More towers than this would not be readable: they are drawn as one. */
const maximumTowers = 4;

/** The columns of the drawing. The input and the last dense layer belong to all towers. */
export function stagesOf(network: Network): Stage[] {
  const shapes = inferShapes(network);
  const towers = countTowers(shapes);
  const starts = shapes.filter(givesNewShape);
  const last = starts.at(-1);
  return starts.map((shape, i) => {
    const from = shapes.indexOf(shape);
    const next = starts[i + 1];
    const before = i === 0 ? [] : shapes.slice(shapes.indexOf(starts[i - 1]!) + 1, from);
    return {
      layer: shape.layer,
      input: shape.input,
      output: shape.output,
      towers: i === 0 || shape === last || shape.output[0] % towers !== 0 ? 1 : towers,
      after: shapes
        .slice(from + 1, next === undefined ? shapes.length : shapes.indexOf(next))
        .map(({ layer }) => layer),
      talk: talkOf(
        shape.layer,
        before.map(({ layer }) => layer),
      ),
      window: shape.window?.kernel,
    };
  });
}

/** Into how many towers a network's convolutions are cut; 1 where they are whole. */
export function towersOf(network: Network): number {
  return countTowers(inferShapes(network));
}

function countTowers(shapes: readonly LayerShape[]): number {
  const groups = shapes.map(({ layer }) => (layer.type === 'convolution' ? layer.groups : 1));
  const maximum = Math.max(...groups);
  return maximum > maximumTowers ? 1 : maximum;
}

function givesNewShape({ layer, input }: LayerShape): boolean {
  if (layer.type === 'adaptiveAveragePool') return !sameSize(layer, input);
  return ['input', 'convolution', 'maxPool', 'averagePool', 'dense'].includes(layer.type);
}

function sameSize({ output }: AdaptiveAveragePoolLayer, [, height, width]: Shape): boolean {
  return output[0] === height && output[1] === width;
}

function talkOf(layer: Layer, before: readonly Layer[]): Talk {
  if (layer.type === 'dense' || (layer.type === 'convolution' && layer.groups === 1)) return 'all';
  return before.some(
    (between) => between.type === 'lrn' && between.across === 'channels' && between.groups === 1,
  )
    ? 'border'
    : 'none';
}
