import assert from 'node:assert/strict';
import { test } from 'node:test';
import { referenceEngine } from '../engine/reference/index.ts';
import type { Session } from '../engine/engine.ts';
import type { Network } from '../network/layer.ts';
import { relativeError, testImages, testParameters } from '../testing/data.ts';
import { narrowVariants } from '../testing/networks.ts';
import { gradCam, guidedGradCam } from './gradcam.ts';
import { guidedBackpropagation, inputGradient, inputGradients, saliency } from './gradients.ts';
import { integratedGradients } from './integrated.ts';
import { gaussLegendre } from './quadrature.ts';
import { randomize, rankCorrelation } from './randomize.ts';
import { smoothGrad } from './smoothgrad.ts';
import { classTarget, findChannel, keepForExplaining } from './target.ts';

async function withSession(
  network: Network,
  batch: number,
  use: (session: Session, image: Float32Array) => Promise<void>,
): Promise<void> {
  const session = await referenceEngine.prepare(network, {
    batch,
    mode: 'inspection',
    keep: keepForExplaining(network),
  });
  for (const [name, values] of testParameters(network, 5)) await session.setParameter(name, values);
  await use(session, testImages(network, 1, 5));
  await session.dispose();
}

const { small, paper } = narrowVariants;

test('inputGradients() gives the same whatever the batch of the session', async () => {
  const found: Float32Array[][] = [];
  for (const batch of [1, 3, 8]) {
    await withSession(small, batch, async (session, image) => {
      const write = (n: number, out: Float32Array): void =>
        out.set(image.map((value) => value * (1 - n / 10)));
      const gradients: Float32Array[] = [];
      await inputGradients(
        session,
        { count: 7, write },
        classTarget(small, 2),
        {},
        (gradient, _, n) => {
          gradients[n] = gradient.slice();
        },
      );
      found.push(gradients);
    });
  }
  assert.equal(found[0]!.length, 7);
  assert.deepEqual(found[1], found[0]);
  assert.deepEqual(found[2], found[0]);
});

for (const name of ['paper', 'source', 'caffenet', 'torchvision'] as const) {
  const network = narrowVariants[name];
  test(`integratedGradients() sums to the outputs' difference within 1 % on ${name}`, async () => {
    await withSession(network, 16, async (session, image) => {
      const probabilities = await session.forward(image);
      const { sum, difference, steps } = await integratedGradients(
        session,
        image,
        classTarget(network, probabilities.indexOf(Math.max(...probabilities))),
      );
      assert.ok(
        Math.abs(sum - difference) <= 0.01 * Math.abs(difference),
        `${steps} steps: ${sum} instead of ${difference}`,
      );
    });
  });
}

test('gaussLegendre() integrates polynomials up to degree 2n − 1 exactly', async () => {
  for (const n of [1, 2, 5, 50]) {
    const { nodes, weights } = await gaussLegendre(n);
    for (const degree of [0, 1, 2 * n - 1]) {
      const integral = nodes.reduce((sum, x, i) => sum + weights[i]! * x ** degree, 0);
      assert.ok(
        Math.abs(integral - 1 / (degree + 1)) < 1e-13,
        `n ${n}, degree ${degree}: ${integral}`,
      );
    }
  }
});

test('smoothGrad() is the gradient, or with noise its mean, the same per seed', async () => {
  await withSession(small, 4, async (session, image) => {
    const target = classTarget(small, 2);
    const plain = await inputGradient(session, image, target);
    assert.ok(
      relativeError(await smoothGrad(session, image, target, { samples: 5, noise: 0 }), plain) <
        1e-6,
    );
    const noisy = await smoothGrad(session, image, target, { samples: 5, seed: 4 });
    assert.ok(relativeError(noisy, plain) > 0.01);
    assert.deepEqual(await smoothGrad(session, image, target, { samples: 5, seed: 4 }), noisy);
    assert.notDeepEqual(await smoothGrad(session, image, target, { samples: 5, seed: 5 }), noisy);
  });
});

test('guidedGradCam() is guided backpropagation, each pixel times Grad-CAM there', async () => {
  await withSession(paper, 1, async (session, image) => {
    const target = classTarget(paper, 2);
    const product = await guidedGradCam(session, image, target);
    const { overInput } = await gradCam(session, image, target);
    const guided = await guidedBackpropagation(session, image, target);
    assert.ok(overInput.some((value) => value > 0));
    assert.deepEqual(
      product,
      guided.map((value, i) => value * overInput[i % overInput.length]!),
    );
  });
});

test('long work tells its progress and stops when it is asked to', async () => {
  await withSession(small, 2, async (session, image) => {
    const told: string[] = [];
    await smoothGrad(session, image, classTarget(small, 0), {
      samples: 5,
      progress: (done, total) => told.push(`${done}/${total}`),
    });
    assert.deepEqual(told, ['2/5', '4/5', '5/5']);
    const stop = new AbortController();
    const stopped = smoothGrad(session, image, classTarget(small, 0), {
      samples: 5,
      signal: stop.signal,
      progress: () => stop.abort(new Error('enough')),
    });
    await assert.rejects(stopped, { message: 'enough' });
    await session.forward(image);
  });
});

test('randomize() changes the named layer and those above, no other, and maps notice', async () => {
  await withSession(paper, 1, async (session, image) => {
    const before = await saliency(session, image, classTarget(paper, 2));
    const weights = new Map<string, Float32Array>();
    for (const { name } of session.parameters) weights.set(name, await session.getParameter(name));
    await randomize(session, 'relu4', 9);
    for (const { name, layer } of session.parameters) {
      const now = await session.getParameter(name);
      assert.deepEqual(
        now.toSorted(),
        weights.get(name)!.toSorted(),
        `${name} holds the same numbers`,
      );
      const expected = ['conv5', 'fc6', 'fc7', 'fc8'].includes(layer.name);
      assert.equal(
        now.some((value, i) => value !== weights.get(name)![i]),
        expected,
        `${name} shuffled`,
      );
    }
    const correlation = rankCorrelation(
      before,
      await saliency(session, image, classTarget(paper, 2)),
    );
    assert.ok(correlation < 0.9, `a correlation of ${correlation}`);
  });
});

test('rankCorrelation() is 1 for one order, −1 for the reverse, and shares ranks of equals', () => {
  assert.equal(rankCorrelation([1, 5, 2, 9], [10, -50, 20, 70]), 1);
  assert.equal(rankCorrelation([1, 2, 3], [3, 2, 1]), -1);
  assert.equal(rankCorrelation([1, 1, 2, 3], [1, 1, 3, 3]), 4 / Math.sqrt(4.5 * 4));
  assert.equal(rankCorrelation([1, 2], [3, 3]), 0);
});

test('unknown classes, layers and channels are refused with what there is', async () => {
  assert.throws(() => classTarget(small, 7), {
    name: 'UsageError',
    message: 'There is no class 7: this network has 7 classes, numbered 0 to 6.',
  });
  assert.throws(() => findChannel(small, 'conv9', 0), {
    message:
      'There is no layer "conv9" in this network. Its layers are: ' +
      `${small.map(({ name }) => name).join(', ')}.`,
  });
  assert.throws(() => findChannel(paper, 'conv1', 4), {
    name: 'UsageError',
    message: 'Layer "conv1" has no channel 4: its output is 4×15×15, with channels 0 to 3.',
  });
  await withSession(small, 1, async (session) => {
    await assert.rejects(randomize(session, 'softmax', 1), {
      message:
        'There is no layer with weights from "softmax" upwards. Those with weights are: ' +
        'conv1, conv2, conv3, conv4, conv5, fc6, fc7, fc8.',
    });
  });
});
