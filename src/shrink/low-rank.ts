import type { Engine, Session } from '../engine/engine.ts';
import { principalComponents } from '../insight/pca.ts';
import type { Model } from '../model/model.ts';
import { f32Weights, valuesOf } from '../model/weights.ts';
import type { WeightTensor } from '../model/weights.ts';
import type { DenseLayer, Layer, Network } from '../network/layer.ts';
import { inferShapes, volume } from '../network/shapes.ts';
import { normal } from '../random/draws.ts';
import { bits, purposes } from '../random/philox.ts';

/**
 * A dense layer as two of a lower rank. Of all pairs of one rank, the one whose outputs on real
 * activations are nearest in the least-squares sense: with Y = W·X for the activations X, it
 * projects on the first components of Y, `W ≈ Bᵀ·(B·W)`, which is the same as whitening W by XᵀX
 * and cutting off its singular values. What the mean of X loses goes into the bias.
 */
export interface Factors {
  readonly layer: string;
  /** `[components, outputs]`, the strongest first. */
  readonly basis: Float32Array;
  /** `[components, inputs]`: basis · weights. */
  readonly projected: Float32Array;
  /** Of the outputs' variance, by component. */
  readonly shares: Float64Array;
  /** The layer's mean outputs before its bias. */
  readonly mean: Float32Array;
}

/** What a dense layer gives on training pictures. */
export interface DenseSamples {
  /** `[count, outputs]`, before the ReLU. */
  readonly outputs: Float32Array;
  /** Mean variance of one input. */
  readonly variance: number;
}

/** Components that are looked for: no layer becomes two of a higher rank. */
const components = 256;
/** Made-up activations in all directions, so that those no picture shows are not forgotten. */
const madeUp = { count: 256, part: 0.02 } as const;
/** Outputs below which two layers are no gain worth having. */
const leastOutputs = 256;

/** Dense layers that may become two. */
export function splittable(network: Network): DenseLayer[] {
  return network.filter(
    (layer): layer is DenseLayer => layer.type === 'dense' && layer.outputs >= leastOutputs,
  );
}

/** What {@link denseSamples} reads. */
export function sampledLayers(network: Network): string[] {
  return splittable(network).flatMap(({ name }) => [nameBefore(network, name), name]);
}

function nameBefore(network: Network, layer: string): string {
  return network[network.findIndex(({ name }) => name === layer) - 1]!.name;
}

/** @param session prepared to keep {@link sampledLayers}. */
export async function denseSamples(
  session: Session,
  batches: AsyncIterable<Float32Array>,
): Promise<Map<string, DenseSamples>> {
  const { network } = session;
  const layers = splittable(network).map(({ name }) => ({
    name,
    rows: [] as Float32Array[],
    squares: 0,
    count: 0,
    sums: undefined as Float64Array | undefined,
  }));
  for await (const images of batches) {
    await session.forward(images);
    for (const layer of layers) {
      layer.rows.push(await session.activation(layer.name));
      const inputs = await session.activation(nameBefore(network, layer.name));
      const size = volume(inferShapes(network).find((s) => s.layer.name === layer.name)!.input);
      layer.sums ??= new Float64Array(size);
      for (const [i, value] of inputs.entries()) {
        layer.sums[i % size]! += value;
        layer.squares += value * value;
      }
      layer.count += inputs.length / size;
    }
  }
  return new Map(
    layers.map(({ name, rows, squares, count, sums }) => {
      const size = sums?.length ?? 1;
      const ofMeans = (sums ?? new Float64Array(1)).reduce(
        (sum, value) => sum + (value / count) ** 2,
        0,
      );
      const variance = Math.max(0, (squares / count - ofMeans) / size);
      return [name, { outputs: joined(rows), variance }] as const;
    }),
  );
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** @param engine multiplies matrices: one is a dense layer, the other its images. */
export async function factorise(
  engine: Engine,
  model: Model,
  layer: string,
  { outputs: given, variance }: DenseSamples,
): Promise<Factors> {
  const weight = valuesOf(model.weights, `${layer}.weight`)!;
  const bias = valuesOf(model.weights, `${layer}.bias`)!;
  const O = bias.length;
  const I = weight.length / O;
  const count = given.length / O;
  const mean = meansOf(given, O).map((value, o) => value - bias[o]!);
  const noise = new Float32Array(madeUp.count * I);
  const deviation = Math.sqrt((madeUp.part * variance * count) / madeUp.count);
  normal(bits({ seed: 0, purpose: purposes.insight, index: 2 }), noise, deviation);
  const rows = joined([centred(given, O), await multiplied(engine, noise, weight, I)]);
  const width = Math.min(components, count, O);
  const found = await principalComponents(rows, O, width, { passes: 2 });
  const basis = Float32Array.from(found.directions);
  return {
    layer,
    basis,
    projected: await multiplied(engine, basis, transposed(weight, O, I), O),
    shares: found.shares,
    mean: Float32Array.from(mean),
  };
}

function meansOf(rows: Float32Array, width: number): Float64Array {
  const sums = new Float64Array(width);
  for (const [i, value] of rows.entries()) sums[i % width]! += value;
  const count = rows.length / width;
  return sums.map((sum) => sum / count);
}

function centred(rows: Float32Array, width: number): Float32Array {
  const means = meansOf(rows, width);
  return rows.map((value, i) => value - means[i % width]!);
}

function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(matrix.length);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) out[c * rows + r] = matrix[r * columns + c]!;
  return out;
}

/** `{n, in} (x) {out, in} -> {n, out}`, by the engine. */
async function multiplied(
  engine: Engine,
  rows: Float32Array,
  weight: Float32Array,
  inputs: number,
): Promise<Float32Array> {
  const outputs = weight.length / inputs;
  const rule = {
    initial: { distribution: 'constant', value: 0 },
    learningRate: 1,
    decay: 1,
  } as const;
  const session = await engine.prepare(
    [
      { type: 'input', name: 'rows', shape: [inputs, 1, 1] },
      { type: 'dense', name: 'product', outputs, parameters: { weight: rule, bias: rule } },
    ],
    { batch: rows.length / inputs, mode: 'inference' },
  );
  try {
    await session.setParameter('product.weight', weight);
    return await session.forward(rows);
  } finally {
    await session.dispose();
  }
}

/** Ranks by layer name; a layer that is not in it stays one. */
export type Ranks = ReadonlyMap<string, number>;

/**
 * The smallest ranks that leave at most this share of each layer's variance behind, in eights.
 * Layers that would not become smaller are left out.
 */
export function ranksFor(model: Model, factors: readonly Factors[], left: number): Ranks {
  const ranks = new Map<string, number>();
  for (const { layer, shares, projected, basis } of factors) {
    const outputs = model.weights.get(`${layer}.bias`)!.data.length;
    const found = basis.length / outputs;
    const inputs = projected.length / found;
    let rest = 1;
    let rank = 0;
    while (rank < found && rest > left) rest -= shares[rank++]!;
    const inEights = Math.ceil(rank / 8) * 8;
    const smaller = inEights * (inputs + outputs) < 0.8 * inputs * outputs;
    if (rest <= left && inEights <= found && smaller) ranks.set(layer, inEights);
  }
  return ranks;
}

/** The name of the first of a layer's two. */
export function innerName(layer: string): string {
  return `${layer}-in`;
}

/** The model with these layers as two each: a plain network. */
export function inLowRank(model: Model, factors: readonly Factors[], ranks: Ranks): Model {
  const weights = new Map<string, WeightTensor>(model.weights);
  const network = model.network.flatMap((layer): Layer[] => {
    const rank = ranks.get(layer.name);
    const own = factors.find((each) => each.layer === layer.name);
    if (rank === undefined || own === undefined || layer.type !== 'dense') return [layer];
    for (const [name, tensor] of f32Weights(halvesOf(model, own, rank))) weights.set(name, tensor);
    return [{ ...layer, name: innerName(layer.name), outputs: rank }, layer];
  });
  return { ...model, network, weights };
}

function* halvesOf(
  { weights }: Model,
  { layer, basis, projected, mean }: Factors,
  rank: number,
): Generator<readonly [string, Float32Array]> {
  const bias = valuesOf(weights, `${layer}.bias`)!;
  const O = bias.length;
  const I = projected.length / (basis.length / O);
  yield [`${innerName(layer)}.weight`, projected.slice(0, rank * I)];
  yield [`${innerName(layer)}.bias`, new Float32Array(rank)];
  yield [`${layer}.weight`, transposed(basis.subarray(0, rank * O), rank, O)];
  const kept = new Float64Array(O);
  for (let k = 0; k < rank; k++) {
    let along = 0;
    for (let o = 0; o < O; o++) along += basis[k * O + o]! * mean[o]!;
    for (let o = 0; o < O; o++) kept[o]! += along * basis[k * O + o]!;
  }
  yield [`${layer}.bias`, bias.map((value, o) => value + mean[o]! - kept[o]!)];
}
