import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Layer, Network, Padding, Rounding, Shape } from './layer.ts';
import { findLayer, formatShape, inferShapes, volume } from './shapes.ts';
import { alexnet } from './variants.ts';

const none: Padding = { top: 0, right: 0, bottom: 0, left: 0 };

function pooled(
  input: Shape,
  kernel: number,
  stride: number,
  rounding: Rounding,
  padding: Padding = none,
): Network {
  return [
    { type: 'input', name: 'input', shape: input },
    {
      type: 'maxPool',
      name: 'pool',
      kernel: [kernel, kernel],
      stride: [stride, stride],
      padding,
      rounding,
    },
  ];
}

function convolved(
  input: Shape,
  options: Partial<Extract<Layer, { type: 'convolution' }>>,
): Network {
  const rule = {
    initial: { distribution: 'constant', value: 0 },
    learningRate: 1,
    decay: 1,
  } as const;
  return [
    { type: 'input', name: 'input', shape: input },
    {
      type: 'convolution',
      name: 'conv',
      kernels: 4,
      groups: 1,
      kernel: [3, 3],
      stride: [1, 1],
      padding: none,
      rounding: 'floor',
      parameters: { weight: rule, bias: rule },
      ...options,
    },
  ];
}

test('inferShapes() writes every formula of the paper out', () => {
  const shapes = inferShapes(alexnet('paper'));
  const formula = (name: string): string => findLayer(shapes, name).formula;
  assert.equal(formula('conv1'), 'floor((227 − 11 + 2·0)/4) + 1 = 55');
  assert.equal(formula('pool1'), 'floor((55 − 3 + 2·0)/2) + 1 = 27');
  assert.equal(formula('conv2'), '(27 − 5 + 2·2) + 1 = 27');
  assert.equal(formula('pool5'), 'floor((13 − 3 + 2·0)/2) + 1 = 6');
  assert.equal(formula('fc6'), '256·6·6 = 9216 → 4096');
  assert.equal(formula('fc7'), '4096 → 4096');
  assert.equal(formula('relu6'), 'unchanged');
});

test('inferShapes() hands each layer the output of the one before', () => {
  const shapes = inferShapes(alexnet('torchvision'));
  for (const [i, { input }] of shapes.entries())
    if (i > 0) assert.deepEqual(input, shapes[i - 1]!.output);
});

test('inferShapes() leaves cells over with floor and hangs over with ceil', () => {
  const [, floor] = inferShapes(pooled([2, 8, 8], 3, 2, 'floor'));
  assert.deepEqual(floor!.output, [2, 3, 3]);
  assert.equal(floor!.window!.padding.bottom, -1);
  const [, ceil] = inferShapes(pooled([2, 8, 8], 3, 2, 'ceil'));
  assert.deepEqual(ceil!.output, [2, 4, 4]);
  assert.equal(ceil!.window!.padding.bottom, 1);
  assert.equal(ceil!.formula, 'ceil((8 − 3 + 2·0)/2) + 1 = 4');
});

test('inferShapes() drops a ceil window that would start past map and padding', () => {
  const [, shape] = inferShapes(
    pooled([1, 3, 3], 2, 2, 'ceil', { top: 1, right: 1, bottom: 1, left: 1 }),
  );
  assert.deepEqual(shape!.output, [1, 2, 2]);
  assert.equal(
    shape!.formula,
    'ceil((3 − 2 + 2·1)/2) + 1 − 1 (the last window would start past the map) = 2',
  );
});

test('inferShapes() takes maps that are not square and padding that differs on each side', () => {
  const [, shape] = inferShapes(
    convolved([6, 23, 30], {
      groups: 2,
      kernel: [5, 3],
      stride: [1, 2],
      padding: { top: 2, right: 0, bottom: 1, left: 3 },
    }),
  );
  assert.deepEqual(shape!.output, [4, 22, 16]);
  assert.equal(
    shape!.formula,
    'height (23 − 5 + 2 + 1) + 1 = 22; width floor((30 − 3 + 3 + 0)/2) + 1 = 16',
  );
});

test('inferShapes() resolves windows: (input + padding − kernel)/stride + 1', () => {
  for (const variant of ['paper', 'source', 'caffe', 'torchvision', 'small'] as const) {
    for (const { input, output, window } of inferShapes(alexnet(variant))) {
      if (window === undefined) continue;
      const { kernel, stride, padding } = window;
      assert.equal(
        (input[1] + padding.top + padding.bottom - kernel[0]) / stride[0] + 1,
        output[1],
      );
      assert.equal(
        (input[2] + padding.left + padding.right - kernel[1]) / stride[1] + 1,
        output[2],
      );
    }
  }
});

test('inferShapes() refuses groups that do not divide channels and kernels', () => {
  assert.throws(() => inferShapes(convolved([5, 8, 8], { groups: 2 })), {
    name: 'AlexNetError',
    message:
      'Layer "conv" does not fit its input of 5×8×8: 2 groups must divide both its 5 input ' +
      'channels and its 4 kernels. No square input size near it fits.',
  });
});

test('inferShapes() refuses a kernel larger than its padded input, with the sizes that fit', () => {
  assert.throws(
    () => inferShapes(pooled([1, 2, 2], 5, 1, 'floor', { top: 1, right: 1, bottom: 1, left: 1 })),
    {
      message:
        'Layer "pool" does not fit its input of 1×2×2: (2 − 5 + 2·1)/1 is negative, because ' +
        'the window of 5 is larger than the map of 2 and its padding of 2. The nearest input ' +
        'sizes that fit: 3×3.',
    },
  );
});

test('inferShapes() refuses a remainder where the layer wants an exact fit', () => {
  assert.throws(
    () =>
      inferShapes(convolved([1, 10, 10], { stride: [3, 3], rounding: 'exact', kernel: [3, 3] })),
    {
      message:
        'Layer "conv" does not fit its input of 1×10×10: (10 − 3 + 2·0)/3 + 1 = 3.33 is not ' +
        'whole, and rounding it down would leave 1 of 10 cells unseen. The nearest input ' +
        'sizes that fit: 9×9 and 12×12.',
    },
  );
});

test('inferShapes() wants an input first and a vector before the softmax', () => {
  assert.throws(() => inferShapes([]), {
    message: 'A network starts with an input layer, but the first layer found is none at all.',
  });
  assert.throws(() => inferShapes([{ type: 'relu', name: 'first' }]), {
    message:
      'A network starts with an input layer, but the first layer found is "first" of type "relu".',
  });
  const soft: Network = [
    { type: 'input', name: 'input', shape: [3, 2, 2] },
    { type: 'softmax', name: 'soft' },
  ];
  assert.throws(() => inferShapes(soft), {
    message:
      /^Layer "soft" does not fit its input of 3×2×2: softmax needs a vector, so a dense layer before it\./,
  });
});

test('findLayer() lists the layers there are', () => {
  assert.throws(() => findLayer(inferShapes(pooled([1, 8, 8], 3, 2, 'floor')), 'conv9'), {
    message: 'There is no layer "conv9" in this network. Its layers are: input, pool.',
  });
});

test('volume() and formatShape() know maps and vectors', () => {
  assert.equal(volume([96, 55, 55]), 290_400);
  assert.equal(formatShape([96, 55, 55]), '96×55×55');
  assert.equal(formatShape([4096, 1, 1]), '4096');
});
