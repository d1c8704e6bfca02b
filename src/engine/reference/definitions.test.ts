import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dividedAlpha, undividedAlpha } from '../../network/layer.ts';
import type { LrnLayer } from '../../network/layer.ts';
import { alexnet } from '../../network/variants.ts';
import { lrn } from './lrn.ts';

// LRN against numbers worked out by hand from the definitions in the paper (§3.3), in Caffe's
// LRNLayer and in the authors' code.

const tenOf100 = Array<number>(10).fill(100);

test("the paper's LRN of 100 among five channels of 100 is 100/(2 + 1e-4·50000)^0.75", () => {
  const out = run(lrnOf('paper', 'lrn1'), tenOf100);
  close(out[2]!, 100 / 7 ** 0.75);
  close(out[1]!, 100 / 6 ** 0.75);
  close(out[0]!, 100 / 5 ** 0.75);
});

test("Caffe's LRN divides α by 5 and has k = 1: 100/(1 + 1e-4/5·50000)^0.75", () => {
  for (const variant of ['caffe', 'caffenet'] as const)
    close(run(lrnOf(variant, 'lrn1'), tenOf100)[2]!, 100 / 2 ** 0.75);
});

test("the authors' LRN divides α by 5 with k = 2, and by 25 inside a map with k = 1", () => {
  close(run(lrnOf('source', 'lrn1'), tenOf100)[2]!, 100 / 3 ** 0.75);
  const map = lrnOf('source', 'lrn2map');
  const out = new Float64Array(25);
  lrn(map, [1, 5, 5], new Float64Array(25).fill(10), 1, out);
  close(out[12]!, 10 / (1 + (0.001 / 25) * 25 * 100) ** 0.75);
  close(out[0]!, 10 / (1 + (0.001 / 25) * 9 * 100) ** 0.75);
});

test('an LRN window crosses from tower to tower in Caffe, not in paper and source', () => {
  for (const [variant, groups] of [
    ['paper', 2],
    ['source', 2],
    ['caffe', 1],
    ['caffenet', 1],
    ['single', 1],
  ] as const) {
    const layer = lrnOf(variant, 'lrn1');
    assert.equal(layer.groups, groups, variant);
    const lone = [0, 0, 0, 0, 0, 1000, 0, 0, 0, 0];
    const neighbour = run(
      layer,
      lone.map((value, i) => (i === 4 ? 1 : value)),
    )[4]!;
    const alone = run(
      layer,
      lone.map((_, i) => (i === 4 ? 1 : 0)),
    )[4]!;
    assert.equal(
      neighbour === alone,
      groups === 2,
      `${variant}: channel 4 of 10 and its neighbour 5`,
    );
  }
});

test('dividedAlpha() and undividedAlpha() turn into each other', () => {
  assert.equal(dividedAlpha({ across: 'channels', size: 5, alpha: 1e-4 }), 5e-4);
  close(undividedAlpha({ across: 'map', size: 5 }, 0.001), 4e-5);
  close(dividedAlpha({ across: 'map', size: 5, alpha: 4e-5 }), 0.001);
});

test('bvlc_alexnet normalises before it pools, CaffeNet after it', () => {
  type Ordered = 'caffe' | 'caffenet' | 'source' | 'onetower' | 'paper';
  const types = (variant: Ordered, from = 1, to = 10): string[] =>
    alexnet(variant)
      .slice(from, to)
      .map(({ name }) => name);
  assert.deepEqual(types('paper'), [
    'conv1',
    'relu1',
    'lrn1',
    'pool1',
    'conv2',
    'relu2',
    'lrn2',
    'pool2',
    'conv3',
  ]);
  assert.deepEqual(types('caffe'), types('paper'));
  assert.deepEqual(types('caffenet'), [
    'conv1',
    'relu1',
    'pool1',
    'lrn1',
    'conv2',
    'relu2',
    'pool2',
    'lrn2',
    'conv3',
  ]);
  assert.deepEqual(types('source'), [
    'conv1',
    'lrn1',
    'pool1',
    'relu1',
    'conv2',
    'relu2',
    'lrn2',
    'lrn2map',
    'pool2',
  ]);
  assert.deepEqual(types('paper', -11, -8), ['conv5', 'relu5', 'pool5']);
  assert.deepEqual(types('source', -11, -8), ['conv5', 'pool5', 'relu5']);
  assert.deepEqual(types('onetower', 1, 9), [
    'conv1',
    'lrn1',
    'pool1',
    'relu1',
    'conv2',
    'relu2',
    'lrn2',
    'pool2',
  ]);
  assert.deepEqual(types('onetower', -11, -8), ['conv5', 'pool5', 'relu5']);
});

function lrnOf(
  variant: 'paper' | 'single' | 'source' | 'caffe' | 'caffenet',
  name: string,
): LrnLayer {
  const layer = alexnet(variant).find((candidate) => candidate.name === name);
  assert.ok(layer?.type === 'lrn');
  return layer;
}

/** One number per channel through an LRN layer. */
function run(layer: LrnLayer, channels: readonly number[]): Float64Array {
  const out = new Float64Array(channels.length);
  lrn(layer, [channels.length, 1, 1], Float64Array.from(channels), 1, out);
  return out;
}

function close(found: number, expected: number): void {
  assert.ok(Math.abs(found / expected - 1) < 1e-12, `found ${found}, expected ${expected}`);
}
