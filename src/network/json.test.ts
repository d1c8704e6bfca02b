import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNetwork, stringifyNetwork } from './json.ts';
import type { Network } from './layer.ts';
import { alexnet, variants } from './variants.ts';
import type { Variant } from './variants.ts';

const small = alexnet('small');

/** The small network as plain data, with one layer's fields changed. */
function changed(name: string, change: Record<string, unknown>): unknown {
  return small.map((layer) => (layer.name === name ? { ...layer, ...change } : layer));
}

function refused(value: unknown, message: string): void {
  assert.throws(() => parseNetwork(value), { name: 'AlexNetError', message });
}

test('parseNetwork() reads back what stringifyNetwork() wrote, for every variant', () => {
  for (const variant of Object.keys(variants) as Variant[])
    assert.deepEqual(parseNetwork(stringifyNetwork(alexnet(variant))), alexnet(variant), variant);
});

test('stringifyNetwork() writes one layer a line', () => {
  const lines = stringifyNetwork(small).trimEnd().split('\n');
  assert.equal(lines.length, small.length + 2);
  assert.equal(lines[1], '  {"type":"input","name":"input","shape":[3,32,32]},');
});

test('parseNetwork() takes the value that JSON.parse gave', () => {
  assert.deepEqual(parseNetwork(JSON.parse(JSON.stringify(small))), small);
});

test('parseNetwork() refuses what is no JSON, and what is no list', () => {
  assert.throws(() => parseNetwork('[{'), {
    name: 'AlexNetError',
    message: /^The network is not valid JSON: .+\.$/,
  });
  refused('{"layers":[]}', 'A network must be a JSON array of layers, but found {"layers":[]}.');
  refused(undefined, 'A network must be a JSON array of layers, but found nothing.');
});

test('parseNetwork() names the layer, the field, what was expected and what was found', () => {
  refused(
    changed('conv2', { kernels: 0 }),
    'Layer 5 "conv2" of the network is not valid: expected its "kernels" to be a whole number ' +
      'above 0 but found 0.',
  );
  refused(
    changed('lrn1', { size: 4 }),
    'Layer 3 "lrn1" of the network is not valid: expected its "size" to be an odd number, so ' +
      'that the window has a middle, but found 4.',
  );
  refused(
    changed('drop6', { rate: 1 }),
    'Layer 19 "drop6" of the network is not valid: expected its "rate" to be a number from 0 ' +
      'to below 1 but found 1.',
  );
  refused(
    changed('conv1', { padding: { top: -1, right: 0, bottom: 0, left: 0 } }),
    'Layer 1 "conv1" of the network is not valid: expected its "padding.top" to be a whole ' +
      'number not below 0 but found -1.',
  );
  refused(
    changed('fc6', { outputs: '256' }),
    'Layer 17 "fc6" of the network is not valid: expected its "outputs" to be a whole number ' +
      'above 0 but found "256".',
  );
});

test('parseNetwork() refuses unknown types and unknown fields', () => {
  refused(
    changed('relu1', { type: 'gelu' }),
    'Layer 2 "relu1" of the network is not valid: expected its "type" to be "input" or ' +
      '"convolution" or "relu" or "tanh" or "lrn" or "maxPool" or "averagePool" or ' +
      '"adaptiveAveragePool" or "dense" or "dropout" or "softmax" but found "gelu".',
  );
  refused(
    changed('relu1', { slope: 0.1 }),
    'Layer 2 "relu1" of the network is not valid: expected its "slope" to be left out (the ' +
      'fields are type, name) but found 0.1.',
  );
});

test('parseNetwork() refuses what is missing, and what only looks like a layer', () => {
  refused(
    changed('conv1', { stride: undefined }),
    'Layer 1 "conv1" of the network is not valid: expected its "stride" to be a list of 2 but ' +
      'found nothing.',
  );
  refused(
    changed('conv1', { stride: [1, 0] }),
    'Layer 1 "conv1" of the network is not valid: expected its "stride.1" to be a whole ' +
      'number above 0 but found 0.',
  );
  refused(
    changed('conv1', { kernels: NaN }),
    'Layer 1 "conv1" of the network is not valid: expected its "kernels" to be a whole number ' +
      'above 0 but found null.',
  );
  refused(
    [...small, null],
    `Layer ${small.length} of the network is not valid: expected it to be an object but found ` +
      'null.',
  );
  refused(
    JSON.parse(JSON.stringify(small).replace('"type":"relu"', '"type":"relu","__proto__":{}')),
    'Layer 2 "relu1" of the network is not valid: expected its "__proto__" to be left out ' +
      '(the fields are type, name) but found {}.',
  );
});

test('parseNetwork() gives a network of its own', () => {
  const given = JSON.parse(JSON.stringify(small)) as { shape: number[] }[];
  const network = parseNetwork(given);
  given[0]!.shape[0] = 7;
  assert.deepEqual(network, small);
});

test('parseNetwork() refuses two layers of one name', () => {
  refused(
    changed('relu2', { name: 'relu1' }),
    'Layer names must differ, but "relu1" is given twice (the second time to layer 6).',
  );
});

test('parseNetwork() wants one input first and one softmax last', () => {
  refused(
    small.slice(1),
    'A network starts with an input layer, but the first layer found is "conv1" of type ' +
      '"convolution".',
  );
  refused(
    small.slice(0, -1),
    'A network must end with a softmax, but its last layer is "fc8" of type "dense".',
  );
  refused([], 'A network must end with a softmax, but its last layer is missing.');
  refused(
    [...small.slice(0, -1), { type: 'softmax', name: 'early' }, { type: 'softmax', name: 'last' }],
    'Layer "early" is a softmax, which only the last layer can be; it is layer ' +
      `${small.length - 1} of ${small.length + 1}.`,
  );
  const twice: Network = [
    small[0]!,
    { type: 'input', name: 'again', shape: [1, 1, 1] },
    ...small.slice(1),
  ];
  refused(twice, 'Layer "again" is an input, which only the first layer can be; it is layer 1.');
});

test('parseNetwork() refuses a pooling window that could see nothing but padding', () => {
  refused(
    changed('pool1', { padding: { top: 3, right: 0, bottom: 0, left: 0 } }),
    'Layer "pool1" is not valid: its padding must be smaller than its kernel of 3×3, but ' +
      'found {"top":3,"right":0,"bottom":0,"left":0}.',
  );
});

test('parseNetwork() refuses sizes that do not fit, as inferShapes() does', () => {
  assert.throws(() => parseNetwork(changed('conv2', { groups: 7 })), {
    message:
      /^Layer "conv2" does not fit its input of 48×16×16: 7 groups must divide both its 48 input channels and its 96 kernels\./,
  });
});
