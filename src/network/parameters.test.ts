import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initialValues, parametersOf } from './parameters.ts';
import { alexnet } from './variants.ts';

test('parametersOf() gives weight before bias, layer by layer, in the canonical layout', () => {
  const parameters = parametersOf(alexnet('paper'));
  assert.deepEqual(
    parameters.map(({ name, shape }) => `${name} ${shape.join('×')}`),
    [
      'conv1.weight 96×3×11×11',
      'conv1.bias 96',
      'conv2.weight 256×48×5×5',
      'conv2.bias 256',
      'conv3.weight 384×256×3×3',
      'conv3.bias 384',
      'conv4.weight 384×192×3×3',
      'conv4.bias 384',
      'conv5.weight 256×192×3×3',
      'conv5.bias 256',
      'fc6.weight 4096×9216',
      'fc6.bias 4096',
      'fc7.weight 4096×4096',
      'fc7.bias 4096',
      'fc8.weight 1000×4096',
      'fc8.bias 1000',
    ],
  );
  assert.equal(
    parameters.reduce((sum, { size }) => sum + size, 0),
    60_965_224,
  );
});

/** Mean and standard deviation. */
function moments(values: Float32Array): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    mean,
    deviation: Math.sqrt(
      values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length,
    ),
  };
}

/**
 * Both within five standard errors, so that a right generator passes for every seed that matters.
 */
function assertMoments(values: Float32Array, deviation: number): void {
  const found = moments(values);
  const error = deviation / Math.sqrt(values.length);
  assert.ok(Math.abs(found.mean) < 5 * error, `mean ${found.mean}`);
  assert.ok(
    Math.abs(found.deviation - deviation) < 5 * error,
    `standard deviation ${found.deviation}, not ${deviation}`,
  );
}

test("initialValues() draws normal weights of the rule's own standard deviation", () => {
  for (const variant of ['paper', 'source'] as const) {
    const parameters = parametersOf(alexnet(variant, { width: 1 / 4 }));
    for (const [index, { name, kind, rule, size }] of parameters.entries()) {
      if (kind === 'bias' || size > 2e5) continue;
      assert.equal(rule.initial.distribution, 'normal', name);
      const deviation = variant === 'source' && /conv[345]/.test(name) ? 0.03 : 0.01;
      assertMoments(initialValues(parameters[index]!, index, 7), deviation);
    }
  }
});

test('initialValues() fills biases with their constant', () => {
  const parameters = parametersOf(alexnet('caffe', { width: 1 / 16 }));
  const biases = parameters.flatMap((parameter, index) =>
    parameter.kind === 'bias' ? [initialValues(parameter, index, 1)] : [],
  );
  const point1 = Math.fround(0.1);
  assert.deepEqual(
    biases.map((values) => [...new Set(values)]),
    [[0], [point1], [0], [point1], [point1], [point1], [point1], [0]],
  );
});

test("initialValues() draws torchvision's weights evenly from −1/√fan-in up to 1/√fan-in", () => {
  const parameters = parametersOf(alexnet('torchvision'));
  const values = initialValues(parameters[0]!, 0, 3);
  const bound = 1 / Math.sqrt(363);
  assert.ok(values.every((value) => Math.abs(value) <= bound));
  assertMoments(values, bound / Math.sqrt(3));
});

test("initialValues() depend on the seed and the parameter's place, on nothing else", () => {
  const parameters = parametersOf(alexnet('small'));
  const values = initialValues(parameters[0]!, 0, 1);
  assert.deepEqual(initialValues(parameters[0]!, 0, 1), values);
  assert.notDeepEqual(initialValues(parameters[0]!, 0, 2), values);
  assert.notDeepEqual(initialValues(parameters[0]!, 2, 1), values);
});
