import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LayerType, Network } from '../network/layer.ts';
import { hasParameters } from '../network/layer.ts';
import { parseNetwork } from '../network/json.ts';
import { inferShapes } from '../network/shapes.ts';
import { resolveSettings } from '../training/core/resolve.ts';
import { experiments } from './catalogue/index.ts';
import {
  fourLayers,
  inTowers,
  narrowNetwork,
  withDenseOutputs,
  withHalfTheKernels,
  withSeparatePooling,
  withoutLayer,
  withoutLrn,
} from './networks.ts';

const narrow = narrowNetwork(10);

function sizes(network: Network): string[] {
  return inferShapes(network).map(({ output }) => output.join('×'));
}

function count(network: Network, type: LayerType): number {
  return network.filter((layer) => layer.type === type).length;
}

describe('the networks of the experiments', () => {
  test('of Figure 1 have four layers with weights, and differ in the activation alone', () => {
    const [relu, tanh] = [fourLayers('relu'), fourLayers('tanh')];
    assert.equal(relu.filter(hasParameters).length, 4);
    assert.deepEqual(
      JSON.parse(JSON.stringify(relu).replaceAll('relu', 'tanh')) as unknown,
      JSON.parse(JSON.stringify(tanh)) as unknown,
    );
  });

  test('with wide dense layers differ in fc6 and fc7 alone', () => {
    const outputs = withDenseOutputs(narrow, 1024).flatMap((layer) =>
      layer.type === 'dense' ? [layer.outputs] : [],
    );
    assert.deepEqual(outputs, [1024, 1024, 10]);
    assert.equal(withDenseOutputs(narrow, 128).length, narrow.length);
  });

  test('without LRN have no LRN and everything else', () => {
    assert.equal(count(withoutLrn(narrow), 'lrn'), 0);
    assert.equal(withoutLrn(narrow).length, narrow.length - 2);
  });

  test('with separate pooling keep every size', () => {
    assert.deepEqual(sizes(withSeparatePooling(narrow)), sizes(narrow));
    assert.notDeepEqual(withSeparatePooling(narrow), narrow);
  });

  test('in towers see half of the channels; with half the kernels keep the last convolution', () => {
    const weights = (network: Network): number[] =>
      network.filter((layer) => layer.type === 'convolution').map(({ kernels }) => kernels);
    const towers = inTowers(narrow).flatMap((layer) =>
      layer.type === 'convolution' || layer.type === 'lrn' ? [layer.groups] : [],
    );
    assert.deepEqual(towers, [1, 2, 2, 2, 1, 2, 2]);
    assert.deepEqual(weights(narrow), [24, 48, 64, 64, 48]);
    assert.deepEqual(weights(withHalfTheKernels(narrow)), [12, 24, 32, 32, 48]);
  });

  test('without a layer lack it, its ReLU and its dropout, and nothing more', () => {
    const names = (network: Network): string[] => network.map(({ name }) => name);
    const gone = (name: string): string[] => {
      const rest = names(withoutLayer(narrow, name));
      return names(narrow).filter((one) => !rest.includes(one));
    };
    assert.deepEqual(gone('conv4'), ['conv4', 'relu4']);
    assert.deepEqual(gone('fc7'), ['fc7', 'relu7', 'drop7']);
    assert.throws(() => withoutLayer(narrow, 'conv9'), /no layer conv9/);
  });

  for (const [name, { arms, settings, perClass }] of Object.entries(experiments))
    test(`${name}: every arm is a network and settings that train accepts`, () => {
      assert.equal(new Set(arms.map((arm) => arm.name)).size, arms.length);
      assert.ok(perClass.train > 0 && perClass.val > 0);
      const trained = arms.filter(({ trainedAs }) => trainedAs === undefined);
      for (const arm of trained) {
        const network = arm.network!(10);
        parseNetwork(JSON.parse(JSON.stringify(network)));
        resolveSettings('photos', { ...settings, ...arm.settings, network });
      }
      for (const { trainedAs } of arms)
        assert.ok(trainedAs === undefined || trained.some((arm) => arm.name === trainedAs));
    });
});
