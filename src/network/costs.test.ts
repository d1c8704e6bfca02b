import assert from 'node:assert/strict';
import { test } from 'node:test';
import { costs } from './costs.ts';
import type { Layer, Network, ParameterRules } from './layer.ts';
import { alexnet } from './variants.ts';

const rule = {
  initial: { distribution: 'constant', value: 0 },
  learningRate: 1,
  decay: 1,
} as const;
const parameters: ParameterRules = { weight: rule, bias: rule };
const window = {
  kernel: [3, 3],
  stride: [1, 1],
  padding: { top: 0, right: 0, bottom: 0, left: 0 },
  rounding: 'floor',
} as const;

/** 2×5×5 → 4×3×3 → rectified in place → 10 → dropped in place → 10. */
const tiny: Network = [
  { type: 'input', name: 'input', shape: [2, 5, 5] },
  { type: 'convolution', name: 'conv', kernels: 4, groups: 2, parameters, ...window },
  { type: 'relu', name: 'relu' },
  { type: 'dense', name: 'fc', outputs: 10, parameters },
  { type: 'dropout', name: 'drop', rate: 0.5, scale: 'train' },
  { type: 'softmax', name: 'softmax' },
] satisfies Layer[];

test('costs() counts a small network as one does by hand', () => {
  const { layers, ...totals } = costs(tiny, 7);
  assert.deepEqual(
    layers.map((layer) => [layer.parameters, layer.multiplyAdds]),
    [
      [0, 0],
      [4 * 9 + 4, 4 * 9 * 9],
      [0, 0],
      [36 * 10 + 10, 360],
      [0, 0],
      [0, 0],
    ],
  );
  const kept = 50 + 36 + 10 + 10;
  const widest = 50 + 50;
  assert.deepEqual(totals, {
    parameters: 410,
    multiplyAdds: 324 + 360,
    weightsBytes: 4 * 410,
    inferenceBytes: 4 * 7 * widest,
    trainingBytes: 4 * (3 * 410 + 7 * (kept + widest)),
  });
});

test('costs() of weights do not depend on the batch, those of activations grow with it', () => {
  const one = costs(alexnet('paper'), 1);
  const many = costs(alexnet('paper'), 128);
  assert.equal(one.weightsBytes, 243_860_896);
  assert.equal(many.weightsBytes, one.weightsBytes);
  assert.equal(many.inferenceBytes, 128 * one.inferenceBytes);
  assert.equal(
    many.trainingBytes - 3 * many.weightsBytes,
    128 * (one.trainingBytes - 3 * one.weightsBytes),
  );
});

test('costs() of a network with tanh are those of the same network with ReLU', () => {
  const network = alexnet('paper');
  const withTanh = network.map((layer): Layer =>
    layer.type === 'relu' ? { type: 'tanh', name: layer.name } : layer,
  );
  const { layers: _, ...expected } = costs(network, 32);
  const { layers: __, ...found } = costs(withTanh, 32);
  assert.deepEqual(found, expected);
});
