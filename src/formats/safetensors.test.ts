import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  anyBytes,
  anyDtype,
  anyShape,
  anyTensors,
  anyText,
  assertSame,
  bitsOf,
  decode,
  sizeOf,
} from '../testing/arbitraries.ts';
import { bytesSource } from './source.ts';
import { readSafetensors, writeSafetensors } from './safetensors.ts';
import { dtypeBytes } from './tensor.ts';

/** A safetensors file with this header and so many bytes of data. */
function file(header: string, data = 0): Uint8Array {
  const json = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + json.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

const refused: [header: string, data: number, message: string][] = [
  [
    '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},' +
      '"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}',
    16,
    'The safetensors header is damaged: "a" is given twice.',
  ],
  [
    '{"a":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}}',
    8,
    'The safetensors header is damaged: "shape" is given twice.',
  ],
  [
    '{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}',
    8,
    'The safetensors file is damaged: tensor "a" of f32 [3] needs 12 bytes, but its offsets 0 ' +
      'to 8 give 8.',
  ],
  [
    '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},' +
      '"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}',
    12,
    'The safetensors file is damaged: tensor "b" starts at byte 4 of the data, but the ' +
      'tensors before it end at 8.',
  ],
  [
    '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},' +
      '"b":{"dtype":"F32","shape":[2],"data_offsets":[12,20]}}',
    20,
    'The safetensors file is damaged: tensor "b" starts at byte 12 of the data, but the ' +
      'tensors before it end at 8.',
  ],
  [
    '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
    12,
    'The safetensors file is damaged or incomplete: its tensors take 8 bytes, but 12 bytes of ' +
      'data were found.',
  ],
  [
    '{"a":{"dtype":"F32","shape":[200],"data_offsets":[0,800]}}',
    8,
    'The safetensors file is damaged or incomplete: its tensors take 800 bytes, but 8 bytes ' +
      'of data were found.',
  ],
  [
    '{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}',
    8,
    'The file is damaged: the shape of "a", [4294967296,4294967296], is larger than any ' +
      'tensor can be.',
  ],
  [
    '{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,8]}}',
    8,
    'The safetensors header is damaged: expected a whole number at character 29 but found ' +
      '"-1],\\"data_offsets\\":[".',
  ],
  [
    '{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,8]}}',
    8,
    'The safetensors header is damaged: expected a whole number at character 29 but found ' +
      '"1.5],\\"data_offsets\\":".',
  ],
  [
    '{"a":{"dtype":"F32","shape":[[[[2]]]],"data_offsets":[0,8]}}',
    8,
    'The safetensors header is damaged: expected a whole number at character 29 but found ' +
      '"[[[2]]]],\\"data_offse".',
  ],
  [
    '{"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}}',
    2,
    'Tensor "a" is stored as "F8_E4M3", which is not read. Kinds that are: F64, F32, F16, ' +
      'BF16, I64, I32, I16, I8, U64, U32, U16, U8, BOOL.',
  ],
  [
    '{"a":{"dtype":"F32","shape":[2]}}',
    8,
    'The safetensors header is damaged: tensor "a" needs a dtype, a shape and two data_offsets.',
  ],
  [
    '{"a',
    0,
    'The safetensors header is damaged: expected a string that ends at character 1 but found ' +
      '"\\"a".',
  ],
  [
    '{"__metadata__":{"a":1}}',
    0,
    'The safetensors header is damaged: expected a string at character 21 but found "1}}".',
  ],
  ['{}x', 0, 'The safetensors header is damaged: expected the end at character 2 but found "x".'],
  ['[]', 0, 'The safetensors header is damaged: expected "{" at character 0 but found "[]".'],
];

for (const [header, data, message] of refused) {
  test(`readSafetensors() refuses ${header.slice(0, 90)} with ${data} bytes`, async () => {
    await assert.rejects(readSafetensors(bytesSource(file(header, data))), {
      name: 'AlexNetError',
      message,
    });
  });
}

test('readSafetensors() refuses a header length beyond the file before it allocates', async () => {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setBigUint64(0, 9_000_000n, true);
  await assert.rejects(readSafetensors(bytesSource(bytes)), {
    message:
      'The file is damaged or incomplete: the safetensors header should be 9000000 bytes from ' +
      'byte 8 on, but there are 16 bytes.',
  });
  new DataView(bytes.buffer).setBigUint64(0, 2n ** 60n, true);
  const said = 2 ** 60;
  await assert.rejects(readSafetensors(bytesSource(bytes)), {
    message: `The safetensors header says it has ${said} bytes; more than 16777216 are not read.`,
  });
  await assert.rejects(readSafetensors(bytesSource(new Uint8Array(3))), {
    message:
      'The file is damaged or incomplete: the header length of a safetensors file should be 8 ' +
      'bytes from byte 0 on, but there are 3 bytes.',
  });
});

test('readSafetensors() reads bits, names and metadata as they were written', async () => {
  const data = new Float32Array([1, -0, 1e-45, 3.4e38, Infinity, NaN]);
  const tensors = [
    { name: 'b"\\\n', shape: [2, 3], data },
    { name: '__proto__', shape: [], data: new Float32Array([7]) },
    { name: 'empty', shape: [0, 4], data: new Float32Array() },
    { name: 'counters', shape: [2], data: new Uint32Array([1, 4_294_967_295]) },
    { name: 'times', shape: [1], data: new Float64Array([Math.PI]) },
  ];
  const pieces = [...writeSafetensors(tensors, { metadata: { note: 'käse "🧀"' } })];
  const bytes = Buffer.concat(pieces);
  assert.equal(pieces[0]!.length % 64, 0);
  const read = await readSafetensors(bytesSource(bytes));
  assert.deepEqual([...read.metadata], [['note', 'käse "🧀"']]);
  assert.deepEqual(
    [...read.tensors.values()].map(({ name, dtype, shape }) => ({ name, dtype, shape })),
    tensors.map(({ name, shape }, i) => ({
      name,
      dtype: ['f32', 'f32', 'f32', 'u32', 'f64'][i],
      shape,
    })),
  );
  assert.deepEqual(
    new Uint8Array((await read.tensors.get('b"\\\n')!.read()).buffer),
    new Uint8Array(data.buffer),
  );
  assert.deepEqual(
    [...(await read.tensors.get('counters')!.readRaw())],
    [1, 0, 0, 0, 255, 255, 255, 255],
  );
  assert.deepEqual([...(await read.tensors.get('times')!.read())], [Math.fround(Math.PI)]);
});

test('writeSafetensors() refuses a name given twice and numbers that miss the shape', () => {
  const tensor = { name: 'a', shape: [2], data: new Float32Array(2) };
  assert.throws(() => [...writeSafetensors([tensor, tensor])], {
    message: 'Two tensors are named "a"; a safetensors file needs different names.',
  });
  assert.throws(() => [...writeSafetensors([{ ...tensor, name: '__metadata__' }])], {
    message: 'No tensor of a safetensors file can be named "__metadata__".',
  });
  assert.throws(() => [...writeSafetensors([{ ...tensor, shape: [3] }])], {
    message: 'Expected 3 numbers for "a" of shape [3] but found 2.',
  });
});

test('any tensors and metadata come back from a safetensors file bit for bit', async () => {
  const anyMetadata = fc.dictionary(anyText, anyText, { maxKeys: 3 });
  await fc.assert(
    fc.asyncProperty(anyTensors, anyMetadata, async (tensors, metadata) => {
      const read = await readSafetensors(
        bytesSource(Buffer.concat([...writeSafetensors(tensors, { metadata })])),
      );
      assert.deepEqual(Object.fromEntries(read.metadata), { ...metadata });
      assert.equal(read.tensors.size, tensors.length);
      for (const { name, shape, data } of tensors) {
        const found = read.tensors.get(name)!;
        assert.deepEqual(found.shape, shape);
        assert.deepEqual(bitsOf(await found.read()), bitsOf(data));
      }
    }),
  );
});

test('numbers of every kind are read as the f32 nearest to them', async () => {
  const anyStored = fc
    .tuple(anyDtype, anyShape)
    .chain(([dtype, shape]) =>
      fc.tuple(fc.constant(dtype), fc.constant(shape), anyBytes(sizeOf(shape) * dtypeBytes[dtype])),
    );
  await fc.assert(
    fc.asyncProperty(anyStored, async ([dtype, shape, bytes]) => {
      const header = JSON.stringify({
        a: { dtype: dtype.toUpperCase(), shape, data_offsets: [0, bytes.length] },
      });
      const whole = Buffer.concat([file(header), bytes]);
      const tensor = (await readSafetensors(bytesSource(whole))).tensors.get('a')!;
      assertSame(
        await tensor.read(),
        Array.from({ length: sizeOf(shape) }, (_, i) => decode(bytes, dtype, i)),
      );
      assert.deepEqual(await tensor.readRaw(), bytes);
    }),
  );
});
