import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { costs } from './costs.ts';
import { hasParameters } from './layer.ts';
import type { Distribution, Layer, LrnLayer, Network, ParameterLayer } from './layer.ts';
import { inferShapes } from './shapes.ts';
import { alexnet, parseVariant, variants } from './variants.ts';
import type { Variant } from './variants.ts';

type Count = readonly [name: string, parameters: number, multiplyAdds: number];

const dense: readonly Count[] = [
  ['fc6', 37_752_832, 37_748_736],
  ['fc7', 16_781_312, 16_777_216],
  ['fc8', 4_097_000, 4_096_000],
];
/** Paper §3.5, worked out by hand. */
const twoTowers: readonly Count[] = [
  ['conv1', 34_944, 105_415_200],
  ['conv2', 307_456, 223_948_800],
  ['conv3', 885_120, 149_520_384],
  ['conv4', 663_936, 112_140_288],
  ['conv5', 442_624, 74_760_192],
  ...dense,
];
const oneTower: readonly Count[] = [
  ['conv1', 34_944, 105_415_200],
  ['conv2', 614_656, 447_897_600],
  ['conv3', 885_120, 149_520_384],
  ['conv4', 1_327_488, 224_280_576],
  ['conv5', 884_992, 149_520_384],
  ...dense,
];
const torchvision: readonly Count[] = [
  ['conv1', 23_296, 70_276_800],
  ['conv2', 307_392, 223_948_800],
  ['conv3', 663_936, 112_140_288],
  ['conv4', 884_992, 149_520_384],
  ['conv5', 590_080, 99_680_256],
  ...dense,
];
const small: readonly Count[] = [
  ['conv1', 3_648, 3_686_400],
  ['conv2', 115_296, 29_491_200],
  ['conv3', 110_720, 7_077_888],
  ['conv4', 147_584, 9_437_184],
  ['conv5', 110_688, 7_077_888],
  ['fc6', 393_472, 393_216],
  ['fc7', 65_792, 65_536],
  ['fc8', 257_000, 256_000],
];

const expected: Readonly<
  Record<Variant, { layers: readonly Count[]; parameters: number; multiplyAdds: number }>
> = {
  paper: { layers: twoTowers, parameters: 60_965_224, multiplyAdds: 724_406_816 },
  source: { layers: twoTowers, parameters: 60_965_224, multiplyAdds: 724_406_816 },
  caffe: { layers: twoTowers, parameters: 60_965_224, multiplyAdds: 724_406_816 },
  caffenet: { layers: twoTowers, parameters: 60_965_224, multiplyAdds: 724_406_816 },
  single: { layers: oneTower, parameters: 62_378_344, multiplyAdds: 1_135_256_096 },
  torchvision: { layers: torchvision, parameters: 61_100_840, multiplyAdds: 714_188_480 },
  onetower: { layers: torchvision, parameters: 61_100_840, multiplyAdds: 714_188_480 },
  small: { layers: small, parameters: 1_204_200, multiplyAdds: 57_485_312 },
};

describe('alexnet() counts, layer by layer,', () => {
  for (const variant of Object.keys(variants) as Variant[]) {
    test(variant, () => {
      const { layers, parameters, multiplyAdds } = costs(alexnet(variant));
      const counted = layers
        .filter(({ layer }) => hasParameters(layer))
        .map((layer): Count => [layer.layer.name, layer.parameters, layer.multiplyAdds]);
      assert.deepEqual(counted, expected[variant].layers);
      assert.deepEqual(
        { parameters, multiplyAdds },
        { parameters: expected[variant].parameters, multiplyAdds: expected[variant].multiplyAdds },
      );
    });
  }
});

/** Where each variant's maps shrink: conv1, pool1, pool2, pool5. */
const sides: readonly [Variant, number, readonly number[]][] = [
  ['paper', 227, [55, 27, 13, 6]],
  ['single', 227, [55, 27, 13, 6]],
  ['source', 224, [55, 27, 13, 6]],
  ['caffe', 227, [55, 27, 13, 6]],
  ['caffe', 224, [54, 27, 13, 6]],
  ['caffenet', 227, [55, 27, 13, 6]],
  ['caffenet', 224, [54, 27, 13, 6]],
  ['torchvision', 224, [55, 27, 13, 6]],
  ['onetower', 224, [55, 27, 13, 6]],
  ['small', 32, [32, 16, 8, 4]],
  ['small', 64, [64, 32, 16, 8]],
];

for (const [variant, input, expectedSides] of sides) {
  test(`alexnet('${variant}') shrinks ${input} to ${expectedSides.join('→')}`, () => {
    const shapes = inferShapes(alexnet(variant, { input }));
    const found = ['conv1', 'pool1', 'pool2', 'pool5'].map(
      (name) => shapes.find(({ layer }) => layer.name === name)!.output,
    );
    assert.deepEqual(
      found.map(([, height]) => height),
      expectedSides,
    );
    assert.deepEqual(
      found.map(([, , width]) => width),
      expectedSides,
    );
  });
}

test("alexnet('source') hangs its last kernels 3 pixels over the right and bottom edge", () => {
  const conv1 = inferShapes(alexnet('source'))[1]!;
  assert.deepEqual(conv1.window?.padding, { top: 0, left: 0, right: 3, bottom: 3 });
});

/** The order of layers, which tutorials get wrong. */
const front: Readonly<Record<Exclude<Variant, 'small'>, string>> = {
  paper: 'conv1 relu1 lrn1 pool1 conv2 relu2 lrn2 pool2 conv3',
  single: 'conv1 relu1 lrn1 pool1 conv2 relu2 lrn2 pool2 conv3',
  source: 'conv1 lrn1 pool1 relu1 conv2 relu2 lrn2 lrn2map pool2 conv3',
  caffe: 'conv1 relu1 lrn1 pool1 conv2 relu2 lrn2 pool2 conv3',
  caffenet: 'conv1 relu1 pool1 lrn1 conv2 relu2 pool2 lrn2 conv3',
  torchvision: 'conv1 relu1 pool1 conv2 relu2 pool2 conv3',
  onetower: 'conv1 lrn1 pool1 relu1 conv2 relu2 lrn2 pool2 conv3',
};
for (const [variant, order] of Object.entries(front)) {
  test(`alexnet('${variant}') begins ${order}`, () => {
    const names = alexnet(variant as Variant).map(({ name }) => name);
    assert.equal(names.slice(1, names.indexOf('conv3') + 1).join(' '), order);
  });
}

test('alexnet() drops out after fc6 and fc7, torchvision before them, and nobody at fc8', () => {
  const behind = (variant: Variant): string[] => {
    const network = alexnet(variant);
    return network.flatMap(({ type }, i) =>
      type === 'dropout' ? [`${network[i - 1]!.name} ${network[i + 1]!.name}`] : [],
    );
  };
  for (const variant of Object.keys(variants) as Variant[]) {
    if (variant !== 'torchvision')
      assert.deepEqual(behind(variant), ['relu6 fc7', 'relu7 fc8'], variant);
  }
  assert.deepEqual(behind('torchvision'), ['avgpool fc6', 'relu6 fc7']);
});

test('alexnet() scales dropout when testing as the authors, or training as the frameworks', () => {
  const scales = (variant: Variant): string[] =>
    alexnet(variant).flatMap((layer) =>
      layer.type === 'dropout' ? [`${layer.rate} ${layer.scale}`] : [],
    );
  for (const variant of ['paper', 'single', 'source', 'onetower'] as const)
    assert.deepEqual(scales(variant), ['0.5 test', '0.5 test']);
  for (const variant of ['caffe', 'caffenet', 'torchvision', 'small'] as const)
    assert.deepEqual(scales(variant), ['0.5 train', '0.5 train']);
});

const lrns: Readonly<Record<Variant, readonly Omit<LrnLayer, 'type' | 'name' | 'beta'>[]>> = {
  paper: [across(1e-4, 2, 2), across(1e-4, 2, 2)],
  single: [across(1e-4, 2, 1), across(1e-4, 2, 1)],
  source: [
    across(1e-4 / 5, 2, 2),
    across(1e-4 / 5, 2, 2),
    { across: 'map', size: 5, alpha: 0.001 / 25, k: 1, groups: 1 },
  ],
  caffe: [across(1e-4 / 5, 1, 1), across(1e-4 / 5, 1, 1)],
  caffenet: [across(1e-4 / 5, 1, 1), across(1e-4 / 5, 1, 1)],
  torchvision: [],
  onetower: [across(1e-4 / 5, 2, 1), across(1e-4 / 5, 2, 1)],
  small: [across(1e-4, 2, 1), across(1e-4, 2, 1)],
};
function across(
  alpha: number,
  k: number,
  groups: number,
): Omit<LrnLayer, 'type' | 'name' | 'beta'> {
  return { across: 'channels', size: 5, alpha, k, groups };
}
for (const [variant, constants] of Object.entries(lrns)) {
  test(`alexnet('${variant}') normalises with its own k, α and towers`, () => {
    const found = alexnet(variant as Variant).filter((layer) => layer.type === 'lrn');
    assert.deepEqual(
      found.map(({ across: where, size, alpha, k, groups }) => ({
        across: where,
        size,
        alpha,
        k,
        groups,
      })),
      constants,
    );
    assert.ok(found.every(({ beta }) => beta === 0.75));
  });
}

const parameterLayers = ['conv1', 'conv2', 'conv3', 'conv4', 'conv5', 'fc6', 'fc7', 'fc8'];
const initial: Readonly<
  Record<
    'paper' | 'single' | 'source' | 'onetower' | 'caffe' | 'caffenet',
    { deviations: number[]; biases: number[]; biasRate: number; biasDecay: number }
  >
> = {
  paper: {
    deviations: [0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01],
    biases: [0, 1, 0, 1, 1, 1, 1, 0],
    biasRate: 1,
    biasDecay: 1,
  },
  single: {
    deviations: [0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01],
    biases: [0, 1, 0, 1, 1, 1, 1, 0],
    biasRate: 1,
    biasDecay: 1,
  },
  source: {
    deviations: [0.01, 0.01, 0.03, 0.03, 0.03, 0.01, 0.01, 0.01],
    biases: [0, 1, 0, 1, 1, 1, 1, 0],
    biasRate: 2,
    biasDecay: 0,
  },
  onetower: {
    deviations: [0.01, 0.01, 0.03, 0.03, 0.03, 0.01, 0.01, 0.01],
    biases: [0, 1, 0, 1, 1, 1, 1, -7],
    biasRate: 2,
    biasDecay: 0,
  },
  caffe: {
    deviations: [0.01, 0.01, 0.01, 0.01, 0.01, 0.005, 0.005, 0.01],
    biases: [0, 0.1, 0, 0.1, 0.1, 0.1, 0.1, 0],
    biasRate: 2,
    biasDecay: 0,
  },
  caffenet: {
    deviations: [0.01, 0.01, 0.01, 0.01, 0.01, 0.005, 0.005, 0.01],
    biases: [0, 1, 0, 1, 1, 1, 1, 0],
    biasRate: 2,
    biasDecay: 0,
  },
};
for (const [variant, { deviations, biases, biasRate, biasDecay }] of Object.entries(initial)) {
  test(`alexnet('${variant}') starts from its own deviations, biases and multipliers`, () => {
    for (const [
      i,
      {
        name,
        parameters: { weight, bias },
      },
    ] of withParameters(alexnet(variant as Variant)).entries()) {
      assert.equal(name, parameterLayers[i]);
      assert.deepEqual(
        weight,
        {
          initial: { distribution: 'normal', standardDeviation: deviations[i] },
          learningRate: 1,
          decay: 1,
        },
        name,
      );
      assert.deepEqual(
        bias,
        {
          initial: { distribution: 'constant', value: biases[i] },
          learningRate: biasRate,
          decay: biasDecay,
        },
        name,
      );
    }
  });
}

test("alexnet('torchvision') starts uniform within 1/√fan-in, weights and biases alike", () => {
  const fanIns = [363, 1600, 1728, 3456, 2304, 9216, 4096, 4096];
  for (const [i, { name, parameters }] of withParameters(alexnet('torchvision')).entries()) {
    const rule = {
      initial: { distribution: 'uniform', bound: 1 / Math.sqrt(fanIns[i]!) },
      learningRate: 1,
      decay: 1,
    };
    assert.deepEqual(parameters, { weight: rule, bias: rule }, name);
  }
});

test("alexnet('small') starts at √(2/fan-in), the last layer at √(1/fan-in)", () => {
  const fanIns = [75, 1200, 864, 1152, 1152, 1536, 256, 256];
  for (const [
    i,
    {
      name,
      parameters: { weight, bias },
    },
  ] of withParameters(alexnet('small')).entries()) {
    const expectedInitial: Distribution = {
      distribution: 'normal',
      standardDeviation: Math.sqrt((name === 'fc8' ? 1 : 2) / fanIns[i]!),
    };
    assert.deepEqual(weight, { initial: expectedInitial, learningRate: 1, decay: 1 }, name);
    assert.deepEqual(
      bias,
      { initial: { distribution: 'constant', value: 0 }, learningRate: 1, decay: 0 },
      name,
    );
  }
});

test('alexnet() takes any number of classes', () => {
  for (const variant of Object.keys(variants) as Variant[]) {
    const { layers } = costs(alexnet(variant, { classes: 3 }));
    assert.deepEqual(layers.at(-1)!.output, [3, 1, 1]);
  }
});

test('alexnet() narrows kernels and dense units to even numbers, not the classes', () => {
  const counts = withParameters(alexnet('paper', { width: 1 / 32, classes: 7 })).map((layer) =>
    layer.type === 'dense' ? layer.outputs : layer.kernels,
  );
  assert.deepEqual(counts, [4, 8, 12, 12, 8, 128, 128, 7]);
});

test('alexnet() explains 224 for the paper and names the four right ways', () => {
  for (const variant of ['paper', 'single'] as const) {
    assert.throws(() => alexnet(variant, { input: 224 }), {
      name: 'AlexNetError',
      message:
        'Layer "conv1" does not fit its input of 3×224×224: (224 − 11 + 2·0)/4 + 1 = 54.25 is ' +
        'not whole, and rounding it down would leave 1 of 224 cells unseen. ' +
        'The nearest input sizes that fit: 223×223 and 227×227. ' +
        'Rounded down, 224 would shrink to 54→26→12→5 instead of 55→27→13→6, so fc6 would ' +
        'read 6,400 numbers instead of 9,216. ' +
        'Four ways that are right: 227 without padding (input 227); 224 with 3 zeros on the ' +
        'right and bottom, what the authors ran (variant source); ' +
        '224 with padding 2 (variant torchvision); 224 with ceil-mode pooling, 54→27→13→6 ' +
        '(variant caffe or caffenet).',
    });
  }
});

test('alexnet() refuses options that are no sizes', () => {
  assert.throws(() => alexnet('paper', { classes: 0 }), {
    name: 'UsageError',
    message: 'Expected classes to be a whole number above zero but found 0.',
  });
  assert.throws(() => alexnet('paper', { input: 22.5 }), {
    name: 'UsageError',
    message: 'Expected input to be a whole number above zero but found 22.5.',
  });
  assert.throws(() => alexnet('paper', { width: Infinity }), {
    name: 'UsageError',
    message: 'Expected width to be a factor above zero but found Infinity.',
  });
});

test('alexnet() refuses a picture that is smaller than its kernels', () => {
  assert.throws(() => alexnet('caffe', { input: 10 }), {
    message:
      'Layer "conv1" does not fit its input of 3×10×10: (10 − 11 + 2·0)/4 is negative, ' +
      'because the window of 11 is larger than the map of 10. ' +
      'The nearest input sizes that fit: 55×55.',
  });
});

test('parseVariant() names the nearest variant and lists all', () => {
  assert.equal(parseVariant('caffenet'), 'caffenet');
  const list =
    'The variants are: paper, single, source, caffe, caffenet, torchvision, onetower, small.';
  assert.throws(() => parseVariant('papr'), {
    name: 'UsageError',
    message: `There is no variant "papr". Did you mean "paper"? ${list}`,
  });
  assert.throws(() => parseVariant('resnet50'), {
    name: 'UsageError',
    message: `There is no variant "resnet50". ${list}`,
  });
  assert.throws(() => parseVariant('toString'), {
    name: 'UsageError',
    message: `There is no variant "toString". ${list}`,
  });
});

function withParameters(network: Network): ParameterLayer[] {
  return network.filter((layer: Layer) => hasParameters(layer));
}
