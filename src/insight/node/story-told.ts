import type { LayerShape } from '../../network/shapes.ts';
import { mapStatistics } from '../maps.ts';
import type { Likely, Opened, Photograph } from './open.ts';

/** What the story tells: one photograph through one model. */
export interface Told {
  readonly opened: Opened;
  readonly photograph: Photograph;
  readonly shapes: readonly LayerShape[];
  readonly activations: ReadonlyMap<string, Float32Array>;
  readonly predictions: readonly Likely[];
  readonly probabilities: Float32Array;
  /** Into how many groups the network's convolutions are cut; 1 where they are whole. */
  readonly towers: number;
}

/**
 * Which of the towers makes a map, as words after its number: ` (tower 2)`; nothing where there is
 * one tower.
 * @param channels of the whole layer.
 */
export function towerOf({ towers }: Told, channel: number, channels: number): string {
  if (towers === 1) return '';
  return ` (tower ${1 + Math.floor((channel * towers) / channels)})`;
}

/** Maps of a layer that are shown; those of a convolution can be opened. */
export const shownMaps = 12;

/**
 * The strongest maps of a layer after the ReLU that follows it, so that the same maps are followed
 * through.
 */
export function strongestOf({ shapes, activations }: Told, index: number): number[] {
  const shape = shapes[shapes[index + 1]?.layer.type === 'relu' ? index + 1 : index]!;
  return mapStatistics(activations.get(shape.layer.name)!, shape.output).map(
    ({ channel }) => channel,
  );
}
