import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  anyBytes,
  anyShape,
  anyTensors,
  assertSame,
  bitsOf,
  decode,
  sizeOf,
} from '../testing/arbitraries.ts';
import { readNpy, readNpz, writeNpz } from './numpy.ts';
import { bytesSource } from './source.ts';
import { dtypeBytes } from './tensor.ts';
import type { Dtype } from './tensor.ts';
import { readZip } from './zip.ts';

test('any arrays come back from an .npz bit for bit', async () => {
  await fc.assert(
    fc.asyncProperty(anyTensors, async (tensors) => {
      const found = await readNpz(
        await readZip(bytesSource(Buffer.concat([...writeNpz(tensors)]))),
      );
      assert.deepEqual(
        found.map(({ name, shape, dtype }) => ({ name, shape, dtype })),
        tensors.map(({ name, shape }) => ({ name, shape, dtype: 'f32' })),
      );
      for (const [i, tensor] of found.entries())
        assert.deepEqual(bitsOf(await tensor.read()), bitsOf(tensors[i]!.data));
    }),
  );
});

const kinds: readonly (readonly [descr: string, dtype: Dtype])[] = [
  ['f8', 'f64'],
  ['f4', 'f32'],
  ['f2', 'f16'],
  ['i8', 'i64'],
  ['i4', 'i32'],
  ['i2', 'i16'],
  ['i1', 'i8'],
  ['u8', 'u64'],
  ['u4', 'u32'],
  ['u2', 'u16'],
  ['u1', 'u8'],
  ['b1', 'bool'],
];

interface Described {
  readonly descr: string;
  readonly dtype: Dtype;
  readonly littleEndian: boolean;
  readonly columnMajor: boolean;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
  readonly version: number;
}

const anyArray: fc.Arbitrary<Described> = fc
  .tuple(fc.constantFrom(...kinds), fc.boolean(), fc.boolean(), anyShape, fc.constantFrom(1, 2, 3))
  .chain(([[descr, dtype], littleEndian, columnMajor, shape, version]) =>
    anyBytes(sizeOf(shape) * dtypeBytes[dtype]).map((bytes) => ({
      descr,
      dtype,
      littleEndian,
      columnMajor,
      shape,
      bytes,
      version,
    })),
  );

/** An `.npy` as NumPy's format.py describes it. */
function npy(header: string, content: Uint8Array, version = 1): Buffer {
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), version, 0]);
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  if (version === 1) length.writeUInt16LE(header.length);
  else length.writeUInt32LE(header.length);
  return Buffer.concat([start, length, Buffer.from(header, 'latin1'), content]);
}

function headerOf({ descr, littleEndian, columnMajor, shape }: Described): string {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  return (
    `{'descr': '${littleEndian ? '<' : '>'}${descr}', 'fortran_order': ` +
    `${columnMajor ? 'True' : 'False'}, 'shape': (${sizes}), }\n`
  );
}

/** Where number `index`, counted row by row, lies when the first axis runs fastest. */
function columnPlace(index: number, shape: readonly number[]): number {
  let rest = index;
  const places = shape.toReversed().map((size) => {
    const place = rest % size;
    rest = Math.floor(rest / size);
    return place;
  });
  return places.toReversed().reduceRight((at, place, axis) => at * shape[axis]! + place, 0);
}

test('arrays of every kind, byte order, memory order and format version are read', async () => {
  await fc.assert(
    fc.asyncProperty(anyArray, async (described) => {
      const { dtype, littleEndian, columnMajor, shape, bytes, version } = described;
      const [tensor] = await readNpy(bytesSource(npy(headerOf(described), bytes, version)), 'a');
      assert.deepEqual(tensor!.shape, shape);
      const expected = Array.from({ length: sizeOf(shape) }, (_, i) =>
        decode(bytes, dtype, columnMajor ? columnPlace(i, shape) : i, littleEndian),
      );
      assertSame(await tensor!.read(), expected);
    }),
  );
});

const damaged = 'The NumPy file is damaged or not supported: ';
const header = (descr: string, shape: string): string =>
  `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }\n`;
const refused: [what: string, bytes: Buffer, message: string][] = [
  [
    'kinds of number it does not know',
    npy(header('<c8', '1,'), new Uint8Array(8)),
    `${damaged}the array "a" holds numbers of the kind "<c8", which is not read.`,
  ],
  [
    'bytes left over',
    npy(header('<f4', '1,'), new Uint8Array(8)),
    `${damaged}the array "a" of <f4 [1] leaves bytes over.`,
  ],
  [
    'shapes beyond the file',
    npy(header('<f4', '1000000,'), new Uint8Array(4)),
    'The file is damaged or incomplete: tensor "a" of f32 [1000000] should be 4000000 bytes ' +
      'from byte 74 on, but there are 78 bytes.',
  ],
  [
    'shapes that overflow',
    npy(header('<f4', '4294967296, 4294967296'), new Uint8Array(4)),
    'The file is damaged: the shape of "a", [4294967296,4294967296], is larger than any ' +
      'tensor can be.',
  ],
  [
    'versions to come',
    npy(header('<f4', '1,'), new Uint8Array(4), 4),
    `${damaged}the array "a" has format version 4.`,
  ],
  [
    'headers that are no such literal',
    npy('__import__("os")\n', new Uint8Array(4)),
    `${damaged}the header of the array "a" is not one: "__import__(\\"os\\")\\n".`,
  ],
  [
    'headers beyond all measure',
    npy(' '.repeat(70_000), new Uint8Array(4), 2),
    `${damaged}the header of the array "a" has 70000 bytes.`,
  ],
  [
    'pickles that are no dictionary',
    npy(header('|O', ''), Buffer.from('\x80\x02N.', 'latin1')),
    `${damaged}its pickle holds no dictionary of arrays.`,
  ],
  [
    'pickles that call',
    npy(header('|O', ''), Buffer.from('\x80\x02cos\nsystem\nU\x02ls\x85R.', 'latin1')),
    "The pickle names os.system, which is not part of a network's weights. Nothing in a " +
      'pickle is ever run here; save the weights alone (in PyTorch: ' +
      'torch.save(model.state_dict(), file)).',
  ],
];

for (const [what, bytes, message] of refused) {
  test(`readNpy() refuses ${what}`, async () => {
    await assert.rejects(readNpy(bytesSource(bytes), 'a'), { name: 'AlexNetError', message });
  });
}
