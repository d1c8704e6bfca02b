import type { Engine, Session } from '../../engine/engine.ts';
import { cutNetwork, networkPart } from '../../network/parts.ts';
import type { NetworkPart } from '../../network/parts.ts';
import type { Layer, Network } from '../../network/layer.ts';
import { inferShapes, volume } from '../../network/shapes.ts';
import { keepMask } from '../../random/draws.ts';
import { bits, purposes } from '../../random/philox.ts';
import { randomNumbers, testImages, testLabels, testParameters } from '../data.ts';
import { narrowVariants, oddNetwork } from '../networks.ts';
import {
  allParameters,
  batch,
  draw,
  equal,
  near,
  refused,
  toleranceOf,
  withSession,
} from './tools.ts';
import type { ContractCase } from './tools.ts';

/** A network need not start with pixels nor end with a softmax (`engine.ts`, rule 8). */
export const partCases: readonly ContractCase[] = [
  { name: 'a network in two parts gives the outputs and gradients of the whole', run: twoParts },
  {
    name: 'a network in three parts gives the outputs and gradients of the whole',
    run: threeParts,
  },
  { name: "a part's dropout masks are those of the whole", run: masks },
  { name: 'micro-batches through parts add up to the batch', run: microBatches },
  { name: 'a part with frozen layers hands gradients through them', run: frozenPart },
  { name: 'what a part cannot do is refused', run: refusals },
];

async function twoParts(engine: Engine): Promise<void> {
  await sameAsWhole(engine, narrowVariants.paper, ['conv1']);
  await sameAsWhole(engine, narrowVariants.paper, ['pool5']);
  await sameAsWhole(engine, narrowVariants.small, ['fc8']);
  await sameAsWhole(engine, narrowVariants.torchvision, ['drop6']);
  await sameAsWhole(engine, oddNetwork, ['lrn2']);
}

async function threeParts(engine: Engine): Promise<void> {
  await sameAsWhole(engine, narrowVariants.paper, ['pool2', 'drop6']);
  await sameAsWhole(engine, narrowVariants.source, ['relu1', 'fc7']);
  await sameAsWhole(engine, oddNetwork, ['pool1', 'pool3']);
  await sameAsWhole(engine, oddNetwork, ['relu2', 'relu4']);
}

async function sameAsWhole(
  engine: Engine,
  network: Network,
  after: readonly string[],
): Promise<void> {
  const within = toleranceOf(engine).parts;
  const images = testImages(network, batch, 210);
  const labels = testLabels(network, batch, 210);
  const where = `with cuts after ${after.join(' and ')}`;
  await withSession(engine, network, { mode: 'training', keep: ['input'] }, (whole) =>
    withChain(engine, network, cutNetwork(network, after), async (chain) => {
      near(
        await forward(chain, images),
        await whole.forward(images),
        `probabilities ${where}`,
        within,
      );
      const options = { draw, labelSmoothing: 0.1, toInput: true };
      const expected = await whole.gradients(images, labels, options);
      const { loss } = await gradients(chain, images, labels, options);
      near([loss], [expected.loss], `loss ${where}`, within);
      for (const session of chain) {
        for (const [name, gradient] of await allParameters(session, 'gradient'))
          near(
            gradient,
            await whole.getParameter(name, 'gradient'),
            `gradient of ${name} ${where}`,
            within,
          );
      }
      near(
        await chain[0]!.activationGradient('input'),
        await whole.activationGradient('input'),
        `gradient of the images ${where}`,
        within,
      );
    }),
  );
}

/** A dropout layer alone shows its mask, which is drawn here a second time from its address. */
async function masks(engine: Engine): Promise<void> {
  const network = narrowVariants.paper;
  const part = networkPart(network, 'drop7', 'drop7');
  const features = volume(inferShapes(part.network).at(-1)!.output);
  const mask = new Uint8Array(batch * features);
  const address = { seed: draw.seed, purpose: purposes.dropout, index: 1, stream: draw.step };
  keepMask(bits(address), mask, 0.5, 5 * features);
  await withPart(engine, network, part, async (session) => {
    const ones = new Float32Array(batch * features).fill(1);
    equal(await session.forward(ones, { draw: { ...draw, firstImage: 5 } }), mask, 'mask');
    const gradient = randomNumbers(batch * features, 1, 211);
    await session.backward('drop7', gradient);
    const expected = gradient.map((g, i) => (mask[i] === 1 ? g : 0));
    near(await session.activationGradient('input'), expected, 'masked gradient', 0);
    equal(await session.forward(ones), new Float32Array(ones.length).fill(0.5), 'at test time');
  });
}

async function microBatches(engine: Engine): Promise<void> {
  const network = narrowVariants.torchvision;
  const images = testImages(network, batch, 220);
  const labels = testLabels(network, batch, 220);
  const size = images.length / batch;
  await withSession(engine, network, { mode: 'training' }, (whole) =>
    withChain(engine, network, cutNetwork(network, ['pool5']), async (chain) => {
      await whole.gradients(images, labels, { draw });
      for (const [from, to] of [
        [0, 2],
        [2, 3],
      ] as const) {
        await gradients(chain, images.subarray(from * size, to * size), labels.subarray(from, to), {
          draw: { ...draw, firstImage: from },
          divisor: batch,
          accumulate: from > 0,
        });
      }
      for (const session of chain) {
        for (const [name, gradient] of await allParameters(session, 'gradient'))
          near(
            gradient,
            await whole.getParameter(name, 'gradient'),
            `gradient of ${name}`,
            toleranceOf(engine).pass,
          );
      }
    }),
  );
}

async function frozenPart(engine: Engine): Promise<void> {
  const network = narrowVariants.paper;
  const part = networkPart(network, 'conv3', 'relu4');
  const images = testImages(part.network, batch, 230);
  const size = volume(inferShapes(part.network).at(-1)!.output);
  const gradient = randomNumbers(batch * size, 1, 231);
  const options = { parameters: true, toInput: true };
  await withPart(engine, network, part, (free) =>
    withPart(
      engine,
      network,
      part,
      async (frozen) => {
        for (const session of [free, frozen]) {
          await session.forward(images);
          await session.backward('relu4', gradient, options);
        }
        equal(
          await frozen.activationGradient('input'),
          await free.activationGradient('input'),
          'gradient of the input',
        );
        equal(
          await frozen.getParameter('conv4.weight', 'gradient'),
          await free.getParameter('conv4.weight', 'gradient'),
          'gradient of what is not frozen',
        );
      },
      ['conv3'],
    ),
  );
}

async function refusals(engine: Engine): Promise<void> {
  const network = narrowVariants.paper;
  const part = networkPart(network, 'fc6', 'relu7');
  const images = testImages(part.network, 1, 240);
  await withPart(engine, network, part, async (session) => {
    await refused(
      () => session.gradients(images, [1]),
      'gradients() needs a network that ends with a softmax, but this one ends with "relu7": ' +
        'call forward(), then backward("relu7", gradient, { parameters: true }) with the ' +
        'gradient of its output.',
    );
    const output = await session.forward(images);
    await refused(
      () => session.backward('fc7', output, { parameters: true }),
      'backward() with parameters starts at "relu7", so that no layer is left out, but found ' +
        '"fc7".',
    );
    await session.backward('relu7', output, { parameters: true });
    await refused(
      () => session.activationGradient('input'),
      'The last backward pass went from "relu7" to "fc6" and did not pass "input". ' +
        'Use backward() from a layer at or above it.',
    );
  });
  await withSession(engine, part.network, { mode: 'inspection' }, async (session) => {
    await refused(
      () => session.forward(images, { draw }),
      "forward() with a draw needs a session prepared with mode 'training', but this one was " +
        "prepared with 'inspection'.",
    );
    const output = await session.forward(images);
    await refused(
      () => session.backward('relu7', output, { parameters: true }),
      "backward() with parameters needs a session prepared with mode 'training', but this one " +
        "was prepared with 'inspection'.",
    );
  });
  const options = { mode: 'inference', batch: 1 } as const;
  await refused(
    () => engine.prepare(part.network, { ...options, dropoutBefore: -1 }),
    'Expected dropoutBefore to be a whole number not below zero but found -1.',
  );
  await refused(
    () => engine.prepare(network.slice(0, 1), options),
    'Expected a network with layers after its input "input" but found none.',
  );
  const twice: Layer[] = [...network, { type: 'relu', name: 'last' }];
  await refused(
    () => engine.prepare(twice, options),
    'Layer "softmax" is a softmax, which only the last layer can be; it is layer 23 of 25.',
  );
}

/** Prepares one part with the parameters of the whole, and its input kept. */
async function withPart<T>(
  engine: Engine,
  network: Network,
  { network: layers, dropoutBefore }: NetworkPart,
  use: (session: Session) => Promise<T>,
  frozen: readonly string[] = [],
): Promise<T> {
  const options = { mode: 'training', keep: ['input'], dropoutBefore, frozen } as const;
  return withSession(engine, layers, options, async (session) => {
    const values = testParameters(network, 1);
    for (const { name } of session.parameters) await session.setParameter(name, values.get(name)!);
    return use(session);
  });
}

async function withChain(
  engine: Engine,
  network: Network,
  parts: readonly NetworkPart[],
  use: (chain: readonly Session[]) => Promise<void>,
  before: readonly Session[] = [],
): Promise<void> {
  const [first, ...others] = parts;
  if (first === undefined) return use(before);
  await withPart(engine, network, first, (session) =>
    withChain(engine, network, others, use, [...before, session]),
  );
}

async function forward(
  chain: readonly Session[],
  images: Float32Array,
  options?: Parameters<Session['forward']>[1],
): Promise<Float32Array> {
  let values = images;
  for (const session of chain) values = await session.forward(values, options);
  return values;
}

/** As `Session.gradients`, over a chain of parts. */
async function gradients(
  chain: readonly Session[],
  images: Float32Array,
  labels: ArrayLike<number>,
  options: Parameters<Session['gradients']>[2] & {},
): ReturnType<Session['gradients']> {
  const last = chain.at(-1)!;
  const { draw: masksFrom, accumulate = false } = options;
  const below = chain.slice(0, -1);
  const values = await forward(below, images, masksFrom && { draw: masksFrom });
  const result = await last.gradients(values, labels, { ...options, toInput: true });
  let gradient = await last.activationGradient('input');
  for (const session of below.toReversed()) {
    const top = session.network.at(-1)!.name;
    await session.backward(top, gradient, { parameters: true, accumulate, toInput: true });
    gradient = await session.activationGradient('input');
  }
  return result;
}
