import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeDepth, describeLayer } from './describe.ts';
import { findLayer, inferShapes } from './shapes.ts';
import { alexnet } from './variants.ts';
import type { Variant } from './variants.ts';

function described(variant: Variant, name: string): string {
  const { layer, input } = findLayer(inferShapes(alexnet(variant)), name);
  return describeLayer(layer, input);
}

test("describeLayer() gives a layer's constants in the words of the field", () => {
  assert.equal(described('paper', 'conv1'), '96 of 11×11×3, stride 4');
  assert.equal(described('paper', 'conv2'), '256 of 5×5×48, padding 2, 2 groups');
  assert.equal(described('paper', 'lrn1'), 'n 5, k 2, α 1e-4, β 0.75, 2 groups');
  assert.equal(described('source', 'lrn2map'), '5×5 of each map, k 1, α 4e-5, β 0.75');
  assert.equal(described('caffe', 'pool1'), '3×3, stride 2, ceil');
  assert.equal(described('paper', 'fc6'), '4096 of 9216');
  assert.equal(described('paper', 'drop6'), 'rate 0.5');
  assert.equal(described('torchvision', 'avgpool'), '');
});

test('describeLayer() names every side of uneven padding, and strides that differ', () => {
  const rule = {
    initial: { distribution: 'constant', value: 0 },
    learningRate: 1,
    decay: 1,
  } as const;
  const text = describeLayer(
    {
      type: 'convolution',
      name: 'c',
      kernels: 8,
      groups: 1,
      kernel: [5, 3],
      stride: [1, 2],
      padding: { top: 2, right: 0, bottom: 1, left: 3 },
      rounding: 'floor',
      parameters: { weight: rule, bias: rule },
    },
    [6, 23, 30],
  );
  assert.equal(text, '8 of 5×3×6, stride 1×2, padding 2 top, 0 right, 1 bottom, 3 left');
});

test('describeDepth() counts the layers with weights, of each kind', () => {
  for (const variant of ['paper', 'source', 'caffe', 'torchvision'] as const)
    assert.equal(
      describeDepth(alexnet(variant)),
      '8 layers with weights: 5 convolutional, 3 dense',
      variant,
    );
  const [input, ...rest] = alexnet('small');
  const last = rest.slice(-2);
  assert.equal(describeDepth([input!, ...last]), '1 layer with weights: 0 convolutional, 1 dense');
});
