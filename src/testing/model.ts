import type { Model } from '../model/model.ts';
import { f32Weights } from '../model/weights.ts';
import type { Network } from '../network/layer.ts';
import { inferShapes } from '../network/shapes.ts';
import { testParameters } from './data.ts';

/** A model that has learned nothing, whose labels are the names given. */
export function testModel(network: Network, names: readonly string[], seed = 3): Model {
  const [, crop] = inferShapes(network)[0]!.output;
  return {
    network,
    weights: f32Weights(testParameters(network, seed)),
    labels: names.map((name) => ({ name })),
    preprocessing: {
      resize: { how: 'shorterSide', size: crop + 4 },
      crop,
      channels: 'RGB',
      scale: 1,
      mean: [120, 115, 100],
      deviation: [60, 60, 60],
    },
    provenance: {},
  };
}
