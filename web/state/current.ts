import type { LayerFacts, ModelAnswer, Scene } from '../compute/protocol.ts';

/** What every view is given: the network that is looked at, and at what. */
export interface Current {
  readonly model: ModelAnswer;
  readonly scene: Scene;
}

/** A layer by its name; undefined where the network has none of it. */
export function layerOf(model: ModelAnswer, name: string | undefined): LayerFacts | undefined {
  return model.layers.find((layer) => layer.name === name);
}

/** `96×55×55`, or `4096` of a vector. */
export function shapeText({
  output: [channels, height, width],
}: Pick<LayerFacts, 'output'>): string {
  return height === 1 && width === 1 ? String(channels) : `${channels}×${height}×${width}`;
}

/** How many towers the network has: the most groups of any convolution. */
export function towersOf(model: ModelAnswer): number {
  return model.layers.reduce(
    (most, { layer }) => (layer.type === 'convolution' ? Math.max(most, layer.groups) : most),
    1,
  );
}

/** Whether its output are maps with places. */
export function hasPlaces({ output: [, height, width] }: Pick<LayerFacts, 'output'>): boolean {
  return height > 1 || width > 1;
}
