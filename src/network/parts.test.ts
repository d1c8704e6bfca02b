import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parametersOf } from './parameters.ts';
import { cutNetwork, networkPart } from './parts.ts';
import { inferShapes } from './shapes.ts';
import { alexnet } from './variants.ts';

const network = alexnet('paper');

test('cutNetwork() gives parts whose layers, one after another, are those of the whole', () => {
  const parts = cutNetwork(network, ['pool2', 'drop6']);
  assert.deepEqual(
    parts.map((part) => part.network.map(({ name }) => name).join(' ')),
    [
      'input conv1 relu1 lrn1 pool1 conv2 relu2 lrn2 pool2',
      'input conv3 relu3 conv4 relu4 conv5 relu5 pool5 fc6 relu6 drop6',
      'input fc7 relu7 drop7 fc8 softmax',
    ],
  );
  assert.deepEqual(
    parts.flatMap((part) => part.network.slice(1)),
    network.slice(1),
  );
});

test('a part takes the shape that the layer before it gives, and has its parameters', () => {
  const whole = inferShapes(network);
  const parts = cutNetwork(network, ['pool2', 'pool5', 'relu6']);
  const shapes = parts.flatMap((part) => inferShapes(part.network).slice(1));
  assert.deepEqual(
    shapes.map(({ output }) => output),
    whole.slice(1).map(({ output }) => output),
  );
  assert.deepEqual(parts[2]!.network[0], { type: 'input', name: 'input', shape: [256, 6, 6] });
  assert.deepEqual(
    parts.flatMap((part) => parametersOf(part.network)).map(({ name, shape }) => [name, shape]),
    parametersOf(network).map(({ name, shape }) => [name, shape]),
  );
});

test('a part knows how many dropout layers and parameters lie before it', () => {
  const told = cutNetwork(network, ['relu1', 'relu6', 'drop6', 'fc7']).map(
    ({ dropoutBefore, parametersBefore }) => [dropoutBefore, parametersBefore],
  );
  assert.deepEqual(told, [
    [0, 0],
    [0, 2],
    [0, 12],
    [1, 12],
    [1, 14],
  ]);
});

test('cutNetwork() without cuts gives the whole', () => {
  const [whole, ...others] = cutNetwork(network, []);
  assert.deepEqual(whole!.network, network);
  assert.deepEqual(others, []);
});

test('networkPart() and cutNetwork() refuse what is no part', () => {
  const refused = (call: () => unknown, message: string): void =>
    assert.throws(call, { name: 'AlexNetError', message });
  refused(
    () => networkPart(network, 'conv2', 'conv1'),
    'Expected a part from a layer to one after it, but "conv2" stands after "conv1".',
  );
  refused(
    () => networkPart(network, 'input', 'conv1'),
    'A part starts and ends after the input layer "input", with which each begins.',
  );
  refused(
    () => cutNetwork(network, ['pool2', 'pool1']),
    'Expected a part from a layer to one after it, but "conv3" stands after "pool1".',
  );
  refused(
    () => cutNetwork(network, ['softmax']),
    'A network cannot be cut after its last layer, "softmax".',
  );
  assert.throws(
    () => networkPart(network, 'conv1', 'conv9'),
    /^UsageError: There is no layer "conv9"/,
  );
});
