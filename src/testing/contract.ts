import type { Engine, GradientOptions, PrepareOptions, Session } from '../engine/engine.ts';
import type { Layer, Network } from '../network/layer.ts';
import { volume, inferShapes } from '../network/shapes.ts';
import { exchangeCases } from './contract/exchange.ts';
import { integerCases } from './contract/integers.ts';
import { partCases } from './contract/parts.ts';
import {
  allParameters,
  batch,
  check,
  draw,
  equal,
  near,
  rates,
  refused,
  toleranceOf,
  withBoth,
  withSession,
} from './contract/tools.ts';
import type { ContractCase } from './contract/tools.ts';
import { randomNumbers, relativeError, testImages, testLabels } from './data.ts';
import {
  calmLearningRate,
  narrowVariants,
  oddNetwork,
  tanhNetwork,
  testNetworks,
} from './networks.ts';
import { maximumThreads } from '../platform/thread-limit.ts';

const perNetwork = [
  ...Object.entries(testNetworks).flatMap(([name, network]) => networkCases(name, network)),
  ...networkCases('tanh', tanhNetwork),
];

/**
 * What every engine must do (`engine/engine.ts`), as plain functions that throw: Node's test runner
 * calls them in `contract.test.ts`, a browser page can call them too.
 */
export const contractCases: readonly ContractCase[] = [
  ...perNetwork,
  { name: 'backward follows each ReLU rule down to the input', run: reluRules },
  { name: 'backward starts at any layer, also in training mode', run: backwardFromTheMiddle },
  {
    name: 'gradients of micro-batches add up to those of the batch, dropout included',
    run: microBatches,
  },
  { name: 'gradients without a draw drops nothing and scales as at test time', run: noDraw },
  { name: 'label smoothing changes loss and gradients as the reference says', run: labelSmoothing },
  { name: 'frozen layers stay as they are and the others learn as before', run: frozenLayers },
  { name: 'update scales by gradientScale and layerRates', run: scaledUpdate },
  { name: 'gradientNorm is the norm of all gradients together', run: gradientNorm },
  { name: 'a session restored from values and velocities goes on bit for bit', run: restored },
  { name: 'the number of threads changes no more than the engine says', run: threads },
  { name: 'the same call twice gives the same bits', run: repeatable },
  { name: 'calls run in the order they were made, without awaiting', run: ordered },
  { name: 'two sessions do not disturb each other', run: independent },
  { name: 'what is returned is a fresh copy', run: freshCopies },
  { name: 'setParameter and getParameter keep every bit', run: roundTrip },
  { name: 'a max-pool sends its gradient to the first of equal numbers', run: ties },
  { name: 'NaN is not hidden', run: notANumber },
  { name: 'correct counts hits among one and among five', run: hits },
  {
    name: 'mistakes are refused with what was expected and found, and leave the session usable',
    run: mistakes,
  },
  { name: 'prepare refuses what it cannot plan', run: refusedPlans },
  { name: 'a disposed session refuses calls and can be disposed again', run: disposed },
  ...partCases,
  ...exchangeCases,
  ...integerCases,
];

function networkCases(name: string, network: Network): ContractCase[] {
  return [
    {
      name: `forward gives the reference's activations in every layer of ${name}`,
      run: (engine) => sameActivations(engine, network),
    },
    {
      name: `gradients gives the reference's loss and gradients in every layer of ${name}`,
      run: (engine) => sameGradients(engine, network),
    },
    {
      name: `step follows the reference for ten steps of ${name}`,
      run: (engine) => sameTraining(engine, network, calmLearningRate[name]!),
    },
    {
      name: `inference without keep gives what it gives with everything kept, on ${name}`,
      run: (engine) => sameWithoutKeep(engine, network),
    },
  ];
}

async function sameActivations(engine: Engine, network: Network): Promise<void> {
  const within = toleranceOf(engine);
  await withBoth(engine, network, { mode: 'inference', keep: 'all' }, async (ours, truth) => {
    for (const count of [batch, 1, 2]) {
      const images = testImages(network, count, 10 + count);
      near(
        await ours.forward(images),
        await truth.forward(images),
        `probabilities of ${count} images`,
        within.pass,
      );
      for (const { name } of network)
        near(
          await ours.activation(name),
          await truth.activation(name),
          `${name} with ${count} images`,
          within.pass,
        );
    }
  });
}

async function sameGradients(engine: Engine, network: Network): Promise<void> {
  const within = toleranceOf(engine);
  await withBoth(engine, network, { mode: 'training', keep: 'all' }, async (ours, truth) => {
    for (const count of [batch, 2]) {
      const images = testImages(network, count, 20 + count);
      const labels = testLabels(network, count, 20 + count);
      const found = await ours.gradients(images, labels, { draw });
      const expected = await truth.gradients(images, labels, { draw });
      near([found.loss], [expected.loss], 'loss', within.pass);
      equal(
        [found.images, found.correct, found.correct5],
        [expected.images, expected.correct, expected.correct5],
        'images and hits',
      );
      await sameParameters(ours, truth, 'gradient', within.pass);
      for (const { name } of network.slice(0, -1))
        near(
          await ours.activation(name),
          await truth.activation(name),
          `${name} under dropout`,
          within.pass,
        );
      for (const { name } of network.slice(1, -1))
        near(
          await ours.activationGradient(name),
          await truth.activationGradient(name),
          `gradient of ${name}`,
          within.pass,
        );
    }
  });
}

async function sameTraining(engine: Engine, network: Network, learningRate: number): Promise<void> {
  const within = toleranceOf(engine);
  await withBoth(engine, network, { mode: 'training' }, async (ours, truth) => {
    const losses: number[][] = [[], []];
    for (let step = 0; step < 10; step++) {
      const options = {
        ...rates,
        learningRate: step < 5 ? learningRate : learningRate / 10,
        draw: { seed: 3, step },
      };
      const images = testImages(network, batch, 30 + (step % 2));
      const labels = testLabels(network, batch, 30 + (step % 2));
      for (const [i, session] of [ours, truth].entries())
        losses[i]!.push((await session.step(images, labels, options)).loss);
    }
    near(losses[0]!, losses[1]!, 'losses', within.pass);
    await sameParameters(ours, truth, 'value', within.pass);
    await sameParameters(ours, truth, 'velocity', within.training);
    const images = testImages(network, batch, 30);
    near(
      await ours.forward(images),
      await truth.forward(images),
      'probabilities after training',
      within.training,
    );
  });
}

async function sameWithoutKeep(engine: Engine, network: Network): Promise<void> {
  const images = testImages(network, batch, 40);
  const probabilities = async (keep: PrepareOptions['keep'] & {}): Promise<Float32Array> =>
    withSession(engine, network, { mode: 'inference', keep }, async (session) => {
      await session.forward(testImages(network, batch, 41));
      return session.forward(images);
    });
  equal(await probabilities([]), await probabilities('all'), 'probabilities');
}

async function reluRules(engine: Engine): Promise<void> {
  const within = toleranceOf(engine);
  for (const network of [narrowVariants.paper, oddNetwork]) {
    await withBoth(engine, network, { mode: 'inspection', keep: 'all' }, async (ours, truth) => {
      const images = testImages(network, 2, 50);
      const layer = network.at(-2)!.name;
      const gradient = randomNumbers(2 * ours.parameters.at(-1)!.size, 1, 51);
      for (const relu of ['plain', 'deconvnet', 'guided'] as const) {
        for (const session of [ours, truth]) {
          await session.forward(images);
          await session.backward(layer, gradient, { relu });
        }
        for (const { name } of network.slice(0, -1))
          near(
            await ours.activationGradient(name),
            await truth.activationGradient(name),
            `${relu} gradient of ${name}`,
            within.pass,
          );
      }
    });
  }
}

async function backwardFromTheMiddle(engine: Engine): Promise<void> {
  const within = toleranceOf(engine);
  const network = narrowVariants.caffe;
  const layer = 'conv4';
  const features = volume(inferShapes(network).find((shape) => shape.layer.name === layer)!.output);
  for (const mode of ['inspection', 'training'] as const) {
    await withBoth(
      engine,
      network,
      { mode, keep: ['input', 'relu2', layer, 'fc6'] },
      async (ours, truth) => {
        for (const seed of [1, 2]) {
          for (const session of [ours, truth]) {
            await session.forward(testImages(network, 2, 60));
            await session.backward(layer, randomNumbers(2 * features, 1, seed));
          }
          for (const name of ['input', 'relu2', layer])
            near(
              await ours.activationGradient(name),
              await truth.activationGradient(name),
              `gradient of ${name}`,
              within.pass,
            );
        }
        await refused(
          () => ours.activationGradient('fc6'),
          'The last backward pass went from "conv4" to "input" and did not pass "fc6". Use ' +
            'backward() from a layer at or above it.',
        );
      },
    );
  }
}

async function microBatches(engine: Engine): Promise<void> {
  const within = toleranceOf(engine);
  const network = narrowVariants.source;
  const images = testImages(network, 5, 70);
  const labels = testLabels(network, 5, 70);
  const size = images.length / 5;
  await withSession(engine, network, { mode: 'training', batch: 5 }, async (session) => {
    await session.gradients(images, labels, { draw });
    const whole = await allParameters(session, 'gradient');
    for (const [from, to] of [
      [0, 2],
      [2, 3],
      [3, 5],
    ] as const) {
      await session.gradients(images.subarray(from * size, to * size), labels.subarray(from, to), {
        draw: { ...draw, firstImage: from },
        divisor: 5,
        accumulate: from > 0,
      });
    }
    for (const [name, gradient] of await allParameters(session, 'gradient'))
      near(gradient, whole.get(name)!, `gradient of ${name}`, within.pass);
  });
}

async function noDraw(engine: Engine): Promise<void> {
  for (const network of [narrowVariants.paper, oddNetwork]) {
    await withBoth(engine, network, { mode: 'training' }, async (ours, truth) => {
      await bothGradients(engine, ours, truth, network, {});
    });
  }
}

async function labelSmoothing(engine: Engine): Promise<void> {
  await withBoth(engine, oddNetwork, { mode: 'training' }, async (ours, truth) => {
    await bothGradients(engine, ours, truth, oddNetwork, { draw, labelSmoothing: 0.1, divisor: 7 });
  });
}

async function frozenLayers(engine: Engine): Promise<void> {
  const within = toleranceOf(engine);
  const network = narrowVariants.paper;
  for (const frozen of [
    ['conv1', 'conv2', 'conv3'],
    ['conv3', 'fc7'],
  ]) {
    await withBoth(
      engine,
      network,
      { mode: 'training', frozen, keep: ['conv3'] },
      async (ours, truth) => {
        const before = await allParameters(ours, 'value');
        for (let step = 0; step < 3; step++) {
          for (const session of [ours, truth])
            await session.step(testImages(network, batch, 80), testLabels(network, batch, 80), {
              ...rates,
              draw: { seed: 1, step },
            });
        }
        await sameParameters(ours, truth, 'value', within.pass);
        for (const [name, values] of await allParameters(ours, 'value')) {
          const same = relativeError(values, before.get(name)!) === 0;
          equal([same], [frozen.includes(name.split('.')[0]!)], `${name} unchanged`);
        }
        near(
          [await ours.gradientNorm()],
          [await truth.gradientNorm()],
          'gradient norm of what is not frozen',
          within.pass,
        );
        await refused(
          () => ours.getParameter('conv3.weight', 'gradient'),
          'Parameter "conv3.weight" is frozen and has no gradient.',
        );
      },
    );
  }
}

async function scaledUpdate(engine: Engine): Promise<void> {
  const within = toleranceOf(engine);
  const network = narrowVariants.caffenet;
  await withBoth(engine, network, { mode: 'training' }, async (ours, truth) => {
    for (let step = 0; step < 3; step++) {
      const options = {
        ...rates,
        learningRate: 1e-6,
        gradientScale: 0.25,
        layerRates: { conv2: 0.1, fc8: 10, fc6: 0 },
        draw: { seed: 1, step },
      };
      for (const session of [ours, truth])
        await session.step(testImages(network, batch, 90), testLabels(network, batch, 90), options);
    }
    await sameParameters(ours, truth, 'value', within.pass);
    await sameParameters(ours, truth, 'velocity', within.training);
  });
}

async function gradientNorm(engine: Engine): Promise<void> {
  const within = toleranceOf(engine);
  await withSession(engine, oddNetwork, { mode: 'training' }, async (session) => {
    await session.gradients(
      testImages(oddNetwork, batch, 100),
      testLabels(oddNetwork, batch, 100),
      { draw },
    );
    let sum = 0;
    for (const gradient of (await allParameters(session, 'gradient')).values())
      for (const g of gradient) sum += g * g;
    near([await session.gradientNorm()], [Math.sqrt(sum)], 'norm', within.pass);
  });
}

async function restored(engine: Engine): Promise<void> {
  const network = narrowVariants.source;
  const train = async (session: Session, from: number, to: number): Promise<void> => {
    for (let step = from; step < to; step++)
      await session.step(testImages(network, batch, step), testLabels(network, batch, step), {
        ...rates,
        draw: { seed: 9, step },
      });
  };
  await withSession(engine, network, { mode: 'training' }, async (first) => {
    await train(first, 0, 3);
    const values = await allParameters(first, 'value');
    const velocities = await allParameters(first, 'velocity');
    await train(first, 3, 6);
    await withSession(engine, network, { mode: 'training' }, async (second) => {
      for (const [name, value] of values) await second.setParameter(name, value);
      for (const [name, velocity] of velocities)
        await second.setParameter(name, velocity, 'velocity');
      await train(second, 3, 6);
      for (const [name, value] of await allParameters(first, 'value'))
        equal(await second.getParameter(name), value, name);
    });
  });
}

/** Every bit at equal numbers of threads; at others as the engine's determinism says. */
async function threads(engine: Engine): Promise<void> {
  const within = toleranceOf(engine);
  for (const network of [narrowVariants.paper, oddNetwork]) {
    const results: Map<string, Float32Array>[] = [];
    for (const count of [1, 2, 3, 3]) {
      await withSession(engine, network, { mode: 'training', threads: count }, async (session) => {
        for (let step = 0; step < 3; step++)
          await session.step(testImages(network, batch, step), testLabels(network, batch, step), {
            ...rates,
            draw: { seed: 2, step },
          });
        const values = await allParameters(session, 'value');
        values.set('probabilities', await session.forward(testImages(network, 2, 7)));
        results.push(values);
      });
    }
    const exact = engine.determinism === 'anyThreads';
    for (const [name, values] of results[0]!) {
      for (const [index, count] of [2, 3].entries()) {
        const found = results[index + 1]!.get(name)!;
        const what = `${name} with ${count} threads`;
        if (exact) equal(found, values, what);
        else near(found, values, what, within.pass);
      }
      equal(results[3]!.get(name)!, results[2]!.get(name)!, `${name} with 3 threads again`);
    }
  }
}

async function repeatable(engine: Engine): Promise<void> {
  const network = narrowVariants.source;
  await withSession(engine, network, { mode: 'training', keep: 'all' }, async (session) => {
    const run = async (): Promise<Map<string, Float32Array>> => {
      await session.gradients(testImages(network, batch, 1), testLabels(network, batch, 1), {
        draw,
      });
      return allParameters(session, 'gradient');
    };
    const first = await run();
    await session.gradients(testImages(network, 1, 2), testLabels(network, 1, 2), {
      draw: { seed: 8, step: 1 },
    });
    await session.forward(testImages(network, 2, 3));
    for (const [name, gradient] of await run()) equal(gradient, first.get(name)!, name);
  });
}

async function ordered(engine: Engine): Promise<void> {
  const within = toleranceOf(engine);
  const network = oddNetwork;
  const images = testImages(network, 1, 1);
  const labels = testLabels(network, 1, 1);
  await withBoth(engine, network, { mode: 'training' }, async (ours, truth) => {
    const calls = (session: Session): Promise<Float32Array>[] => {
      const before = session.forward(images);
      const step = session.step(images, labels, { ...rates, learningRate: 1e-3 });
      const after = session.forward(images);
      return [before, after, step.then(() => session.getParameter('fc5.bias'))];
    };
    const [found, expected] = [await Promise.all(calls(ours)), await Promise.all(calls(truth))];
    for (const [i, name] of ['before', 'after', 'bias'].entries())
      near(found[i]!, expected[i]!, name, within.pass);
    check(
      relativeError(found[0]!, found[1]!) > 1e-6,
      'Expected the step to change the probabilities.',
    );
  });
}

async function independent(engine: Engine): Promise<void> {
  const within = toleranceOf(engine);
  const networks = [narrowVariants.paper, narrowVariants.torchvision];
  const alone: Float32Array[] = [];
  for (const network of networks)
    alone.push(
      await withSession(engine, network, { mode: 'inference' }, (session) =>
        session.forward(testImages(network, 2, 5)),
      ),
    );
  await withSession(engine, networks[0]!, { mode: 'training' }, (a) =>
    withSession(engine, networks[1]!, { mode: 'inference' }, async (b) => {
      const together = await Promise.all([
        a.forward(testImages(networks[0]!, 2, 5)),
        b.forward(testImages(networks[1]!, 2, 5)),
        b.forward(testImages(networks[1]!, 2, 5)),
      ]);
      near(together[0], alone[0]!, 'first session', within.pass);
      equal(together[1], alone[1]!, 'second session');
      equal(together[2], alone[1]!, 'second session again');
    }),
  );
}

async function freshCopies(engine: Engine): Promise<void> {
  await withSession(engine, oddNetwork, { mode: 'training', keep: 'all' }, async (session) => {
    const first = await session.forward(testImages(oddNetwork, 2, 1));
    const copy = first.slice();
    const weights = await session.getParameter('conv2.weight');
    weights.fill(7);
    await session.forward(testImages(oddNetwork, 2, 2));
    equal(first, copy, 'probabilities after another forward');
    const again = await session.forward(testImages(oddNetwork, 2, 1));
    equal(again, copy, 'probabilities after scribbling on returned weights');
  });
}

async function roundTrip(engine: Engine): Promise<void> {
  await withSession(engine, narrowVariants.paper, { mode: 'training' }, async (session) => {
    for (const part of ['value', 'gradient', 'velocity'] as const) {
      for (const [index, { name, size }] of session.parameters.entries()) {
        const values = randomNumbers(size, 3, 110, index);
        await session.setParameter(name, values, part);
        equal(await session.getParameter(name, part), values, `${part} of ${name}`);
      }
    }
  });
}

async function ties(engine: Engine): Promise<void> {
  const rules = {
    weight: { initial: { distribution: 'constant', value: 0 }, learningRate: 1, decay: 1 },
    bias: { initial: { distribution: 'constant', value: 0 }, learningRate: 1, decay: 1 },
  } as const;
  const padding = { top: 0, right: 0, bottom: 0, left: 0 };
  const network: Layer[] = [
    { type: 'input', name: 'input', shape: [1, 5, 5] },
    { type: 'maxPool', name: 'pool', kernel: [3, 3], stride: [2, 2], padding, rounding: 'floor' },
    { type: 'dense', name: 'fc', outputs: 2, parameters: rules },
    { type: 'softmax', name: 'softmax' },
  ];
  const image = new Float32Array(25).fill(1);
  image[0] = -1;
  await withSession(
    engine,
    network,
    { mode: 'inspection', keep: 'all', batch: 1 },
    async (session) => {
      await session.forward(image);
      await session.backward('pool', Float32Array.of(1, 2, 4, 8));
      const expected = new Float32Array(25);
      for (const [place, g] of [
        [1, 1],
        [2, 2],
        [10, 4],
        [12, 8],
      ] as const)
        expected[place] = g;
      equal(await session.activationGradient('input'), expected, 'gradient of the input');
    },
  );
}

async function notANumber(engine: Engine): Promise<void> {
  const network = narrowVariants.paper;
  const images = testImages(network, 2, 1);
  images[images.length / 2 + 1000] = NaN;
  await withSession(engine, network, { mode: 'training' }, async (session) => {
    const probabilities = await session.forward(images);
    const half = probabilities.length / 2;
    check(
      probabilities.subarray(0, half).every((p) => p >= 0 && p <= 1),
      'Expected the image without NaN to keep its probabilities.',
    );
    check(
      probabilities.subarray(half).some(Number.isNaN),
      'Expected the image with NaN to give NaN.',
    );
    const { loss } = await session.gradients(images, testLabels(network, 2, 1), { draw });
    check(Number.isNaN(loss), `Expected the loss to be NaN but found ${loss}.`);
  });
}

async function hits(engine: Engine): Promise<void> {
  const within = toleranceOf(engine);
  const network = narrowVariants.small;
  const images = testImages(network, batch, 120);
  await withSession(engine, network, { mode: 'training' }, async (session) => {
    const classes = session.parameters.at(-1)!.size;
    const probabilities = await session.forward(images);
    const order = (n: number): number[] =>
      [...Array(classes).keys()].toSorted(
        (a, b) => probabilities[n * classes + b]! - probabilities[n * classes + a]!,
      );
    const labels = [order(0)[0]!, order(1)[4]!, order(2)[5]!];
    const { correct, correct5, loss } = await session.gradients(images, labels);
    equal([correct, correct5], [1, 2], 'hits');
    const expected =
      -labels.reduce((sum, label, n) => sum + Math.log(probabilities[n * classes + label]!), 0) /
      batch;
    near([loss], [expected], 'loss', within.training);
  });
}

async function mistakes(engine: Engine): Promise<void> {
  const network = narrowVariants.paper;
  const images = testImages(network, 2, 1);
  const options = { mode: 'training', batch: 2, keep: ['conv1'] } as const;
  await withSession(engine, network, options, async (session) => {
    const before = await session.forward(images);
    for (const [call, message] of mistakenCalls(session, images)) await refused(call, message);
    equal(await session.forward(images), before, 'probabilities after the mistakes');
  });
  await withSession(engine, network, { mode: 'inference' }, async (session) => {
    await refused(
      () => session.gradients(images, [1, 2]),
      "gradients() needs a session prepared with mode 'training', but this one was prepared " +
        "with 'inference'.",
    );
    await refused(
      () => session.backward('fc8', new Float32Array(14)),
      "backward() needs a session prepared with mode 'inspection' or 'training', but this one " +
        "was prepared with 'inference'.",
    );
    await refused(
      () => session.getParameter('conv1.weight', 'velocity'),
      "A parameter's velocity needs a session prepared with mode 'training', but this one was " +
        "prepared with 'inference'.",
    );
  });
}

/** Of a training session of two images that keeps conv1, and what it answers. */
function mistakenCalls(
  session: Session,
  images: Float32Array,
): [call: () => Promise<unknown>, message: string][] {
  return [
    [
      () => session.forward(new Float32Array(100)),
      'Expected whole images of 3×67×67 = 13467 numbers each but found 100 numbers.',
    ],
    [
      () => session.forward(new Float32Array(3 * 13467)),
      'Expected at most 2 images, the prepared batch, but found 3. Split them, or prepare ' +
        'with a larger batch.',
    ],
    [() => session.gradients(images, [1]), 'Expected one label per image, 2, but found 1.'],
    [
      () => session.gradients(images, [1, 7]),
      'Expected labels from 0 to 6 but found 7 for image 1.',
    ],
    [
      () => session.gradients(images, [1, 0.5]),
      'Expected labels from 0 to 6 but found 0.5 for image 1.',
    ],
    [
      () => session.gradients(images, [1, 2], { labelSmoothing: 1 }),
      'Expected labelSmoothing from 0 to below 1 but found 1.',
    ],
    [
      () => session.update({ ...rates, learningRate: NaN }),
      'Expected learningRate to be a number not below zero but found NaN.',
    ],
    [
      () => session.activation('pool1'),
      `Layer "pool1" was not kept: prepare the session with keep: ['pool1'] or keep: 'all'.`,
    ],
    [
      () => session.activation('conv9'),
      'There is no layer "conv9" in this network. Its layers are: ' +
        `${session.network.map(({ name }) => name).join(', ')}.`,
    ],
    [
      () => session.activationGradient('conv1'),
      'There is no gradient of "conv1" yet: call gradients() or backward() first.',
    ],
    [
      () => session.backward('softmax', new Float32Array(14)),
      'backward() starts at a layer below the softmax, but found "softmax"; give the ' +
        'logits\' layer "fc8" instead.',
    ],
    [
      () => session.backward('fc8', new Float32Array(3)),
      'Expected a gradient of 2 × 7 = 14 numbers for layer "fc8" but found 3.',
    ],
    [
      () => session.setParameter('conv1.weight', new Float32Array(3)),
      'Expected 4×3×11×11 = 1452 numbers for "conv1.weight" but found 3.',
    ],
    [
      () => session.getParameter('conv1'),
      'There is no parameter "conv1". The parameters are: ' +
        `${session.parameters.map(({ name }) => name).join(', ')}.`,
    ],
  ];
}

async function refusedPlans(engine: Engine): Promise<void> {
  const network = narrowVariants.paper;
  const mode = 'training';
  await refused(
    () => engine.prepare(network, { mode, batch: 0 }),
    'Expected batch to be a whole number above zero but found 0.',
  );
  await refused(
    () => engine.prepare(network, { mode, batch: 1, threads: 0.5 }),
    'Expected threads to be a whole number above zero but found 0.5.',
  );
  await refused(
    () => engine.prepare(network, { mode, batch: 1, threads: 1e9 }),
    `Expected at most ${maximumThreads()} threads, 4 per core, but found 1000000000.`,
  );
  await refused(
    () => engine.prepare(network, { mode, batch: 1, frozen: ['pool1'] }),
    'Layer "pool1" cannot be frozen: it has no parameters.',
  );
  const all = ['conv1', 'conv2', 'conv3', 'conv4', 'conv5', 'fc6', 'fc7', 'fc8'];
  await refused(
    () => engine.prepare(network, { mode, batch: 1, frozen: all }),
    'There is nothing to train: the network has no parameters that are not frozen.',
  );
}

async function disposed(engine: Engine): Promise<void> {
  const session = await engine.prepare(oddNetwork, { mode: 'inference', batch: 1 });
  const last = session.forward(testImages(oddNetwork, 1, 1));
  await session.dispose();
  await session.dispose();
  check((await last).length === 5, 'Expected the call made before dispose() to finish.');
  await refused(
    () => session.forward(testImages(oddNetwork, 1, 1)),
    'forward() was called on a session that is disposed. Prepare a new one.',
  );
}

async function bothGradients(
  engine: Engine,
  ours: Session,
  truth: Session,
  network: Network,
  options: GradientOptions,
): Promise<void> {
  const within = toleranceOf(engine);
  const images = testImages(network, batch, 130);
  const labels = testLabels(network, batch, 130);
  near(
    [(await ours.gradients(images, labels, options)).loss],
    [(await truth.gradients(images, labels, options)).loss],
    'loss',
    within.pass,
  );
  await sameParameters(ours, truth, 'gradient', within.pass);
}

async function sameParameters(
  ours: Session,
  truth: Session,
  part: 'value' | 'gradient' | 'velocity',
  within: number,
): Promise<void> {
  for (const [name, expected] of await allParameters(truth, part))
    near(await ours.getParameter(name, part), expected, `${part} of ${name}`, within);
}
