import assert from 'node:assert/strict';
import { test } from 'node:test';
import type {
  DropoutLayer,
  LrnLayer,
  Padding,
  Rounding,
  Shape,
  Size,
} from '../../network/layer.ts';
import { inferShapes, volume } from '../../network/shapes.ts';
import { normal } from '../../random/draws.ts';
import { bits, purposes } from '../../random/philox.ts';
import { narrowVariants, oddNetwork, tanhNetwork } from '../../testing/networks.ts';
import { testImages, testLabels, testParameters } from '../../testing/data.ts';
import { crossEntropy } from '../loss.ts';
import { convolution, convolutionBackward } from './convolution.ts';
import type { ConvolutionSizes } from './convolution.ts';
import { dense, denseBackward } from './dense.ts';
import { dropoutFactors, multiply } from './dropout.ts';
import { referenceEngine } from './index.ts';
import { lrn, lrnBackward } from './lrn.ts';
import {
  adaptiveSpans,
  averagePool,
  averagePoolBackward,
  maxPool,
  maxPoolBackward,
  windowSpans,
} from './pool.ts';
import type { Spans } from './pool.ts';
import { relu, reluBackward } from './relu.ts';
import { tanh, tanhBackward } from './tanh.ts';

// Every backward is checked against central differences of its own forward: for a random direction
// of the output r, d(r · forward(x))/dx[i] ≈ r · (forward(x + h eᵢ) − forward(x − h eᵢ)) / 2h.

const count = 2;

test('convolutionBackward() is the derivative of convolution(), whatever sizes and borders', () => {
  const cases: {
    name: string;
    input: Shape;
    kernels: number;
    kernel: Size;
    stride: Size;
    padding: Padding;
    rounding: Rounding;
    groups: number;
  }[] = [
    {
      name: 'plain',
      input: [3, 7, 5],
      kernels: 4,
      kernel: [3, 3],
      stride: [1, 1],
      padding: sides(0),
      rounding: 'floor',
      groups: 1,
    },
    {
      name: 'stride leaves cells over',
      input: [1, 8, 9],
      kernels: 2,
      kernel: [3, 2],
      stride: [2, 3],
      padding: sides(0),
      rounding: 'floor',
      groups: 1,
    },
    {
      name: 'three towers, uneven padding',
      input: [6, 5, 7],
      kernels: 9,
      kernel: [3, 5],
      stride: [1, 2],
      padding: { top: 2, right: 0, bottom: 1, left: 3 },
      rounding: 'floor',
      groups: 3,
    },
    {
      name: 'last kernel hangs over',
      input: [2, 8, 10],
      kernels: 2,
      kernel: [5, 5],
      stride: [4, 4],
      padding: sides(0),
      rounding: 'ceil',
      groups: 2,
    },
    {
      name: 'kernel larger than the map',
      input: [2, 2, 3],
      kernels: 3,
      kernel: [5, 5],
      stride: [1, 1],
      padding: sides(2),
      rounding: 'floor',
      groups: 1,
    },
  ];
  for (const { name, input, kernels, groups, ...window } of cases) {
    const sizes = sizesOf(input, { kernels, groups, ...window });
    const arrays = {
      input: random(count * volume(input), 1),
      weight: random((kernels * input[0] * window.kernel[0] * window.kernel[1]) / groups, 2),
      bias: random(kernels, 3),
    };
    const out = random(count * volume(sizes.output), 4);
    const found = {
      input: like(arrays.input),
      weight: like(arrays.weight),
      bias: like(arrays.bias),
    };
    convolutionBackward(
      sizes,
      arrays.input,
      arrays.weight,
      out,
      count,
      found.input,
      found.weight,
      found.bias,
    );
    checkDerivative(name, arrays, found, out, ({ input: x, weight, bias }, y) =>
      convolution(sizes, x, weight, bias, count, y),
    );
  }
});

test('denseBackward() is the derivative of dense()', () => {
  const arrays = { input: random(count * 13, 1), weight: random(7 * 13, 2), bias: random(7, 3) };
  const out = random(count * 7, 4);
  const found = { input: like(arrays.input), weight: like(arrays.weight), bias: like(arrays.bias) };
  denseBackward(arrays.input, arrays.weight, 7, out, count, found.input, found.weight, found.bias);
  checkDerivative('dense', arrays, found, out, ({ input, weight, bias }, y) =>
    dense(input, weight, bias, count, y),
  );
});

test('convolutionBackward() and denseBackward() add up, and leave out what is not wanted', () => {
  const sizes = sizesOf([2, 4, 4], {
    kernels: 2,
    groups: 1,
    kernel: [3, 3],
    stride: [1, 1],
    padding: sides(1),
    rounding: 'floor',
  });
  const [input, weight, out] = [random(count * 32, 1), random(36, 2), random(count * 32, 3)];
  const [once, twice] = [like(weight), like(weight)];
  convolutionBackward(sizes, input, weight, out, count, undefined, once, undefined);
  for (let i = 0; i < 2; i++)
    convolutionBackward(sizes, input, weight, out, count, undefined, twice, undefined);
  near(
    'twice',
    twice,
    once.map((g) => 2 * g),
  );
});

test('lrnBackward() is the derivative of lrn(): across channels, in towers, in a map', () => {
  // α large enough that the normalisation matters at inputs around 1.
  const cases: [string, Shape, Partial<LrnLayer>][] = [
    ['across channels', [7, 3, 2], {}],
    ['fewer channels than the window', [3, 2, 2], {}],
    ['in towers', [8, 2, 3], { groups: 2 }],
    ['inside a map', [2, 6, 5], { across: 'map', size: 3, beta: 0.5 }],
    ['inside a map smaller than the window', [2, 2, 3], { across: 'map', size: 5 }],
  ];
  for (const [name, shape, options] of cases) {
    const layer: LrnLayer = {
      type: 'lrn',
      name: 'lrn',
      across: 'channels',
      size: 5,
      alpha: 0.4,
      beta: 0.75,
      k: 2,
      groups: 1,
      ...options,
    };
    const arrays = { input: random(count * volume(shape), 1) };
    const out = random(count * volume(shape), 2);
    const found = { input: like(arrays.input) };
    lrnBackward(layer, shape, arrays.input, out, count, found.input);
    checkDerivative(name, arrays, found, out, ({ input }, y) => lrn(layer, shape, input, count, y));
  }
});

test("poolings' backwards are their derivatives, with overhang, padding, adaptive regions", () => {
  const shape: Shape = [3, 8, 6];
  const windows: [string, Spans][] = [
    ['overlapping, floor', poolSpans(shape, [3, 3], [2, 2], sides(0), 'floor')],
    ['overlapping, ceil', poolSpans(shape, [3, 3], [2, 2], sides(0), 'ceil')],
    [
      'padded unevenly',
      poolSpans(shape, [3, 2], [2, 1], { top: 1, right: 1, bottom: 2, left: 0 }, 'ceil'),
    ],
    ['adaptive, shrinking', adaptiveSpans(shape, [3, 4])],
    ['adaptive, growing', adaptiveSpans(shape, [9, 7])],
  ];
  for (const [name, spans] of windows) {
    const arrays = { input: random(count * volume(shape), 1) };
    const outputs = count * 3 * spans.rows.length * spans.columns.length;
    const out = random(outputs, 2);
    const switches = new Int32Array(outputs);
    const found = { input: like(arrays.input) };
    maxPool(spans, shape, arrays.input, count, new Float64Array(outputs), switches);
    maxPoolBackward(switches, out, outputs, found.input);
    checkDerivative(`max, ${name}`, arrays, found, out, ({ input }, y) =>
      maxPool(spans, shape, input, count, y, switches),
    );
    averagePoolBackward(spans, shape, out, count, found.input);
    checkDerivative(`average, ${name}`, arrays, found, out, ({ input }, y) =>
      averagePool(spans, shape, input, count, y),
    );
  }
});

test('maxPool() takes the first of equal numbers, as PyTorch does', () => {
  const shape: Shape = [1, 3, 3];
  const spans = poolSpans(shape, [2, 2], [1, 1], sides(0), 'floor');
  const switches = new Int32Array(4);
  maxPool(
    spans,
    shape,
    Float64Array.of(0, 5, 5, 5, 5, 5, 1, 5, 5),
    1,
    new Float64Array(4),
    switches,
  );
  assert.deepEqual([...switches], [1, 1, 3, 4]);
});

test('tanhBackward() is the derivative of tanh()', () => {
  const arrays = { input: random(20, 1) };
  const direction = random(20, 2);
  const found = { input: like(arrays.input) };
  const output = like(arrays.input);
  tanh(arrays.input, 20, output);
  tanhBackward(output, direction, 20, found.input);
  checkDerivative('tanh', arrays, found, direction, ({ input }, y) => tanh(input, 20, y));
});

test('relu() has 0 at zero, its three rules of backward differ as their papers say', () => {
  const input = Float64Array.of(2, 2, -3, -3, 0, 0);
  const g = Float64Array.of(5, -5, 5, -5, 5, -5);
  const output = like(input);
  relu(input, 6, output);
  assert.deepEqual([...output], [2, 2, 0, 0, 0, 0]);
  const back = (rule: 'plain' | 'deconvnet' | 'guided'): number[] => {
    const out = like(input);
    reluBackward(output, g, 6, rule, out);
    return [...out];
  };
  assert.deepEqual(back('plain'), [5, -5, 0, 0, 0, 0]);
  assert.deepEqual(back('deconvnet'), [5, 0, 5, 0, 5, 0]);
  assert.deepEqual(back('guided'), [5, 0, 0, 0, 0, 0]);
});

test('dropout keeps the expected value by either scale, and its mask is addressed by image', () => {
  for (const [scale, kept, atTest] of [
    ['train', 1 / 0.7, 1],
    ['test', 1, 0.7],
  ] as const) {
    const layer: DropoutLayer = { type: 'dropout', name: 'drop', rate: 0.3, scale };
    const factors = (firstImage: number, n: number): Float64Array => {
      const out = new Float64Array(n * 1001);
      dropoutFactors(layer, { seed: 5, step: 2, firstImage }, 1, 1001, n, out);
      return out;
    };
    const four = factors(0, 4);
    assert.deepEqual(
      [...new Set(four)].toSorted((a, b) => a - b),
      [0, kept],
    );
    assert.deepEqual(
      factors(2, 2),
      four.slice(2 * 1001),
      'images 2 and 3 of a batch keep their masks when they come as a batch of their own',
    );
    const mean = four.reduce((sum, f) => sum + f, 0) / four.length;
    assert.ok(Math.abs(mean - atTest) < 0.04, `mean factor ${mean} should be near ${atTest}`);
    const test = new Float64Array(10);
    dropoutFactors(layer, undefined, 1, 5, 2, test);
    assert.deepEqual([...test], Array<number>(10).fill(atTest));
    const [input, out] = [random(8, 1), new Float64Array(8)];
    multiply(input, four, 8, out);
    assert.deepEqual(
      [...out],
      [...input].map((x, i) => x * four[i]!),
    );
  }
});

test("crossEntropy() gives its own loss's derivative, label smoothing or not", () => {
  for (const labelSmoothing of [0, 0.2]) {
    const arrays = { logits: random(count * 5, 1) };
    const labels = [3, 0];
    const loss = ({ logits }: typeof arrays): number =>
      crossEntropy(logits, labels, count, 5, { labelSmoothing, divisor: 3 }, like(logits)).lossSum /
      3;
    const found = { logits: like(arrays.logits) };
    crossEntropy(arrays.logits, labels, count, 5, { labelSmoothing, divisor: 3 }, found.logits);
    checkDerivative(`smoothing ${labelSmoothing}`, arrays, found, Float64Array.of(1), (x, y) => {
      y[0] = loss(x);
    });
  }
});

test('crossEntropy() stays finite where softmax overflows or vanishes', () => {
  const gradient = new Float64Array(3);
  const { lossSum } = crossEntropy(
    [1000, 0, -1000],
    [1],
    1,
    3,
    { labelSmoothing: 0, divisor: 1 },
    gradient,
  );
  assert.equal(lossSum, 1000);
  assert.deepEqual([...gradient], [1, -1, 0]);
});

test('gradients of whole networks are derivatives of their loss, with dropout', async () => {
  for (const network of [
    narrowVariants.paper,
    narrowVariants.source,
    narrowVariants.caffenet,
    narrowVariants.torchvision,
    oddNetwork,
    tanhNetwork,
  ]) {
    const session = await referenceEngine.prepare(network, { batch: count, mode: 'training' });
    const parameters = testParameters(network, 1);
    for (const [name, values] of parameters) await session.setParameter(name, values);
    const [images, labels] = [testImages(network, count, 1), testLabels(network, count, 1)];
    const options = { draw: { seed: 4, step: 9 }, labelSmoothing: 0.1 };
    const loss = async (): Promise<number> =>
      (await session.gradients(images, labels, options)).loss;
    await loss();
    const gradients = new Map<string, Float32Array>();
    for (const name of parameters.keys())
      gradients.set(name, await session.getParameter(name, 'gradient'));
    // Along the gradient itself the loss changes by |g|² per step: one check for all numbers of a
    // parameter at once.
    for (const [name, values] of parameters) {
      const gradient = gradients.get(name)!;
      const norm = Math.hypot(...gradient);
      if (norm < 1e-12) continue;
      const h = (1e-4 * Math.hypot(...values)) / norm;
      const at = async (sign: number): Promise<{ loss: number; moved: Float32Array }> => {
        const moved = values.map((value, i) => value + sign * h * gradient[i]!);
        await session.setParameter(name, moved);
        return { loss: await loss(), moved };
      };
      const [up, down] = [await at(1), await at(-1)];
      await session.setParameter(name, values);
      // What was really moved, after rounding to f32.
      const expected = gradient.reduce((sum, g, i) => sum + g * (up.moved[i]! - down.moved[i]!), 0);
      const apart = Math.abs((up.loss - down.loss) / expected - 1);
      assert.ok(
        apart < 0.02,
        `${name} of ${network.length} layers: the loss changed by ${up.loss - down.loss}, its ` +
          `gradient says ${expected}`,
      );
    }
    await session.dispose();
  }
});

type Arrays = Record<string, Float64Array>;

function checkDerivative<T extends Arrays>(
  name: string,
  arrays: T,
  found: { readonly [K in keyof T]: Float64Array },
  direction: Float64Array,
  forward: (arrays: T, out: Float64Array) => void,
): void {
  const h = 1e-5;
  const [up, down] = [like(direction), like(direction)];
  for (const [key, values] of Object.entries(arrays)) {
    const expected = values.map((value, i) => {
      values[i] = value + h;
      forward(arrays, up);
      values[i] = value - h;
      forward(arrays, down);
      values[i] = value;
      return direction.reduce((sum, r, j) => sum + (r * (up[j]! - down[j]!)) / (2 * h), 0);
    });
    near(`${name}: ${key}`, found[key]!, expected);
  }
}

function near(name: string, found: Float64Array, expected: Float64Array): void {
  const largest = expected.reduce((max, g) => Math.max(max, Math.abs(g)), 0);
  assert.ok(largest > 0, `${name}: a check against zeros would show nothing`);
  for (const [i, g] of expected.entries())
    assert.ok(
      Math.abs(found[i]! - g) < 1e-7 * largest,
      `${name}[${i}]: found ${found[i]}, expected ${g}`,
    );
}

function sizesOf(
  input: Shape,
  layer: {
    kernels: number;
    groups: number;
    kernel: Size;
    stride: Size;
    padding: Padding;
    rounding: Rounding;
  },
): ConvolutionSizes {
  const rule = {
    initial: { distribution: 'constant', value: 0 },
    learningRate: 1,
    decay: 1,
  } as const;
  const shape = inferShapes([
    { type: 'input', name: 'input', shape: input },
    { type: 'convolution', name: 'conv', parameters: { weight: rule, bias: rule }, ...layer },
  ])[1]!;
  return { layer, window: shape.window!, input, output: shape.output };
}

function poolSpans(
  input: Shape,
  kernel: Size,
  stride: Size,
  padding: Padding,
  rounding: Rounding,
): Spans {
  const shape = inferShapes([
    { type: 'input', name: 'input', shape: input },
    { type: 'maxPool', name: 'pool', kernel, stride, padding, rounding },
  ])[1]!;
  return windowSpans(shape.window!, input, shape.output);
}

function sides(cells: number): Padding {
  return { top: cells, right: cells, bottom: cells, left: cells };
}

function random(length: number, index: number): Float64Array {
  const out = new Float64Array(length);
  normal(bits({ seed: 77, purpose: purposes.test, index }), out);
  return out;
}

function like(array: Float64Array): Float64Array {
  return new Float64Array(array.length);
}
