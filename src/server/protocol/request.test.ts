import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  array,
  assert as holds,
  nat,
  oneof,
  option,
  property,
  tuple,
  uint8Array,
} from 'fast-check';
import { Refusal } from '../refusal.ts';
import { parseInfer } from './request.ts';
import type { InferRequest } from './request.ts';

const input = { name: 'input', datatype: 'FP32', shape: [1, 2], data: [1.5, -2] };

function parse(request: unknown, binary?: Uint8Array): InferRequest {
  const json = Buffer.from(JSON.stringify(request));
  if (binary === undefined) return parseInfer(json, undefined);
  return parseInfer(Buffer.concat([json, binary]), json.length);
}

test('numbers are read from JSON, flat or nested', () => {
  const { inputs, outputs, binary, id } = parse({ id: 'a', inputs: [input] });
  assert.deepEqual(
    [id, binary, outputs, inputs[0]],
    [
      'a',
      false,
      undefined,
      { name: 'input', datatype: 'FP32', shape: [1, 2], numbers: new Float32Array([1.5, -2]) },
    ],
  );
  const nested = parse({ inputs: [{ ...input, data: [[[1.5], [-2]]] }] });
  assert.deepEqual(nested.inputs[0]!.numbers, new Float32Array([1.5, -2]));
});

test('numbers are read from the binary part, wherever it lies', () => {
  const numbers = new Uint8Array(new Float32Array([3, 4]).buffer);
  for (const id of ['', 'a', 'ab', 'abc']) {
    const { data: _, ...rest } = input;
    const request = { id, inputs: [{ ...rest, parameters: { binary_data_size: 8 } }] };
    assert.deepEqual(parse(request, numbers).inputs[0]!.numbers, new Float32Array([3, 4]));
  }
});

test('pictures are read from BYTES, in the binary part and as base64', () => {
  const element = Buffer.from([2, 0, 0, 0, 7, 8, 1, 0, 0, 0, 9]);
  const bytes = { name: 'input', datatype: 'BYTES', shape: [2] };
  const binary = parse({ inputs: [{ ...bytes, parameters: { binary_data_size: 11 } }] }, element);
  assert.deepEqual(binary.inputs[0]!.elements, [new Uint8Array([7, 8]), new Uint8Array([9])]);
  const text = parse({ inputs: [{ ...bytes, data: ['Bwg=', 'data:image/png;base64,CQ=='] }] });
  assert.deepEqual(text.inputs[0]!.elements, [new Uint8Array([7, 8]), new Uint8Array([9])]);
});

test('a body that is one tensor is numbers, or a picture by its first bytes', () => {
  const numbers = new Uint8Array(new Float32Array([3, 4]).buffer);
  assert.deepEqual(parseInfer(numbers, 0).inputs[0]!.numbers, new Float32Array([3, 4]));
  const picture = new Uint8Array([0xff, 0xd8, 0xff, 1, 2]);
  assert.deepEqual(parseInfer(picture, 0).inputs[0]!.elements, [picture]);
});

test('outputs say how they are wanted, and a timeout comes in microseconds', () => {
  const request = parse({
    inputs: [input],
    parameters: { binary_data_output: true, timeout: 2_500_000 },
    outputs: [
      { name: 'probabilities', parameters: { classification: 3 } },
      { name: 'fc6', parameters: { binary_data: false } },
    ],
  });
  assert.deepEqual(
    [request.binary, request.timeout, request.outputs],
    [
      true,
      2.5,
      [
        { name: 'probabilities', binary: undefined, classification: 3 },
        { name: 'fc6', binary: false, classification: undefined },
      ],
    ],
  );
});

const wrong: readonly (readonly [string, unknown, Uint8Array?])[] = [
  ['Expected a JSON object but found [].', []],
  ['Expected "inputs" to be an array of one tensor, but found none.', {}],
  [
    'Expected "inputs" to be an array of one tensor, but found 2 of them.',
    { inputs: [input, input] },
  ],
  ['Expected an input to be an object but found 3.', { inputs: [3] }],
  [
    'Expected the input\'s "datatype" to be FP32 (numbers) or BYTES (pictures: JPEG, PNG, …) but found "INT8".',
    { inputs: [{ ...input, datatype: 'INT8' }] },
  ],
  [
    'Expected "shape" to be 1 to 8 whole numbers above zero but found [0].',
    { inputs: [{ ...input, shape: [0] }] },
  ],
  ['Expected numbers in "data" but found null at 1.', { inputs: [{ ...input, data: [1, null] }] }],
  [
    'Expected the input to have "data", an array, or the parameter "binary_data_size", but found neither.',
    { inputs: [{ ...input, data: undefined }] },
  ],
  [
    "The input says that it has 9 bytes after the JSON, but there are 4. Does the header Inference-Header-Content-Length tell the JSON's length?",
    { inputs: [{ ...input, data: undefined, parameters: { binary_data_size: 9 } }] },
    new Uint8Array(4),
  ],
  ['4 bytes are left over that belong to no input.', { inputs: [input] }, new Uint8Array(4)],
  [
    'A BYTES tensor is cut off: expected a length of 4 bytes and an element at byte 0, but the tensor ends at 6.',
    { inputs: [{ name: 'a', datatype: 'BYTES', shape: [1], parameters: { binary_data_size: 6 } }] },
    new Uint8Array([9, 0, 0, 0, 1, 1]),
  ],
  [
    'The output "a" is asked for twice.',
    { inputs: [input], outputs: [{ name: 'a' }, { name: 'a' }] },
  ],
  [
    'Expected "classification" to be a number of classes but found -1.',
    { inputs: [input], outputs: [{ name: 'a', parameters: { classification: -1 } }] },
  ],
];
for (const [message, request, binary] of wrong) {
  test(`parseInfer() says: ${message}`, () => {
    assert.throws(() => parse(request, binary), { name: 'Refusal', kind: 'wrong', message });
  });
}

test('whatever the bytes are, they are read or refused', () => {
  const good = Buffer.from(JSON.stringify({ id: 'x', inputs: [input], outputs: [{ name: 'a' }] }));
  const mutated = tuple(
    array(tuple(nat(good.length - 1), nat(255)), { maxLength: 6 }),
    nat(400),
  ).map(([changes, length]) => {
    const bytes = Buffer.from(good.subarray(0, Math.max(1, length)));
    for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
    return bytes;
  });
  const body = oneof(uint8Array({ maxLength: 200 }), mutated);
  const header = option(nat(300), { nil: undefined });
  holds(
    property(body, header, (bytes, jsonLength) => {
      try {
        parseInfer(bytes, jsonLength);
      } catch (error) {
        assert.ok(error instanceof Refusal, String(error));
        assert.ok(error.message.length < 500);
      }
    }),
    { numRuns: 2000 },
  );
});
