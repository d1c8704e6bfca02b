import assert from 'node:assert/strict';
import { test } from 'node:test';
import { referenceEngine } from '../engine/reference/index.ts';
import type { Network } from '../network/layer.ts';
import { inferShapes } from '../network/shapes.ts';
import { alexnet } from '../network/variants.ts';
import { parseNetwork } from '../network/json.ts';
import { randomNumbers } from '../testing/data.ts';
import { oddNetwork } from '../testing/networks.ts';
import { overInput, receptiveCentres, receptiveField } from './receptive.ts';
import type { Span } from './receptive.ts';

test('receptiveField() knows the well-known fields of AlexNet', () => {
  const network = alexnet('paper');
  const side = (layer: string, place: number): number => {
    const { start, end } = receptiveField(network, layer, place, place).rows;
    return end - start;
  };
  assert.deepEqual(
    [
      side('conv1', 20),
      side('pool1', 13),
      side('conv2', 13),
      side('pool2', 6),
      side('conv3', 6),
      side('conv4', 6),
      side('conv5', 6),
    ],
    [11, 19, 51, 67, 99, 131, 163],
  );
  assert.deepEqual(receptiveField(network, 'fc6', 0, 0), {
    rows: { start: 0, end: 227 },
    columns: { start: 0, end: 227 },
  });
  assert.deepEqual(receptiveField(network, 'conv3', 0, 12), {
    rows: { start: 0, end: 67 },
    columns: { start: 160, end: 227 },
  });
});

/**
 * Which rows (columns) of a layer move when a row (column) of the input is changed, a lot or to
 * nothing, in several random pictures. Positive weights that sum to one, so that nothing cancels
 * and no ReLU closes.
 */
async function movedBy(
  network: Network,
  layer: string,
): Promise<{ rows: Set<string>; columns: Set<string> }> {
  const [channels, height, width] = inferShapes(network)[0]!.output;
  const [, mapHeight, mapWidth] = inferShapes(network).find(
    (shape) => shape.layer.name === layer,
  )!.output;
  const session = await referenceEngine.prepare(network, {
    batch: Math.max(height, width) + 1,
    mode: 'inference',
    keep: [layer],
  });
  for (const { name, size, shape } of session.parameters)
    await session.setParameter(
      name,
      new Float32Array(size).map((_, i) => ((0.5 + (i % 7) / 10) * shape[0]!) / size),
    );
  const moved = { rows: new Set<string>(), columns: new Set<string>() };
  for (let trial = 0; trial < 4; trial++) {
    const base = randomNumbers(channels * height * width, 1, trial).map(Math.abs);
    for (const [kind, length, step, mapLength, mapStep] of [
      ['rows', height, width, mapHeight, mapWidth],
      ['columns', width, 1, mapWidth, 1],
    ] as const) {
      const images = Array.from({ length: length + 1 }, (_, pixel) =>
        base.map((value, i) =>
          Math.floor(i / step) % length === pixel ? (trial % 2) * 20 : value,
        ),
      );
      await session.forward(Float32Array.from(images.flatMap((image) => [...image])));
      const found = await session.activation(layer);
      const size = found.length / images.length;
      found.forEach((value, i) => {
        const unit = Math.floor(i / mapStep) % mapLength;
        if (value !== found[length * size + (i % size)])
          moved[kind].add(`${Math.floor(i / size)} ${unit}`);
      });
    }
  }
  await session.dispose();
  return moved;
}

/** The network up to a layer, ended as networks must end. */
function upTo(network: Network, last: string): Network {
  const end = network.findIndex(({ name }) => name === last);
  const rules = { initial: { distribution: 'constant', value: 0 }, learningRate: 1, decay: 1 };
  return parseNetwork([
    ...network.slice(0, end + 1),
    { type: 'dense', name: 'fc', outputs: 2, parameters: { weight: rules, bias: rules } },
    { type: 'softmax', name: 'softmax' },
  ]);
}

const cases: readonly [string, Network, string][] = [
  [
    'caffe, pooling that hangs over',
    upTo(alexnet('caffe', { width: 1 / 32, input: 64, classes: 2 }), 'conv5'),
    'conv5',
  ],
  [
    'source, kernels that hang over and LRN inside maps',
    upTo(alexnet('source', { width: 1 / 32, input: 64, classes: 2 }), 'conv3'),
    'conv3',
  ],
  ['odd sizes up to average pooling', upTo(oddNetwork, 'pool2'), 'pool2'],
  ['odd sizes with adaptive pooling', upTo(oddNetwork, 'pool3'), 'pool3'],
];

for (const [name, network, layer] of cases) {
  test(`receptiveField() is what moves a unit when a pixel is changed: ${name}`, async () => {
    const { rows, columns } = await movedBy(network, layer);
    const [, height, width] = inferShapes(network).find(
      (shape) => shape.layer.name === layer,
    )!.output;
    const pairs = (length: number, span: (unit: number) => Span): string[] =>
      Array.from({ length }, (_, unit) =>
        Array.from(
          { length: span(unit).end - span(unit).start },
          (_, i) => `${span(unit).start + i} ${unit}`,
        ),
      ).flat();
    assert.deepEqual(
      [...rows].toSorted(),
      pairs(height, (y) => receptiveField(network, layer, y, 0).rows).toSorted(),
    );
    assert.deepEqual(
      [...columns].toSorted(),
      pairs(width, (x) => receptiveField(network, layer, 0, x).columns).toSorted(),
    );
  });
}

test('receptiveCentres() are evenly apart, and overInput() puts each number at its centre', () => {
  const network = alexnet('paper');
  const { rows, columns } = receptiveCentres(network, 'conv5');
  assert.deepEqual(
    [...rows],
    Array.from({ length: 13 }, (_, i) => 17 + 16 * i),
  );
  const map = Float32Array.from({ length: 169 }, (_, i) => (i * 37) % 100);
  const laid = overInput(map, { rows, columns }, [3, 227, 227]);
  assert.equal(laid.length, 227 * 227);
  for (const [y, x] of [
    [0, 0],
    [5, 7],
    [12, 12],
  ] as const)
    assert.equal(laid[rows[y]! * 227 + columns[x]!], map[y * 13 + x]);
  assert.equal(laid[0], map[0]);
  assert.equal(laid.at(-1), map.at(-1));
  assert.equal(laid[17 * 227 + 25], (map[0]! + map[1]!) / 2);
});

test('receptiveField() refuses a place that the layer does not have', () => {
  assert.throws(() => receptiveField(alexnet('paper'), 'conv3', 13, 0), {
    message: 'Layer "conv3" has maps of 13×13, so there is no place (13, 0) in it.',
  });
});
