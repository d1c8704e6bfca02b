import { hasParameters, isElementwise } from './layer.ts';
import type { Network } from './layer.ts';
import { inferShapes, volume } from './shapes.ts';
import type { LayerShape } from './shapes.ts';

/** What one layer takes, for one image unless said otherwise. */
export interface LayerCost extends LayerShape {
  readonly parameters: number;
  /**
   * Multiplications with a weight, each followed by an addition: the usual count, biases and
   * element-wise layers not included.
   */
  readonly multiplyAdds: number;
}

export interface NetworkCost {
  readonly layers: readonly LayerCost[];
  readonly parameters: number;
  readonly multiplyAdds: number;
  /** Weights and biases in f32. */
  readonly weightsBytes: number;
  /**
   * The least that `batch` images need beside the weights: the largest input and output that live
   * at the same time, in f32.
   */
  readonly inferenceBytes: number;
  /**
   * What a training step on `batch` images needs in f32: weights, gradients and velocities, the
   * output of every layer kept for backward (ReLU, tanh and dropout work in place), and the largest
   * pair of activation gradients that live at the same time.
   */
  readonly trainingBytes: number;
}

/** Parameters, multiply-adds and memory of a network, layer by layer and in all. */
export function costs(network: Network, batch = 1): NetworkCost {
  const layers = inferShapes(network).map((shape) => ({ ...shape, ...layerCost(shape) }));
  const total = (count: (layer: LayerCost) => number): number =>
    layers.reduce((sum, layer) => sum + count(layer), 0);
  const parameters = total((layer) => layer.parameters);
  const kept = total(({ layer, output }) => (isElementwise(layer) ? 0 : volume(output)));
  const widest = Math.max(...layers.map(({ input, output }) => volume(input) + volume(output)));
  return {
    layers,
    parameters,
    multiplyAdds: total((layer) => layer.multiplyAdds),
    weightsBytes: 4 * parameters,
    inferenceBytes: 4 * batch * widest,
    trainingBytes: 4 * (3 * parameters + batch * (kept + widest)),
  };
}

function layerCost({
  layer,
  input,
  output,
}: LayerShape): Pick<LayerCost, 'parameters' | 'multiplyAdds'> {
  if (!hasParameters(layer)) return { parameters: 0, multiplyAdds: 0 };
  const fanIn =
    layer.type === 'convolution'
      ? (input[0] / layer.groups) * layer.kernel[0] * layer.kernel[1]
      : volume(input);
  return { parameters: (fanIn + 1) * output[0], multiplyAdds: fanIn * volume(output) };
}
