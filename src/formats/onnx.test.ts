import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { anyFloats, anyTensors, anyText, bitsOf } from '../testing/arbitraries.ts';
import { readOnnx, writeOnnx } from './onnx.ts';
import type { WrittenModel, WrittenNode } from './onnx.ts';
import { ProtobufWriter } from './protobuf.ts';
import { bytesSource } from './source.ts';
import { bytesOf } from './tensor.ts';

const anyAttribute = fc.oneof(
  fc.record({ int: fc.maxSafeInteger() }),
  fc.record({ ints: fc.array(fc.maxSafeInteger(), { maxLength: 5 }) }),
  anyFloats(1).map(([float]) => ({ float: float! })),
);
const anyNode: fc.Arbitrary<WrittenNode> = fc.record({
  type: anyText,
  name: anyText,
  inputs: fc.array(anyText, { maxLength: 3 }),
  outputs: fc.array(anyText, { maxLength: 3 }),
  attributes: fc.dictionary(anyText, anyAttribute, { maxKeys: 3 }),
});
const anyValue = fc.record({
  name: anyText,
  shape: fc.array(fc.oneof(fc.integer({ min: 1, max: 9999 }), anyText), { maxLength: 4 }),
});
const anyModel: fc.Arbitrary<WrittenModel> = fc.record({
  opset: fc.integer({ min: 1, max: 99 }),
  producer: fc.record({ name: anyText, version: anyText }),
  graph: anyText,
  inputs: fc.array(anyValue, { maxLength: 2 }),
  outputs: fc.array(anyValue, { maxLength: 2 }),
  nodes: fc.array(anyNode, { maxLength: 4 }),
  initializers: anyTensors,
  metadata: fc.dictionary(anyText, anyText, { maxKeys: 3 }),
});

const values = (list: WrittenModel['inputs']): unknown =>
  list.map(({ name, shape }) => ({
    name,
    shape: shape.map((size) => (typeof size === 'number' ? size : undefined)),
  }));

test('any model comes back from an ONNX file, its weights bit for bit', async () => {
  await fc.assert(
    fc.asyncProperty(anyModel, async (model) => {
      const found = await readOnnx(bytesSource(Buffer.concat([...writeOnnx(model)])));
      assert.deepEqual([found.opset, found.producer], [model.opset, model.producer.name]);
      assert.deepEqual(Object.fromEntries(found.metadata), { ...model.metadata });
      assert.deepEqual(
        [found.inputs, found.outputs],
        [values(model.inputs), values(model.outputs)],
      );
      for (const [i, { attributes = {}, ...node }] of model.nodes.entries()) {
        const { attributes: read, domain, ...same } = found.nodes[i]!;
        assert.deepEqual([same, domain], [node, '']);
        assert.deepEqual(
          Object.fromEntries(read),
          Object.fromEntries(
            Object.entries(attributes).map(([key, value]) => [
              key,
              Object.values(value)[0] as unknown,
            ]),
          ),
        );
      }
      assert.equal(found.initializers.size, model.initializers.length);
      for (const { name, shape, data } of model.initializers) {
        const tensor = found.initializers.get(name)!;
        assert.deepEqual([tensor.shape, tensor.dtype], [shape, 'f32']);
        assert.deepEqual(bitsOf(await tensor.read()), bitsOf(data as Float32Array));
      }
    }),
  );
});

/** A model of nothing but this tensor. */
function withTensor(tensor: ProtobufWriter): Buffer {
  const model = new ProtobufWriter()
    .whole(1, 8)
    .message(7, new ProtobufWriter().message(5, tensor));
  return Buffer.concat([...model.write()]);
}

const named = (type: number, ...shape: number[]): ProtobufWriter =>
  new ProtobufWriter().packedWholes(1, shape).whole(2, type).bytes(8, 't');
const patterns = [0x3c00, 0xc000, 0x7bff, 1];
const typed: [what: string, tensor: ProtobufWriter, expected: number[]][] = [
  [
    'float_data in one piece',
    named(1, 3).bytes(4, bytesOf(new Float32Array([1, -2, 0.5]))),
    [1, -2, 0.5],
  ],
  ['float_data one by one', named(1, 3).float(4, 1).float(4, -2).float(4, 0.5), [1, -2, 0.5]],
  ['double_data', named(11, 2).bytes(10, bytesOf(new Float64Array([1, -2]))), [1, -2]],
  ['int64_data', named(7, 3).packedWholes(7, [1, -2, 2 ** 40]), [1, -2, 2 ** 40]],
  [
    'uint64_data of u32',
    named(12, 2).packedWholes(11, [1, 4_294_967_295]),
    [1, Math.fround(4_294_967_295)],
  ],
  ['int32_data of i32', named(6, 2).packedWholes(5, [7, -7]), [7, -7]],
  ['int32_data of i8', named(3, 2).packedWholes(5, [7, -7]), [7, -7]],
  ['int32_data of u16', named(4, 2).packedWholes(5, [7, 65_535]), [7, 65_535]],
  ['int32_data of bool', named(9, 2).packedWholes(5, [1, 0]), [1, 0]],
  ['int32_data of f16', named(10, 2, 2).packedWholes(5, patterns), [1, -2, 65_504, 2 ** -24]],
  ['int32_data of bf16', named(16, 2).packedWholes(5, [0x3f80, 0xc040]), [1, -3]],
  ['int32_data in two pieces', named(6, 3).packedWholes(5, [1, 2]).packedWholes(5, [3]), [1, 2, 3]],
];

for (const [what, tensor, expected] of typed) {
  test(`readOnnx() reads ${what}`, async () => {
    const { initializers } = await readOnnx(bytesSource(withTensor(tensor)));
    assert.deepEqual([...(await initializers.get('t')!.read())], expected);
  });
}

test('readOnnx() reads f16 stored as many varints without waiting for each', async () => {
  const bits = Array.from({ length: 200_000 }, (_, i) => i % 0x7c00);
  const { initializers } = await readOnnx(
    bytesSource(withTensor(named(10, bits.length).packedWholes(5, bits))),
  );
  const raw = await initializers.get('t')!.readRaw();
  assert.deepEqual(new Uint16Array(raw.buffer), Uint16Array.from(bits));
});

const damaged = 'The ONNX model is damaged or not supported: ';
const refused: [what: string, bytes: Buffer, message: string][] = [
  [
    'numbers in a field for others',
    withTensor(named(7, 1).float(4, 0.5)),
    `${damaged}the tensor "t" of i64 has its numbers in a field for others.`,
  ],
  [
    'fewer numbers than the shape says',
    withTensor(named(6, 1000).packedWholes(5, [1])),
    `${damaged}the tensor "t" has fewer numbers than its shape says.`,
  ],
  [
    'more numbers than the shape says',
    withTensor(named(6, 1).packedWholes(5, [1, 2])),
    `${damaged}the tensor "t" has more numbers than its shape says.`,
  ],
  [
    '64-bit numbers by the million',
    withTensor(named(7, 100_000).bytes(7, new Uint8Array(100_000))),
    `${damaged}the tensor "t" has 100000 numbers of 64 bits one by one; more than 65536 are ` +
      'not read.',
  ],
  [
    'raw data of another length',
    withTensor(named(1, 2).bytes(9, new Uint8Array(4))),
    `${damaged}the tensor "t" of f32 [2] needs 8 bytes, but has 4.`,
  ],
  [
    'texts as tensors',
    withTensor(named(8, 1)),
    'The tensor "t" of the ONNX model holds numbers of kind 8, which is not read.',
  ],
  [
    'shapes that overflow',
    withTensor(named(1, 2 ** 40, 2 ** 40).bytes(9, new Uint8Array(4))),
    'The file is damaged: the shape of "t", [1099511627776,1099511627776], is larger than any ' +
      'tensor can be.',
  ],
  [
    'sizes below zero',
    withTensor(named(1, -2).bytes(9, new Uint8Array(4))),
    'The file is damaged: the shape of "t", [-2], holds a size that is not a whole number.',
  ],
  [
    'two graphs',
    Buffer.concat([
      ...new ProtobufWriter()
        .message(7, new ProtobufWriter())
        .message(7, new ProtobufWriter())
        .write(),
    ]),
    `${damaged}it has two graphs.`,
  ],
  [
    'no graph',
    Buffer.concat([...new ProtobufWriter().whole(1, 8).write()]),
    `${damaged}it has no graph.`,
  ],
];

for (const [what, bytes, message] of refused) {
  test(`readOnnx() refuses ${what}`, async () => {
    await assert.rejects(readOnnx(bytesSource(bytes)), { name: 'AlexNetError', message });
  });
}

const pair = (key: string, value: string): ProtobufWriter =>
  new ProtobufWriter().bytes(1, key).bytes(2, value);

test("readOnnx() asks for no file outside of the model's folder", async () => {
  for (const location of [
    '/etc/passwd',
    '../secret',
    'a/../../secret',
    '..',
    'C:\\secret',
    '\\\\host\\secret',
    'a\0b',
    '',
  ]) {
    const tensor = named(1, 1).message(13, pair('location', location)).whole(14, 1);
    const opened: string[] = [];
    const open = async (name: string): Promise<ReturnType<typeof bytesSource>> =>
      bytesSource(new Uint8Array(opened.push(name) * 4));
    await assert.rejects(readOnnx(bytesSource(withTensor(tensor)), open), {
      name: 'AlexNetError',
      message:
        `The tensor "t" of the ONNX model claims to lie in "${location}", outside of the ` +
        "model's own folder. It is not opened.",
    });
    assert.deepEqual(opened, []);
  }
});

test('readOnnx() reads external tensors inside their file only', async () => {
  const at = (offset: string, length: string): Buffer =>
    withTensor(
      named(1, 2)
        .message(13, pair('location', 'w.bin'))
        .message(13, pair('offset', offset))
        .message(13, pair('length', length))
        .whole(14, 1),
    );
  const open = async (): Promise<ReturnType<typeof bytesSource>> =>
    bytesSource(bytesOf(new Float32Array([9, 1, 2])));
  const { initializers } = await readOnnx(bytesSource(at('4', '8')), open);
  assert.deepEqual([...(await initializers.get('t')!.read())], [1, 2]);
  for (const [offset, length, said] of [
    ['8', '8', '8 bytes from byte 8'],
    ['-4', '8', '8 bytes from byte NaN'],
    ['4', '99999999999999999999', 'NaN bytes from byte 4'],
  ] as const) {
    await assert.rejects(readOnnx(bytesSource(at(offset, length)), open), {
      message:
        `The file is damaged or incomplete: the tensor "t" in w.bin should be ${said} on, but ` +
        'there are 12 bytes.',
    });
  }
  await assert.rejects(readOnnx(bytesSource(at('4', '8'))), {
    message:
      'The tensor "t" of the ONNX model lies in another file, "w.bin", which cannot be opened ' +
      'from here.',
  });
});
