import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { anyBytes, anyText, assertSame, decode, sizeOf } from '../testing/arbitraries.ts';
import { Pickler, persistent } from '../testing/pickler.ts';
import { bytesSource } from './source.ts';
import { dtypeBytes } from './tensor.ts';
import type { Dtype, StoredTensor } from './tensor.ts';
import { readLegacyTorch, readTorchZip } from './torch.ts';
import { readZip, writeZip } from './zip.ts';

const storages: readonly (readonly [kind: string, dtype: Dtype])[] = [
  ['DoubleStorage', 'f64'],
  ['FloatStorage', 'f32'],
  ['HalfStorage', 'f16'],
  ['BFloat16Storage', 'bf16'],
  ['LongStorage', 'i64'],
  ['IntStorage', 'i32'],
  ['ShortStorage', 'i16'],
  ['CharStorage', 'i8'],
  ['ByteStorage', 'u8'],
  ['BoolStorage', 'bool'],
];

interface View {
  readonly name: string;
  readonly kind: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
  /** Key of the storage. Default: one of its own. */
  readonly storage?: string;
  /** Of the whole storage. */
  readonly bytes: Uint8Array;
}

/** A tensor that lies somewhere in its storage, its axes in any order. */
const anyView: fc.Arbitrary<View> = fc
  .tuple(
    anyText,
    fc.constantFrom(...storages),
    fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 4 }),
    fc.nat(5),
    fc.nat(5),
    fc.infiniteStream(fc.nat()),
  )
  .chain(([name, [kind, dtype], shape, offset, behind, chance]) => {
    const order = [...shape.keys()]
      .map((axis) => [chance.next().value as number, axis] as const)
      .toSorted(([a], [b]) => a - b)
      .map(([, axis]) => axis);
    const strides = shape.map(() => 1);
    order.reduceRight((step, axis) => {
      strides[axis] = step;
      return step * shape[axis]!;
    }, 1);
    const count = offset + sizeOf(shape) + behind;
    return anyBytes(count * dtypeBytes[dtype]).map((bytes) => ({
      name,
      kind,
      dtype,
      shape,
      strides,
      offset,
      bytes,
    }));
  });

const anyViews = fc.uniqueArray(anyView, {
  selector: ({ name }) => name,
  minLength: 1,
  maxLength: 4,
});

/** `torch._utils._rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks)` */
function pickleViews(views: readonly View[]): Buffer {
  const pickler = new Pickler().start().op('}').op('(');
  for (const [
    i,
    { name, kind, dtype, shape, strides, offset, bytes, storage = String(i) },
  ] of views.entries()) {
    pickler.text(name).global('torch._utils', '_rebuild_tensor_v2').op('(');
    persistent(pickler, [
      'storage',
      { module: 'torch', name: kind },
      storage,
      'cpu',
      bytes.length / dtypeBytes[dtype],
    ]);
    pickler
      .whole(offset)
      .wholes(shape)
      .wholes(strides)
      .op('\x89')
      .global('collections', 'OrderedDict')
      .op(')')
      .op('R')
      .op('t')
      .op('R');
  }
  return pickler.op('u').op('.').bytes;
}

function zipped(views: readonly View[], pickle = pickleViews(views)): Buffer {
  const parts = [
    { name: 'archive/data.pkl', bytes: pickle as Uint8Array },
    ...views.map(({ bytes }, i) => ({ name: `archive/data/${i}`, bytes })),
  ];
  return Buffer.concat([
    ...writeZip(
      parts.map(({ name, bytes }) => ({ name, size: bytes.length, pieces: () => [bytes] })),
    ),
  ]);
}

/**
 * Magic number, protocol, system, the value, the storages' keys; then each storage as its count and
 * its bytes.
 */
function legacy(views: readonly View[]): Buffer {
  const magic = Buffer.from('\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.', 'latin1');
  const system = new Pickler()
    .start()
    .op('}')
    .text('little_endian')
    .op('\x88')
    .op('s')
    .op('.').bytes;
  const keys = new Pickler().start().op(']').op('(');
  for (const i of views.keys()) keys.text(String(i));
  const stored = views.flatMap(({ bytes, dtype }) => {
    const count = Buffer.alloc(8);
    count.writeBigInt64LE(BigInt(bytes.length / dtypeBytes[dtype]));
    return [count, bytes];
  });
  return Buffer.concat([
    magic,
    new Pickler().start().whole(1001).op('.').bytes,
    system,
    pickleViews(views),
    keys.op('e').op('.').bytes,
    ...stored,
  ]);
}

/** The numbers of a view, by what strides mean. */
function numbersOf({ dtype, shape, strides, offset, bytes }: View): number[] {
  const walk = (axis: number, at: number): number[] =>
    axis === shape.length
      ? [decode(bytes, dtype, at)]
      : Array.from({ length: shape[axis]! }, (_, i) =>
          walk(axis + 1, at + i * strides[axis]!),
        ).flat();
  return walk(0, offset);
}

async function assertRead(found: readonly StoredTensor[], views: readonly View[]): Promise<void> {
  assert.deepEqual(
    found.map(({ name, shape, dtype }) => ({ name, shape, dtype })),
    views.map(({ name, shape, dtype }) => ({ name, shape, dtype })),
  );
  for (const [i, tensor] of found.entries()) assertSame(await tensor.read(), numbersOf(views[i]!));
}

test('any tensors of a state dictionary are read, however they are stored', async () => {
  await fc.assert(
    fc.asyncProperty(anyViews, async (views) =>
      assertRead(await readTorchZip(await readZip(bytesSource(zipped(views)))), views),
    ),
  );
});

test('any tensors of a state dictionary are read from the older form', async () => {
  await fc.assert(
    fc.asyncProperty(anyViews, async (views) =>
      assertRead(await readLegacyTorch(bytesSource(legacy(views))), views),
    ),
  );
});

const plain: View = {
  name: 'a',
  kind: 'FloatStorage',
  dtype: 'f32',
  shape: [2, 3],
  strides: [3, 1],
  offset: 0,
  bytes: new Uint8Array(24),
};
const damaged = 'The PyTorch file is damaged or not supported: ';
const refused: [what: string, views: readonly View[], message: string][] = [
  [
    'a tensor beyond its storage',
    [{ ...plain, offset: 1 }],
    `${damaged}the tensor "a" of [2,3] goes beyond its storage of 6 numbers.`,
  ],
  [
    'a tensor with gaps',
    [{ ...plain, bytes: new Uint8Array(48), strides: [6, 2] }],
    'The tensor "a" does not lie in one piece (strides [6,2] for shape [2,3]). Save it with ' +
      '.contiguous().',
  ],
  [
    'strides that are too few',
    [{ ...plain, strides: [1] }],
    `${damaged}the tensor "a" has 2 sizes but 1 strides.`,
  ],
  [
    'sizes below zero',
    [{ ...plain, shape: [-2, -3] }],
    `${damaged}the shape of a tensor is not made of whole numbers.`,
  ],
  [
    'storages of unknown kinds',
    [{ ...plain, kind: 'QInt8Storage' }],
    "The pickle names torch.QInt8Storage, which is not part of a network's weights. Nothing " +
      'in a pickle is ever run here; save the weights alone (in PyTorch: ' +
      'torch.save(model.state_dict(), file)).',
  ],
];

for (const [what, views, message] of refused) {
  test(`readTorchZip() refuses ${what}`, async () => {
    await assert.rejects(async () => readTorchZip(await readZip(bytesSource(zipped(views)))), {
      name: 'AlexNetError',
      message,
    });
  });
}

test('readTorchZip() refuses a storage that says it is larger than its entry', async () => {
  const bytes = zipped(
    [plain],
    pickleViews([{ ...plain, bytes: new Uint8Array(4000), shape: [10, 100], strides: [100, 1] }]),
  );
  await assert.rejects(async () => readTorchZip(await readZip(bytesSource(bytes))), {
    name: 'AlexNetError',
    message:
      'The file is damaged or incomplete: the storage "0" should be 4000 bytes from byte 0 ' +
      'on, but there are 24 bytes.',
  });
});

test('readTorchZip() refuses many tensors that share a few numbers', async () => {
  const views = Array.from({ length: 11 }, (_, i) => ({ ...plain, name: String(i), storage: '0' }));
  const shared = zipped([plain], pickleViews(views));
  await assert.rejects(async () => readTorchZip(await readZip(bytesSource(shared))), {
    name: 'AlexNetError',
    message: `${damaged}its tensors have 66 numbers, more than ten times the 6 that it stores.`,
  });
});

test('readTorchZip() refuses dictionaries nested without end', async () => {
  const nested = (depth: number): Buffer => {
    const pickler = new Pickler().start();
    for (let i = 0; i < depth; i++) pickler.op('}').text('a');
    return pickler.op('N').op('s'.repeat(depth)).op('.').bytes;
  };
  assert.deepEqual(await readTorchZip(await readZip(bytesSource(zipped([], nested(16))))), []);
  await assert.rejects(
    async () => readTorchZip(await readZip(bytesSource(zipped([], nested(20))))),
    { name: 'AlexNetError', message: `${damaged}it is nested deeper than 16 levels.` },
  );
});
