import type { Session } from '../engine/engine.ts';
import type { Model } from '../model/model.ts';
import { f32Weights, valuesOf } from '../model/weights.ts';
import type { DenseLayer, Network } from '../network/layer.ts';

/** A dense layer and the one that reads its neurons. */
export interface NeuronLayer {
  readonly layer: DenseLayer;
  readonly next: DenseLayer;
  /** The layer whose output `next` reads. */
  readonly read: string;
}

/** What a neuron gives to the next dense layer, over training pictures. */
export interface NeuronSamples {
  readonly means: Float64Array;
  readonly variances: Float64Array;
}

/** Dense layers whose neurons another dense layer reads, one by one. */
export function neuronLayers(network: Network): NeuronLayer[] {
  return network.flatMap((layer, index): NeuronLayer[] => {
    if (layer.type !== 'dense') return [];
    const behind = network.slice(index + 1);
    const at = behind.findIndex(({ type }) => !['relu', 'tanh', 'dropout'].includes(type));
    const next = behind[at];
    if (next?.type !== 'dense') return [];
    return [{ layer, next, read: network[index + at]!.name }];
  });
}

/** @param session prepared to keep what {@link neuronLayers} read. */
export async function neuronSamples(
  session: Session,
  batches: AsyncIterable<Float32Array>,
): Promise<Map<string, NeuronSamples>> {
  const layers = neuronLayers(session.network).map(({ layer, read }) => ({
    layer,
    read,
    sums: new Float64Array(layer.outputs),
    squares: new Float64Array(layer.outputs),
    count: 0,
  }));
  for await (const images of batches) {
    await session.forward(images);
    for (const each of layers) {
      const values = await session.activation(each.read);
      const { outputs } = each.layer;
      for (const [i, value] of values.entries()) {
        each.sums[i % outputs]! += value;
        each.squares[i % outputs]! += value * value;
      }
      each.count += values.length / outputs;
    }
  }
  return new Map(
    layers.map(({ layer, sums, squares, count }) => {
      const means = sums.map((sum) => sum / count);
      const variances = squares.map((sum, j) => Math.max(0, sum / count - means[j]! ** 2));
      return [layer.name, { means, variances }] as const;
    }),
  );
}

/** Neurons to keep by layer name; a layer that is not in it keeps all. */
export type Kept = ReadonlyMap<string, readonly number[]>;

/**
 * The neurons that stay when this share of what all of them contribute is given up, in eights. What
 * a neuron contributes is its variance times the squared weights it is read with: its mean goes
 * into the next layer's bias, so no more than that is lost.
 */
export function neuronsToKeep(
  model: Model,
  samples: ReadonlyMap<string, NeuronSamples>,
  left: number,
): Kept {
  const kept = new Map<string, readonly number[]>();
  for (const { layer, next } of neuronLayers(model.network)) {
    const { outputs } = layer;
    const contributions = contributionsOf(
      samples.get(layer.name)!.variances,
      valuesOf(model.weights, `${next.name}.weight`)!,
    );
    const order = [...contributions.keys()].toSorted(
      (a, b) => contributions[b]! - contributions[a]! || a - b,
    );
    let rest = contributions.reduce((sum, value) => sum + value, 0);
    const most = left * rest;
    let count = 0;
    while (count < outputs && rest > most) rest -= contributions[order[count++]!]!;
    const inEights = Math.max(8, Math.ceil(count / 8) * 8);
    if (inEights < 0.95 * outputs)
      kept.set(
        layer.name,
        order.slice(0, inEights).toSorted((a, b) => a - b),
      );
  }
  return kept;
}

function contributionsOf(variances: Float64Array, weight: Float32Array): Float64Array {
  const inputs = variances.length;
  const squares = new Float64Array(inputs);
  for (const [i, value] of weight.entries()) squares[i % inputs]! += value * value;
  return squares.map((sum, j) => sum * variances[j]!);
}

/** The model with those neurons alone: the network rewritten, means of the others in biases. */
export function withNeurons(
  model: Model,
  samples: ReadonlyMap<string, NeuronSamples>,
  kept: Kept,
): Model {
  const weights = new Map(model.weights);
  const values = (name: string): Float32Array => valuesOf(weights, name)!;
  for (const { layer, next } of neuronLayers(model.network)) {
    const own = kept.get(layer.name);
    if (own === undefined) continue;
    const { means } = samples.get(layer.name)!;
    const changed = [
      [`${next.name}.bias`, withMeans(values, next.name, means, own)],
      [`${next.name}.weight`, columns(values(`${next.name}.weight`), layer.outputs, own)],
      [`${layer.name}.weight`, rows(values(`${layer.name}.weight`), layer.outputs, own)],
      [`${layer.name}.bias`, rows(values(`${layer.name}.bias`), layer.outputs, own)],
    ] as const;
    for (const [name, tensor] of f32Weights(changed)) weights.set(name, tensor);
  }
  const network = model.network.map((layer) => {
    const own = kept.get(layer.name);
    return own === undefined || layer.type !== 'dense' ? layer : { ...layer, outputs: own.length };
  });
  return { ...model, network, weights };
}

/** A bias with what neurons that go have given on average. */
function withMeans(
  values: (name: string) => Float32Array,
  layer: string,
  means: Float64Array,
  kept: readonly number[],
): Float32Array {
  const weight = values(`${layer}.weight`);
  const stays = new Set(kept);
  const inputs = means.length;
  return values(`${layer}.bias`).map((value, o) => {
    let sum = value;
    for (let j = 0; j < inputs; j++) if (!stays.has(j)) sum += weight[o * inputs + j]! * means[j]!;
    return sum;
  });
}

function rows(matrix: Float32Array, count: number, kept: readonly number[]): Float32Array {
  const size = matrix.length / count;
  const out = new Float32Array(kept.length * size);
  for (const [to, from] of kept.entries())
    out.set(matrix.subarray(from * size, (from + 1) * size), to * size);
  return out;
}

function columns(matrix: Float32Array, width: number, kept: readonly number[]): Float32Array {
  const out = new Float32Array((matrix.length / width) * kept.length);
  for (let i = 0; i < out.length; i++)
    out[i] = matrix[Math.floor(i / kept.length) * width + kept[i % kept.length]!]!;
  return out;
}
