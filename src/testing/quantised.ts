import { referenceEngine } from '../engine/reference/index.ts';
import type { Network } from '../network/layer.ts';
import { hasParameters } from '../network/layer.ts';
import { passesIntegers } from '../network/quantisation.ts';
import type { Grid, Integers, LayerQuantisation, Quantisation } from '../network/quantisation.ts';
import { inferShapes } from '../network/shapes.ts';
import { testImages, testParameters } from './data.ts';

/** A quantised network for tests: the record, and what its int8 layers are given. */
export interface QuantisedTest {
  readonly quantisation: Quantisation;
  readonly integers: ReadonlyMap<string, Integers>;
}

const most = 127;

/**
 * A record for every layer with parameters but those left out, with grids a little narrower than
 * what its activations are, so that some are cut off, and the test's parameters rounded.
 */
export async function quantisedTest(
  network: Network,
  leftOut: readonly string[] = [],
): Promise<QuantisedTest> {
  const shapes = inferShapes(network);
  const parameters = testParameters(network, 1);
  const ranges = await rangesOf(network, parameters);
  const quantisation: Record<string, LayerQuantisation> = {};
  const integers = new Map<string, Integers>();
  for (const [index, { layer }] of shapes.entries()) {
    if (!hasParameters(layer) || leftOut.includes(layer.name)) continue;
    const input = ranges[index - 1]!;
    const behind = shapes.slice(index + 1);
    const reader = behind.find((shape) => !passesIntegers(shape));
    const floating =
      reader === undefined || !hasParameters(reader.layer) || leftOut.includes(reader.layer.name);
    const rounded = floating && reader?.layer.type !== 'softmax' && index % 4 !== 2;
    const output = ranges[behind[0]?.layer.type === 'relu' ? index + 1 : index]!;
    quantisation[layer.name] = { compute: 'int8', input, ...(rounded && { output }) };
    const weight = parameters.get(`${layer.name}.weight`)!;
    const bias = parameters.get(`${layer.name}.bias`)!;
    integers.set(layer.name, round(weight, bias, input.scale));
  }
  return { quantisation, integers };
}

/** By layer index: a grid for what it gives. */
async function rangesOf(
  network: Network,
  parameters: ReadonlyMap<string, Float32Array>,
): Promise<Grid[]> {
  const session = await referenceEngine.prepare(network, {
    batch: 2,
    mode: 'inference',
    keep: 'all',
  });
  for (const [name, values] of parameters) await session.setParameter(name, values);
  await session.forward(testImages(network, 2, 77));
  const grids: Grid[] = [];
  for (const { name } of network) {
    const values = await session.activation(name);
    const low = 0.8 * values.reduce((a, b) => Math.min(a, b), 0);
    const high = 0.8 * values.reduce((a, b) => Math.max(a, b), 0.01);
    const scale = (high - low) / 255;
    grids.push({ scale, zeroPoint: Math.round(-low / scale) });
  }
  await session.dispose();
  return grids;
}

function round(weight: Float32Array, bias: Float32Array, inputScale: number): Integers {
  const size = weight.length / bias.length;
  const scales = Float32Array.from(bias, (_, o) => {
    const kernel = weight.subarray(o * size, (o + 1) * size);
    return kernel.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-9) / most;
  });
  return {
    scales,
    weight: Int8Array.from(weight, (value, i) => Math.round(value / scales[Math.floor(i / size)]!)),
    bias: Int32Array.from(bias, (value, o) => Math.round(value / (scales[o]! * inputScale))),
  };
}
