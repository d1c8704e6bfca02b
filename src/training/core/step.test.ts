import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Batch } from '../../data/batches.ts';
import { engines } from '../../engine/registry.ts';
import type { Engine, Session } from '../../engine/engine.ts';
import { referenceEngine } from '../../engine/reference/index.ts';
import { relativeError, testImages, testLabels, testParameters } from '../../testing/data.ts';
import { narrowVariants } from '../../testing/networks.ts';
import { weightsOf } from './average.ts';
import { trainStep } from './step.ts';

const network = narrowVariants.small;
const size = 7;
const images = testImages(network, size, 1);
const labels = testLabels(network, size, 1);
const batch: Batch = {
  number: 0,
  images,
  labels,
  indices: Int32Array.from(labels, (_, i) => i),
  size,
  waited: 0,
};
const settings = { seed: 3, momentum: 0.9, weightDecay: 5e-4, labelSmoothing: 0.1, clip: 0.5 };

async function session(
  engine: Engine,
  most: number,
  keep: readonly string[] = [],
): Promise<Session> {
  const opened = await engine.prepare(network, { batch: most, mode: 'training', keep });
  for (const [name, values] of testParameters(network, 1)) await opened.setParameter(name, values);
  return opened;
}

/** Two steps on the batch in pieces of at most `most` pictures. */
async function trained(
  engine: Engine,
  most: number,
): Promise<{ losses: number[]; correct: number[]; weights: Map<string, Float32Array> }> {
  const opened = await session(engine, most);
  try {
    const results = [];
    for (const step of [0, 1])
      results.push(
        await trainStep(opened, batch, { settings, step, learningRate: 1e-3, layerRates: {} }),
      );
    const weights = new Map<string, Float32Array>();
    for (const { name } of opened.parameters) weights.set(name, await opened.getParameter(name));
    return {
      losses: results.map(({ loss }) => loss),
      correct: results.map(
        ({ correct, correct5, images: count }) => correct + 100 * correct5 + 10_000 * count,
      ),
      weights,
    };
  } finally {
    await opened.dispose();
  }
}

describe('trainStep() in pieces is the step of the whole batch, within rounding', async () => {
  for (const engine of engines) {
    const { available, reason } = await engine.probe();
    test(engine.name, { skip: available ? false : reason }, async () => {
      const whole = await trained(engine, size);
      for (const most of [3, 1]) {
        const pieces = await trained(engine, most);
        assert.ok(
          relativeError(pieces.losses, whole.losses) < 1e-5,
          `${most}: ${pieces.losses.join()} is not ${whole.losses.join()}`,
        );
        assert.deepEqual(pieces.correct, whole.correct);
        for (const [name, values] of whole.weights) {
          const error = relativeError(pieces.weights.get(name)!, values);
          assert.ok(error < 1e-5, `${most}: ${name} is ${error} apart`);
        }
      }
    });
  }
});

describe("trainStep() without clipping gives the bits of the engine's own step()", async () => {
  for (const engine of engines) {
    const { available, reason } = await engine.probe();
    test(engine.name, { skip: available ? false : reason }, async () => {
      const { seed, ...rates } = { ...settings, learningRate: 1e-3, layerRates: { conv1: 0.5 } };
      const weights: Map<string, Float32Array>[] = [];
      for (const own of [true, false]) {
        const opened = await session(engine, size);
        for (const step of [0, 1]) {
          if (own) await opened.step(images, labels, { draw: { seed, step }, ...rates });
          else {
            const unclipped = { ...settings, clip: null };
            await trainStep(opened, batch, { settings: unclipped, step, ...rates });
          }
        }
        weights.push(await weightsOf(opened));
        await opened.dispose();
      }
      assert.deepEqual(weights[1], weights[0]);
    });
  }
});

test('pieces of a batch drop the same numbers as the whole', async () => {
  const dropped = async (most: number): Promise<boolean[]> => {
    const opened = await session(referenceEngine, most, ['relu6', 'drop6']);
    const seen: boolean[] = [];
    for (let first = 0; first < size; first += most) {
      const count = Math.min(most, size - first);
      await opened.gradients(
        images.subarray((first * images.length) / size, ((first + count) * images.length) / size),
        labels.subarray(first, first + count),
        { draw: { seed: 3, step: 4, firstImage: first } },
      );
      seen.push(...Array.from(await opened.activation('drop6'), (value) => value === 0));
    }
    await opened.dispose();
    return seen;
  };
  const whole = await dropped(size);
  assert.ok(whole.includes(true) && whole.includes(false));
  assert.deepEqual(await dropped(3), whole);
});

test("trainStep() with momentumForm outside is PyTorch's rule where the rate changes", async () => {
  const rates = [1e-2, 1e-2, 1e-3, 1e-3, 2e-3];
  const name = 'fc8.bias';
  const opened = await session(referenceEngine, size);
  try {
    // ∂loss/∂w as the engine found it, from its own update: the rule is what is tested.
    const own = { ...settings, clip: null, weightDecay: 0, momentumForm: 'outside' } as const;
    const weights = [await opened.getParameter(name)];
    const gradients: Float32Array[] = [];
    const update = opened.update.bind(opened);
    Object.assign(opened, {
      update: async (options: Parameters<typeof update>[0]): Promise<void> => {
        gradients.push(await opened.getParameter(name, 'gradient'));
        await update(options);
      },
    });
    for (const [step, learningRate] of rates.entries()) {
      const rateBefore = rates[step - 1];
      const options = { settings: own, step, learningRate, rateBefore, layerRates: {} };
      await trainStep(opened, batch, options);
      weights.push(await opened.getParameter(name));
    }
    const factor = opened.parameters.find((one) => one.name === name)!.rule.learningRate;
    const expected = Float64Array.from(weights[0]!);
    const velocity = new Float64Array(expected.length);
    for (const [step, rate] of rates.entries()) {
      for (let i = 0; i < expected.length; i++) {
        velocity[i] = 0.9 * velocity[i]! + gradients[step]![i]!;
        expected[i]! -= rate * factor * velocity[i]!;
      }
      const error = relativeError(weights[step + 1]!, Float32Array.from(expected));
      assert.ok(error < 1e-5, `step ${step}: ${error}`);
    }
  } finally {
    await opened.dispose();
  }
});

test('a rate of the biases changes them and nothing else', async () => {
  const after = async (biasRate: number): Promise<Map<string, Float32Array>> => {
    const opened = await session(referenceEngine, size);
    try {
      const options = { settings, step: 0, learningRate: 1e-2, layerRates: {}, biasRate };
      await trainStep(opened, batch, options);
      return await weightsOf(opened);
    } finally {
      await opened.dispose();
    }
  };
  const [none, one] = [await after(0), await after(1)];
  const start = testParameters(network, 1);
  for (const [name, values] of one) {
    const still = name.endsWith('.bias');
    assert.deepEqual(none.get(name), still ? start.get(name) : values, name);
    assert.notDeepEqual(values, start.get(name), name);
  }
});
