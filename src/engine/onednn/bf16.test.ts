import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { AlexNetError } from '../../errors.ts';
import { readSafetensors } from '../../formats/safetensors.ts';
import { bytesSource } from '../../formats/source.ts';
import type { Layer, Network } from '../../network/layer.ts';
import { cutNetwork } from '../../network/parts.ts';
import { alexnet, parseVariant } from '../../network/variants.ts';
import { contractCases } from '../../testing/contract.ts';
import { testImages, testLabels, testParameters } from '../../testing/data.ts';
import {
  blockedNetwork,
  narrowVariants,
  oddNetwork,
  paddedNetwork,
  tanhNetwork,
  testNetworks,
} from '../../testing/networks.ts';
import type { Engine, PrepareOptions, Session } from '../engine.ts';
import { referenceEngine } from '../reference/index.ts';
import { onednnEngine } from './index.ts';
import { loadAddon } from './node/native.ts';

// A CPU without bf16 runs these too, slowly: scripts/check-onednn-bf16.sh.
const addon = loadAddon();
const missing = typeof addon === 'string' ? addon : false;
const supported = typeof addon !== 'string' && addon.cpu().bf16;
const unsupported =
  'this CPU has no bf16 arithmetic for oneDNN; ' +
  'scripts/check-onednn-bf16.sh runs these tests with its portable code';
const skip = missing || (supported ? false : unsupported);
const engine: Engine = {
  ...onednnEngine,
  prepare: (network, options) => onednnEngine.prepare(network, { ...options, precision: 'bf16' }),
};
const draw = { seed: 3, step: 1 };

test(
  'bf16 is refused where the CPU has none',
  { skip: missing || (supported ? 'this CPU has bf16' : false) },
  async () => {
    assert.ok(typeof addon !== 'string');
    await assert.rejects(
      engine.prepare(narrowVariants.paper, { mode: 'training', batch: 4 }),
      new AlexNetError(
        `This CPU (${addon.cpu().features}) has no bf16 arithmetic that oneDNN ` +
          `${addon.version()} could use. Use precision 'f32'.`,
      ),
    );
  },
);

for (const [name, network] of Object.entries({
  ...testNetworks,
  blocked: blockedNetwork,
  padded: paddedNetwork,
  tanh: tanhNetwork,
})) {
  test(
    `bf16: the activations of ${name} stay within 2.5 % of the reference's`,
    { skip },
    async () => {
      const [ours, truth] = await both(
        network,
        { mode: 'training', keep: 'all' },
        async (session) => {
          await session.gradients(testImages(network, 3, 20), testLabels(network, 3, 20), { draw });
          return Promise.all(
            network.map(async (layer): Promise<[string, Float32Array]> => [
              layer.name,
              await session.activation(layer.name),
            ]),
          );
        },
      );
      for (const [i, [layer, values]] of ours.entries()) near(layer, values, truth[i]![1], 0.025);
    },
  );
}

/**
 * Without maxima and ReLUs rounding cannot send a gradient another way, so that it must come close
 * everywhere.
 */
function smooth(network: Network): Network {
  return network
    .filter(({ type }) => type !== 'relu')
    .map((layer): Layer => (layer.type === 'maxPool' ? { ...layer, type: 'averagePool' } : layer));
}

// Near 1 the slope of tanh, 1 − y², is what bf16 cuts off y.
for (const [name, network, within] of [
  ['odd', smooth(oddNetwork), 0.025],
  ['blocked', smooth(blockedNetwork), 0.025],
  ['padded', smooth(paddedNetwork), 0.025],
  ['tanh', smooth(tanhNetwork), 0.06],
] as const) {
  test(
    `bf16: the gradients of ${name} without kinks stay within ${100 * within} % of the reference's`,
    { skip },
    async () => {
      const [ours, truth] = await both(network, { mode: 'training' }, async (session) => {
        await session.gradients(testImages(network, 3, 20), testLabels(network, 3, 20), { draw });
        return parameters(session, 'gradient');
      });
      for (const [name, gradient] of ours) near(name, gradient, truth.get(name)!, within);
    },
  );
}

test('bf16: parts give the gradients of the whole', { skip }, async () => {
  const network = smooth(oddNetwork);
  const [images, labels] = [testImages(network, 3, 20), testLabels(network, 3, 20)];
  const whole = await prepared(engine, network, { mode: 'training' }, async (session) => {
    await session.gradients(images, labels, { draw });
    return parameters(session, 'gradient');
  });
  const parts = cutNetwork(network, ['lrn1', 'fc4']);
  const sessions = await Promise.all(
    parts.map((part) =>
      engine.prepare(part.network, {
        mode: 'training',
        batch: 3,
        keep: ['input'],
        dropoutBefore: part.dropoutBefore,
      }),
    ),
  );
  const given = testParameters(network, 1);
  for (const session of sessions)
    for (const { name } of session.parameters) await session.setParameter(name, given.get(name)!);
  const [first, second, last] = sessions;
  assert.ok(first !== undefined && second !== undefined && last !== undefined);
  const between = await second.forward(await first.forward(images, { draw }), { draw });
  await last.gradients(between, labels, { draw, toInput: true });
  const pass = { parameters: true, toInput: true };
  await second.backward('fc4', await last.activationGradient('input'), pass);
  await first.backward('lrn1', await second.activationGradient('input'), pass);
  for (const session of sessions) {
    for (const [name, gradient] of await parameters(session, 'gradient'))
      near(name, gradient, whole.get(name)!, onednnEngine.tolerances.bf16!.parts);
    await session.dispose();
  }
});

/**
 * Where channels fill oneDNN's blocks it chooses other code. Dense layers are cut: they would only
 * take time.
 */
const wide: Network = smooth(alexnet('paper', { input: 67, classes: 7 })).map((layer) =>
  layer.type === 'dense' && layer.outputs > 512 ? { ...layer, outputs: 512 } : layer,
);
const slow =
  process.env['ALEXNET_ONEDNN_REFERENCE'] !== undefined && 'portable code takes minutes for this';

test(
  "bf16: activations and gradients of full width without kinks stay within 2.5 % of f32's",
  { skip: skip || slow },
  async () => {
    const passed = async (on: Engine): Promise<Map<string, Float32Array>> =>
      prepared(on, wide, { mode: 'training', keep: 'all' }, async (session) => {
        await session.gradients(testImages(wide, 3, 20), testLabels(wide, 3, 20), { draw });
        const found = await parameters(session, 'gradient');
        for (const { name } of wide) found.set(name, await session.activation(name));
        return found;
      });
    const truth = await passed(onednnEngine);
    for (const [name, values] of await passed(engine)) near(name, values, truth.get(name)!, 0.025);
  },
);

for (const variant of Object.keys(narrowVariants)) {
  for (const kind of ['plain', 'dropout'] as const) {
    test(
      `bf16: ten losses of ${variant}, ${kind}, stay within 2 % of PyTorch's`,
      { skip },
      async () => {
        const { tensors, metadata } = await readSafetensors(
          bytesSource(
            await readFile(
              new URL(`../../../src/testing/goldens/${variant}.safetensors`, import.meta.url),
            ),
          ),
        );
        const [width, input, classes, batch, rate] = [
          'width',
          'input',
          'classes',
          'count',
          'learningRate',
        ].map((name) => Number(metadata.get(name))) as [number, number, number, number, number];
        const network = alexnet(parseVariant(variant), { width, input, classes });
        const expected = await tensors.get(`losses.${kind}`)!.read();
        await prepared(engine, network, { mode: 'training', batch }, async (session) => {
          for (const [step, truth] of expected.entries()) {
            const seed = 30 + (step % 2);
            const options = {
              learningRate: step < 5 ? rate : rate / 10,
              momentum: 0.9,
              weightDecay: 0.0005,
              ...(kind === 'dropout' ? { draw: { seed: 3, step } } : {}),
            };
            const { loss } = await session.step(
              testImages(network, batch, seed),
              testLabels(network, batch, seed),
              options,
            );
            assert.ok(
              Math.abs(loss / truth - 1) <= 0.02,
              `step ${step}: ${loss} in bf16, ${truth} in PyTorch`,
            );
          }
        });
      },
    );
  }
}

test(
  'bf16: weights, gradients and the update are f32: what bf16 could not hold adds up',
  { skip },
  async () => {
    const network = narrowVariants.paper;
    await prepared(engine, network, { mode: 'training' }, async (session) => {
      await session.gradients(testImages(network, 3, 1), testLabels(network, 3, 1));
      const [before, gradients] = [
        await parameters(session, 'value'),
        await parameters(session, 'gradient'),
      ];
      // Two changes of less than half of what bf16 tells apart.
      const rate = 1e-5;
      for (let i = 0; i < 2; i++)
        await session.update({ learningRate: rate, momentum: 0, weightDecay: 0 });
      for (const [name, values] of await parameters(session, 'value')) {
        const [start, gradient] = [before.get(name)!, gradients.get(name)!];
        near(
          name,
          values,
          start.map((value, i) =>
            Math.fround(Math.fround(value - rate * gradient[i]!) - rate * gradient[i]!),
          ),
          2e-7,
        );
        if (name.endsWith('.weight'))
          assert.ok(
            values.some(
              (value, i) => value !== start[i] && Math.abs(value / start[i]! - 1) < 2 ** -9,
            ),
            `${name} did not change`,
          );
      }
    });
  },
);

test('bf16: gradients of micro-batches add up to those of the batch', { skip }, async () => {
  const network = narrowVariants.source;
  const [images, labels] = [testImages(network, 4, 70), testLabels(network, 4, 70)];
  await prepared(engine, network, { mode: 'training', batch: 4 }, async (session) => {
    await session.gradients(images, labels, { draw });
    const whole = await parameters(session, 'gradient');
    for (const first of [0, 2]) {
      const size = images.length / 4;
      await session.gradients(
        images.subarray(first * size, (first + 2) * size),
        labels.subarray(first, first + 2),
        { draw: { ...draw, firstImage: first }, divisor: 4, accumulate: first > 0 },
      );
    }
    for (const [name, gradient] of await parameters(session, 'gradient'))
      near(name, gradient, whole.get(name)!, 0.01);
  });
});

test(
  'bf16: a few images through weights in plain rows give the probabilities of f32',
  { skip },
  async () => {
    const network = narrowVariants.paper;
    const [ours, truth] = await both(network, { mode: 'inference', batch: 2 }, async (session) =>
      session.forward(testImages(network, 2, 3)),
    );
    near('probabilities', ours, truth, 0.01);
  },
);

/** What the contract says in whole bits or whole numbers holds at any precision. */
const exact = [
  'a session restored from values and velocities goes on bit for bit',
  'the same call twice gives the same bits',
  'what is returned is a fresh copy',
  'setParameter and getParameter keep every bit',
  'a max-pool sends its gradient to the first of equal numbers',
  'NaN is not hidden',
  'correct counts hits among one and among five',
  'mistakes are refused with what was expected and found, and leave the session usable',
  'prepare refuses what it cannot plan',
  'a disposed session refuses calls and can be disposed again',
];
for (const name of exact) {
  test(`bf16: ${name}`, { skip }, async () => {
    const found = contractCases.find((each) => each.name === name);
    assert.ok(found !== undefined, `the contract has no case "${name}"`);
    await found.run(engine);
  });
}

type Options = Omit<PrepareOptions, 'batch'> & { readonly batch?: number };

async function prepared<T>(
  on: Engine,
  network: Network,
  options: Options,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await on.prepare(network, { batch: 3, ...options });
  try {
    for (const [name, values] of testParameters(network, 1))
      await session.setParameter(name, values);
    return await use(session);
  } finally {
    await session.dispose();
  }
}

async function both<T>(
  network: Network,
  options: Options,
  use: (session: Session) => Promise<T>,
): Promise<[T, T]> {
  return [
    await prepared(engine, network, options, use),
    await prepared(referenceEngine, network, options, use),
  ];
}

async function parameters(
  session: Session,
  part: 'value' | 'gradient',
): Promise<Map<string, Float32Array>> {
  const values = new Map<string, Float32Array>();
  for (const { name } of session.parameters)
    values.set(name, await session.getParameter(name, part));
  return values;
}

/**
 * By the root of the mean square: roundings are many and small, and one of them may be on the
 * largest number.
 */
function near(what: string, found: Float32Array, truth: Float32Array, within: number): void {
  assert.equal(found.length, truth.length, what);
  let [apart, whole] = [0, 0];
  for (const [i, value] of truth.entries()) {
    apart += (found[i]! - value) ** 2;
    whole += value ** 2;
  }
  const error = Math.sqrt(apart / whole);
  assert.ok(error <= within, `${what}: ${error} apart, at most ${within} expected`);
}
