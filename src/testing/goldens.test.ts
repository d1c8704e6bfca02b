import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Engine, Session } from '../engine/engine.ts';
import { engines } from '../engine/registry.ts';
import { readSafetensors } from '../formats/safetensors.ts';
import { bytesSource } from '../formats/source.ts';
import type { Layer, Network } from '../network/layer.ts';
import { alexnet, parseVariant, variants } from '../network/variants.ts';
import { toleranceOf } from './contract/tools.ts';
import { relativeError, testImages, testLabels, testParameters } from './data.ts';

/** What PyTorch computed, by scripts/goldens.py: see there for the names. */
interface Golden {
  readonly tensors: ReadonlyMap<string, Float32Array>;
  /** A number from the file's metadata. */
  readonly setting: (name: string) => number;
  readonly variant: string;
}

const narrow = new URL('../../src/testing/goldens/', import.meta.url);
const full = new URL('../../build/goldens/', import.meta.url);
const masks = { plain: 'without dropout', dropout: "with dropout's masks" } as const;

for (const engine of engines) {
  const { available, reason } = await engine.probe();
  describe(
    `PyTorch's numbers, on the ${engine.name} engine`,
    { skip: available ? false : reason },
    () => {
      goldenTests(engine, 'tanh', new URL('tanh.safetensors', narrow), false);
      for (const variant of Object.keys(variants)) {
        goldenTests(engine, variant, new URL(`${variant}.safetensors`, narrow), false);
        const file = new URL(`${variant}.safetensors`, full);
        const missing = existsSync(file)
          ? false
          : `${fileURLToPath(file)} is not there: make it with python3 scripts/goldens.py ` +
            `--full ${variant}`;
        goldenTests(engine, `${variant} in full width`, file, missing);
      }
    },
  );
}

function goldenTests(engine: Engine, name: string, file: URL, skip: string | false): void {
  test(`${name}: activations and gradients`, { skip }, async () => {
    const golden = await readGolden(file);
    await withSession(engine, golden, 'all', async (session) => {
      const [count, seed] = [golden.setting('count'), golden.setting('seed')];
      const [images, labels] = [
        testImages(session.network, count, seed),
        testLabels(session.network, count, seed),
      ];
      const { loss } = await session.gradients(images, labels);
      const found = new Map<string, Float32Array>();
      for (const { name: layer } of session.network.slice(1))
        found.set(`activation.${layer}`, await session.activation(layer));
      for (const parameter of session.parameters)
        found.set(
          `gradient.${parameter.name}`,
          await session.getParameter(parameter.name, 'gradient'),
        );
      for (const { name: layer } of session.network.slice(1, -1))
        found.set(`activationGradient.${layer}`, await session.activationGradient(layer));
      for (const [key, values] of found)
        near(key, sampled(golden, values), golden.tensors.get(key), toleranceOf(engine).pass);
      const probabilities = found.get('activation.softmax')!;
      const expected = labels.reduce(
        (sum, label, n) =>
          sum - Math.log(probabilities[(n * probabilities.length) / count + label]!) / count,
        0,
      );
      near('loss', [loss], [expected], 1e-5);
    });
  });

  for (const kind of ['plain', 'dropout'] as const) {
    test(`${name}: losses and weights of a short training, ${masks[kind]}`, { skip }, async () => {
      const golden = await readGolden(file);
      await withSession(engine, golden, [], async (session) => {
        const losses = await train(session, golden, kind === 'dropout');
        near('losses', losses, golden.tensors.get(`losses.${kind}`), 1e-4);
        const before = testParameters(session.network, 1);
        for (const { name: parameter } of session.parameters) {
          const [found, start, expected] = [
            await session.getParameter(parameter),
            before.get(parameter)!,
            golden.tensors.get(`trained.${kind}.${parameter}`)!,
          ].map((values, i) => (i < 2 ? sampled(golden, values) : values)) as [
            Float32Array,
            Float32Array,
            Float32Array,
          ];
          near(parameter, found, expected, 1e-4);
          // The rate is small, so that a wrong update could hide behind the weights themselves:
          // the change must be right too, as far as f32 shows it: every step rounds a weight by
          // up to 6e-8 of it.
          const largest = Math.max(
            ...[start, expected].map((values) =>
              values.reduce((max, value) => Math.max(max, Math.abs(value)), 0),
            ),
          );
          const change = Math.max(...expected.map((value, i) => Math.abs(value - start[i]!)));
          const apart = Math.max(...expected.map((value, i) => Math.abs(value - found[i]!)));
          assert.ok(
            apart <= 1e-2 * change + golden.setting('steps') * 6e-8 * largest,
            `change of ${parameter}: ${apart} apart from PyTorch's ${change}`,
          );
        }
      });
    });
  }
}

async function train(session: Session, golden: Golden, dropout: boolean): Promise<number[]> {
  const [steps, count, rate] = [
    golden.setting('steps'),
    golden.setting('count'),
    golden.setting('learningRate'),
  ];
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const [images, labels] = [
      testImages(session.network, count, 30 + (step % 2)),
      testLabels(session.network, count, 30 + (step % 2)),
    ];
    const options = {
      learningRate: step < steps / 2 ? rate : rate / 10,
      momentum: 0.9,
      weightDecay: 0.0005,
      ...(dropout ? { draw: { seed: 3, step } } : {}),
    };
    losses.push((await session.step(images, labels, options)).loss);
  }
  return losses;
}

async function readGolden(file: URL): Promise<Golden> {
  const { tensors, metadata } = await readSafetensors(bytesSource(await readFile(file)));
  const numbers = new Map<string, Float32Array>();
  for (const [name, tensor] of tensors) numbers.set(name, await tensor.read());
  return {
    tensors: numbers,
    setting: (name) => Number(metadata.get(name)),
    variant: metadata.get('variant')!,
  };
}

async function withSession(
  engine: Engine,
  golden: Golden,
  keep: 'all' | [],
  use: (session: Session) => Promise<void>,
): Promise<void> {
  const options = {
    width: golden.setting('width'),
    input: golden.setting('input'),
    classes: golden.setting('classes'),
  };
  const network =
    golden.variant === 'tanh'
      ? withTanh(alexnet('small', options))
      : alexnet(parseVariant(golden.variant), options);
  const session = await engine.prepare(network, {
    batch: golden.setting('count'),
    mode: 'training',
    keep,
  });
  try {
    for (const [name, values] of testParameters(network, 1))
      await session.setParameter(name, values);
    await use(session);
  } finally {
    await session.dispose();
  }
}

/**
 * `small` with tanh in every place of a ReLU. The first LRN moves before it and brings images of
 * any scale to where tanh bends.
 */
function withTanh(small: Network): Network {
  const layers = small.map((layer): Layer => {
    if (layer.type === 'relu') return { type: 'tanh', name: layer.name };
    return layer.name === 'lrn1' && layer.type === 'lrn' ? { ...layer, alpha: 0.01, k: 1 } : layer;
  });
  const at = layers.findIndex(({ name }) => name === 'relu1');
  return [...layers.slice(0, at), layers[at + 1]!, layers[at]!, ...layers.slice(at + 2)];
}

/** What the full-width goldens hold: every `stride`-th number, but small tensors whole. */
function sampled(golden: Golden, values: Float32Array): Float32Array {
  const stride = golden.setting('stride');
  return stride === 1 || values.length <= 10_000
    ? values
    : Float32Array.from(
        { length: Math.ceil(values.length / stride) },
        (_, i) => values[i * stride]!,
      );
}

function near(
  name: string,
  found: ArrayLike<number>,
  expected: ArrayLike<number> | undefined,
  within: number,
): void {
  assert.ok(expected !== undefined, `the golden holds no "${name}"`);
  const error = relativeError(found, expected);
  assert.ok(error <= within, `${name}: ${error} apart from PyTorch, at most ${within} expected`);
}
