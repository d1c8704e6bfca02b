import type { Availability, Engine, Session } from '../../engine/engine.ts';
import { referenceEngine } from '../../engine/reference/index.ts';
import { hasParameters } from '../../network/layer.ts';
import type { Network } from '../../network/layer.ts';
import { edgesOf, halfEven, maximumBias } from '../../network/quantisation.ts';
import type { Edge, Integers } from '../../network/quantisation.ts';
import { inferShapes } from '../../network/shapes.ts';
import { testImages, testParameters } from '../data.ts';
import { blockedNetwork, narrowVariants, oddNetwork, rules, tanhNetwork } from '../networks.ts';
import { quantisedTest } from '../quantised.ts';
import type { QuantisedTest } from '../quantised.ts';
import { batch, check, equal, near, refused, toleranceOf } from './tools.ts';
import type { ContractCase } from './tools.ts';

/** Others of the variants differ in nothing that integers see. */
const { paper, source, caffenet, torchvision, small } = narrowVariants;
const networks: Readonly<Record<string, Network>> = {
  paper,
  source,
  caffenet,
  torchvision,
  small,
  odd: oddNetwork,
  blocked: blockedNetwork,
  tanh: tanhNetwork,
};

/** Of the integers behind an LRN or another layer in floating point: how many may be off by one. */
const mayDiffer = 0.001;

/** What every engine that computes quantised networks must do: rule 10 of the contract. */
export const integerCases: readonly ContractCase[] = [
  ...Object.entries(networks).flatMap(([name, network]) => [
    {
      name: `integers are the reference's in every layer of ${name}`,
      skip: skipped,
      run: (engine: Engine) => sameIntegers(engine, network, []),
    },
    {
      name: `integers and f32 take turns in ${name}`,
      skip: skipped,
      run: (engine: Engine) => sameIntegers(engine, network, everyOther(network)),
    },
    {
      name: `a quantised inference without keep gives what it gives with all kept, on ${name}`,
      skip: skipped,
      run: (engine: Engine) => sameWithoutKeep(engine, network),
    },
  ]),
  { name: 'the largest sums of int8 layers are exact', skip: skipped, run: largestSums },
  { name: 'images beyond the grid are cut off, NaN is zero', skip: skipped, run: beyond },
  { name: 'mistakes about integers are refused in words', skip: skipped, run: mistakes },
  {
    name: 'a quantised network is refused in words where it cannot be computed',
    run: refusedModes,
  },
];

function skipped(_engine: Engine, { integers }: Availability): string | undefined {
  return integers === true ? undefined : 'does not compute quantised networks here';
}

function everyOther(network: Network): string[] {
  const names = network.filter(hasParameters).map(({ name }) => name);
  return names.filter((_, i) => i % 2 === 1);
}

async function withQuantised<T>(
  engine: Engine,
  network: Network,
  { quantisation, integers }: QuantisedTest,
  keep: 'all' | readonly string[],
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await engine.prepare(network, { batch, mode: 'inference', keep, quantisation });
  try {
    for (const [name, values] of testParameters(network, 1)) {
      const layer = name.slice(0, name.indexOf('.'));
      const own = integers.get(layer);
      if (own === undefined) await session.setParameter(name, values);
      else if (name.endsWith('.weight')) await session.setIntegers(layer, own);
    }
    return await use(session);
  } finally {
    await session.dispose();
  }
}

/**
 * Layer by layer, each fed what this engine itself made of the layer before it: the reference
 * computes that one layer from it. Integers must be the same, but behind a layer in floating point.
 */
async function sameIntegers(
  engine: Engine,
  network: Network,
  leftOut: readonly string[],
): Promise<void> {
  const quantised = await quantisedTest(network, leftOut);
  const shapes = inferShapes(network);
  const edges = edgesOf(shapes, quantised.quantisation);
  const within = toleranceOf(engine).pass;
  await withQuantised(engine, network, quantised, 'all', async (ours) => {
    for (const count of [batch, 1]) {
      const images = testImages(network, count, 30 + count);
      await ours.forward(images);
      sameOnGrid(await ours.activation(network[0]!.name), images, edges[0]!, 'images', 0);
      for (let index = 1; index < shapes.length; index++) {
        const { layer } = shapes[index]!;
        const given = await ours.activation(network[index - 1]!.name);
        const found = await ours.activation(layer.name);
        const expected = await oneLayer(network, index, quantised, given);
        const what = `${layer.name} with ${count} images`;
        const between = [edges[index - 1], edges[index]];
        const exact = quantised.integers.has(layer.name) || !between.includes('f32');
        if (edges[index] === 'f32') near(found, expected, what, within);
        else sameOnGrid(found, expected, edges[index]!, what, exact ? 0 : mayDiffer);
      }
    }
  });
}

/** What the reference makes of one layer's input, as numbers. */
async function oneLayer(
  network: Network,
  index: number,
  { quantisation, integers }: QuantisedTest,
  given: Float32Array,
): Promise<Float32Array> {
  const shapes = inferShapes(network);
  const { layer, input } = shapes[index]!;
  const edge = edgesOf(shapes, quantisation)[index]!;
  const own = integers.get(layer.name);
  const record = own && {
    [layer.name]: { ...quantisation[layer.name]!, ...(edge !== 'f32' && { output: edge }) },
  };
  const session = await referenceEngine.prepare(
    [{ type: 'input', name: 'given', shape: input }, layer],
    { batch, mode: 'inference', keep: 'all', ...(record && { quantisation: record }) },
  );
  try {
    if (own !== undefined) await session.setIntegers(layer.name, own);
    else
      for (const { name } of session.parameters)
        await session.setParameter(name, testParameters(network, 1).get(name)!);
    return await session.forward(given);
  } finally {
    await session.dispose();
  }
}

/** Compares integers; `part` of them may be off by one. */
function sameOnGrid(
  found: Float32Array,
  expected: Float32Array,
  edge: Edge,
  what: string,
  part: number,
): void {
  if (edge === 'f32') throw new Error(`${what} lies on no grid.`);
  const scale = Math.fround(edge.scale);
  const place = (x: number): number =>
    Math.max(-edge.zeroPoint, Math.min(255 - edge.zeroPoint, halfEven(Math.fround(x / scale))));
  let apart = 0;
  for (const [i, x] of expected.entries()) {
    const by = Math.abs(place(x) - found[i]! / scale);
    check(by < 1.01, () => `${what}: number ${i} is ${found[i]! / scale}, not ${place(x)}`);
    if (by > 0.01) apart++;
  }
  check(found.length === expected.length, `${what}: expected ${expected.length} numbers`);
  check(
    apart <= Math.max(Math.sign(part), part * expected.length),
    `${what}: ${apart} of ${found.length} integers differ`,
  );
  const kinds = new Set(expected.map(place)).size;
  check(kinds > 3 || found.length < 9, `${what}: a test with ${kinds} different integers`);
}

async function sameWithoutKeep(engine: Engine, network: Network): Promise<void> {
  const quantised = await quantisedTest(network, everyOther(network).slice(1));
  const images = testImages(network, batch, 33);
  const answer = (session: Session): Promise<Float32Array> => session.forward(images);
  const kept = await withQuantised(engine, network, quantised, 'all', answer);
  equal(await withQuantised(engine, network, quantised, [], answer), kept, 'probabilities');
}

/** A dense layer whose products are all as large as they can be. */
async function largestSums(engine: Engine): Promise<void> {
  const inputs = 9216;
  const network: Network = [
    { type: 'input', name: 'input', shape: [inputs, 1, 1] },
    { type: 'dense', name: 'fc', outputs: 9, parameters: rules },
  ];
  const bias = maximumBias(inputs);
  const integers: Integers = {
    weight: Int8Array.from({ length: 9 * inputs }, (_, i) =>
      i % (2 * inputs) < inputs ? 127 : -127,
    ),
    scales: new Float32Array(9).fill(1),
    bias: Int32Array.from({ length: 9 }, (_, o) => (o % 2 === 0 ? bias : -bias)),
  };
  const session = await engine.prepare(network, {
    batch: 2,
    mode: 'inference',
    quantisation: { fc: { compute: 'int8', input: { scale: 1, zeroPoint: 0 } } },
  });
  await session.setIntegers('fc', integers);
  for (const count of [1, 2]) {
    const out = await session.forward(new Float32Array(count * inputs).fill(255));
    const largest = Math.fround(2 ** 31 - 1);
    equal(
      out,
      Array.from({ length: 9 * count }, (_, i) => ((i % 9) % 2 === 0 ? largest : -largest)),
      'sums',
    );
  }
  await session.dispose();
}

/** On a grid of 1 around 100, halves go to the even integer. */
async function beyond(engine: Engine): Promise<void> {
  const network: Network = [
    { type: 'input', name: 'input', shape: [12, 1, 1] },
    { type: 'dense', name: 'fc', outputs: 1, parameters: rules },
  ];
  const session = await engine.prepare(network, {
    batch: 1,
    mode: 'inference',
    keep: 'all',
    quantisation: { fc: { compute: 'int8', input: { scale: 1, zeroPoint: 100 } } },
  });
  await session.setIntegers('fc', {
    weight: new Int8Array(12).fill(1),
    scales: Float32Array.of(1),
    bias: Int32Array.of(0),
  });
  const given = [0.5, 1.5, 2.5, -0.5, -1.5, 154.5, 155.5, 1e30, -1e30, Infinity, -100.6, NaN];
  await session.forward(Float32Array.from(given));
  const found = (await session.activation('input')).map((x) => x + 0);
  equal(found, [0, 2, 2, 0, -2, 154, 155, 155, -100, 155, -100, 0], 'integers');
  await session.dispose();
}

async function mistakes(engine: Engine): Promise<void> {
  const network = narrowVariants.small;
  const { quantisation, integers } = await quantisedTest(network, ['conv2']);
  const session = await engine.prepare(network, { batch, mode: 'inference', quantisation });
  const conv1 = integers.get('conv1')!;
  await refused(
    () => session.setIntegers('conv2', conv1),
    'Layer "conv2" is not computed in int8: set its parameters in f32.',
  );
  const { size, shape } = session.parameters[0]!;
  const outputs = shape[0]!;
  await refused(
    () => session.setIntegers('conv1', { ...conv1, scales: Float32Array.of(1) }),
    `Expected ${shape.join('×')} = ${size} weights, ${outputs} scales and ${outputs} biases for ` +
      `the int8 layer "conv1" but found ${size}, 1 and ${outputs}.`,
  );
  await refused(
    () => session.setIntegers('conv1', { ...conv1, scales: conv1.scales.map(() => NaN) }),
    'Expected the scales of the int8 layer "conv1" from 1e-12 to 1000000000000 but found NaN.',
  );
  const held =
    'Parameter "conv1.weight" is held in whole numbers: set it with setIntegers("conv1", …), and ' +
    'read it from the model.';
  await refused(() => session.getParameter('conv1.weight'), held);
  await refused(() => session.setParameter('conv1.weight', new Float32Array(size)), held);
  await session.dispose();
}

async function refusedModes(engine: Engine): Promise<void> {
  const network = narrowVariants.small;
  const { quantisation } = await quantisedTest(network);
  for (const mode of ['training', 'inspection'] as const)
    await refused(
      () => engine.prepare(network, { batch, mode, quantisation }),
      `The layer "conv1" is computed in int8, which is for inference only, but mode '${mode}' ` +
        'was asked for. Prepare the network without its quantisation, with its weights as f32.',
    );
  if ((await engine.probe()).integers === true) return;
  const refusal = await engine
    .prepare(network, { batch, mode: 'inference', quantisation })
    .then(() => 'prepared', String);
  check(
    refusal.includes(`is computed in int8, which the ${engine.name} engine does not do`),
    `The ${engine.name} engine says: ${refusal}`,
  );
}
