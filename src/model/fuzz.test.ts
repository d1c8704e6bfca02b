import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { AlexNetError } from '../errors.ts';
import { parsePrototxt, readBinaryProto, readCaffeModel } from '../formats/caffe.ts';
import { readNpy, readNpz } from '../formats/numpy.ts';
import { readOnnx } from '../formats/onnx.ts';
import { readSafetensors } from '../formats/safetensors.ts';
import { bytesSource, decodeText, readBytes } from '../formats/source.ts';
import type { ByteSource } from '../formats/source.ts';
import type { StoredTensor } from '../formats/tensor.ts';
import { readLegacyTorch, readTorchZip } from '../formats/torch.ts';
import { readZip, writeZip } from '../formats/zip.ts';
import { bits, purposes } from '../random/philox.ts';
import { importSource } from './import.ts';

/**
 * One fuzzer for all readers: the same files every time, because chance comes from Philox under
 * this seed.
 */
const seed = 20121203;

/**
 * Readers move windows over a file; for files of a few hundred bytes, these are what there is
 * beyond ten times the file.
 */
const windows = 4096;

interface Target {
  readonly name: string;
  /** How many mutated files; each of `seeds` gets its part. */
  readonly count: number;
  readonly seeds: readonly Uint8Array[];
  /** Reads everything there is to read. */
  readonly read: (source: ByteSource) => Promise<unknown>;
  /** Default: changes anywhere in the file. */
  readonly mutate?: (file: Uint8Array, chance: Chance) => Uint8Array | Promise<Uint8Array>;
}

const weights = new URL('../../test/weights/', import.meta.url);
const made = (...names: string[]): Promise<Uint8Array[]> =>
  Promise.all(names.map((name) => readFile(new URL(name, weights))));

async function readAll(tensors: Iterable<StoredTensor>): Promise<void> {
  for (const tensor of tensors) await tensor.read();
}

const torchZip = async (source: ByteSource): Promise<void> =>
  readAll(await readTorchZip(await readZip(source)));
const npz = async (source: ByteSource): Promise<void> =>
  readAll(await readNpz(await readZip(source)));

async function text(source: ByteSource): Promise<void> {
  const bytes = new Uint8Array(source.size);
  await source.read(bytes, 0);
  parsePrototxt(decodeText(bytes, 'the prototxt'));
}

/**
 * The files are the least that make-weights.py could make of each kind: changes hit what describes
 * the numbers, not the numbers.
 */
async function targets(): Promise<Target[]> {
  const [external] = await made('tiny/tiny-external.bin');
  const onnx = async (source: ByteSource): Promise<void> => {
    const { initializers, nodes } = await readOnnx(source, async () => bytesSource(external!));
    await readAll(initializers.values());
    for (const { attributes } of nodes)
      for (const value of attributes.values())
        if (typeof value === 'object' && 'read' in value) await value.read();
  };
  const imported = (name: string) => (source: ByteSource) =>
    importSource(source, `/nowhere/${name}`);
  return [
    {
      name: 'safetensors',
      count: 12_000,
      seeds: await made('tiny/tiny.safetensors'),
      read: async (source) => readAll((await readSafetensors(source)).tensors.values()),
    },
    { name: 'npz', count: 6000, seeds: await made('tiny/tiny.npz'), read: npz },
    {
      name: 'npz with right checksums',
      count: 4000,
      seeds: await made('tiny/tiny.npz'),
      read: npz,
      mutate: inEntries,
    },
    { name: 'deflated npz', count: 3000, seeds: await made('tiny/tiny-deflated.npz'), read: npz },
    {
      name: 'npy with a pickle of Python 2 or 3',
      count: 9000,
      seeds: await made('tiny/tiny.npy', 'tiny/tiny-python2.npy'),
      read: async (source) => readAll(await readNpy(source, 'array')),
    },
    { name: 'PyTorch', count: 6000, seeds: await made('tiny/tiny.pth'), read: torchZip },
    {
      name: 'PyTorch with right checksums',
      count: 8000,
      seeds: await made('tiny/tiny.pth'),
      read: torchZip,
      mutate: inEntries,
    },
    {
      name: 'PyTorch, older form',
      count: 9000,
      seeds: await made('tiny/tiny-legacy.pth'),
      read: async (source) => readAll(await readLegacyTorch(source)),
    },
    {
      name: 'ONNX',
      count: 14_000,
      seeds: await made('tiny/tiny.onnx', 'tiny/tiny-external.onnx'),
      read: onnx,
    },
    {
      name: 'Caffe, new and V1',
      count: 12_000,
      seeds: await made('tiny/tiny-new.caffemodel', 'tiny/tiny-v1.caffemodel'),
      read: async (source) =>
        readAll((await readCaffeModel(source)).layers.flatMap(({ blobs }) => blobs)),
    },
    {
      name: 'binaryproto',
      count: 8000,
      seeds: await made('tiny/tiny.binaryproto'),
      read: async (source) => (await readBinaryProto(source)).read(),
    },
    { name: 'prototxt', count: 8000, seeds: await made('tiny/tiny.prototxt'), read: text },
    {
      name: 'a whole import of safetensors',
      count: 250,
      seeds: await made('torchvision.safetensors', 'prefixed-f16.safetensors'),
      read: imported('a.safetensors'),
    },
    {
      name: 'a whole import of PyTorch',
      count: 250,
      seeds: await made('torchvision-legacy.pth', 'torchvision-strides.pth'),
      read: imported('a.pth'),
    },
    {
      name: 'a whole import of ONNX',
      count: 250,
      seeds: await made('torch-opset11.onnx', 'zoo-opset3.onnx'),
      read: imported('a.onnx'),
    },
    {
      name: 'a whole import of Caffe',
      count: 250,
      seeds: await made('caffenet-v1.caffemodel', 'caffe-new.caffemodel'),
      read: imported('a.caffemodel'),
    },
  ];
}

interface Entry {
  readonly name: string;
  readonly bytes: Uint8Array;
}

async function unpack(file: Uint8Array): Promise<Entry[]> {
  const entries = [...(await readZip(bytesSource(file))).values()];
  return Promise.all(
    entries.map(async ({ name, size, content }) => ({
      name,
      bytes: await readBytes(content, 0, size, name),
    })),
  );
}

const unpacked = new Map<Uint8Array, Promise<Entry[]>>();

/**
 * Changes what one entry of a zip archive holds, and puts the archive together again, so that its
 * checksums are right.
 */
async function inEntries(file: Uint8Array, chance: Chance): Promise<Uint8Array> {
  if (!unpacked.has(file)) unpacked.set(file, unpack(file));
  const entries = await unpacked.get(file)!;
  const chosen = chance.below(2) === 0 ? 0 : chance.below(entries.length);
  const parts = entries.map(({ name, bytes }, index) => ({
    name,
    bytes: index === chosen ? mutate(bytes, chance) : bytes,
  }));
  return Buffer.concat([
    ...writeZip(
      parts.map(({ name, bytes }) => ({ name, size: bytes.length, pieces: () => [bytes] })),
    ),
  ]);
}

/** Words of chance, one after another. */
class Chance {
  readonly #buffer = new Uint32Array(4096);
  readonly #words;
  #at = 0;

  constructor(index: number) {
    this.#words = bits({ seed, purpose: purposes.test, index });
  }

  below(limit: number): number {
    if (this.#at % this.#buffer.length === 0)
      this.#words(this.#at, this.#buffer.length, this.#buffer);
    return this.#buffer[this.#at++ % this.#buffer.length]! % limit;
  }
}

const telling = [0, 1, 0x7f, 0x80, 0xff, 0x28, 0x2e, 0x52, 0x5b, 0x7b, 0x7d, 0x0a];

/**
 * One to four changes: bytes, lengths, pieces cut out, doubled or swapped, the end cut off. Half of
 * them near the ends, where structure is.
 */
function mutate(file: Uint8Array, chance: Chance): Uint8Array {
  let bytes = new Uint8Array(file);
  for (let changes = 1 + chance.below(4); changes > 0 && bytes.length > 0; changes--) {
    const near = Math.min(bytes.length, 2000);
    const at = [
      chance.below(near),
      bytes.length - 1 - chance.below(near),
      chance.below(bytes.length),
      chance.below(bytes.length),
    ][chance.below(4)]!;
    const kind = chance.below(8);
    if (kind < 3) bytes[at] = telling[chance.below(telling.length)]!;
    else if (kind === 3) bytes[at]! ^= 1 << chance.below(8);
    else if (kind === 4) bytes.fill(0xff, at, Math.min(bytes.length, at + 1 + chance.below(8)));
    else if (kind === 5) bytes = bytes.subarray(0, chance.below(4) === 0 ? at : bytes.length);
    else if (kind === 6)
      bytes.copyWithin(
        chance.below(bytes.length),
        at,
        Math.min(bytes.length, at + chance.below(64)),
      );
    else bytes = joined(bytes, at, chance.below(64), chance.below(2) === 0);
  }
  return bytes;
}

/** A piece is cut out, or comes twice. */
function joined(
  bytes: Uint8Array,
  at: number,
  length: number,
  twice: boolean,
): Uint8Array<ArrayBuffer> {
  const rest = bytes.subarray(twice ? at : at + length);
  const out = new Uint8Array(at + (twice ? length : 0) + rest.length);
  out.set(bytes.subarray(0, at));
  if (twice) out.set(bytes.subarray(at, at + length), at);
  out.set(rest, out.length - rest.length);
  return out;
}

/**
 * Adds up the bytes of all arrays that are made while `work` runs; `work` sets the sum back to zero
 * before each file.
 */
async function countingAllocations(
  work: (counter: { bytes: number }) => Promise<void>,
): Promise<void> {
  const counter = { bytes: 0 };
  const counted = [
    'Uint8Array',
    'Uint16Array',
    'Int32Array',
    'Uint32Array',
    'Float32Array',
    'Float64Array',
    'BigInt64Array',
    'ArrayBuffer',
  ] as const;
  const originals = counted.map((name) => [name, globalThis[name]] as const);
  for (const [name, original] of originals) {
    const size = 'BYTES_PER_ELEMENT' in original ? original.BYTES_PER_ELEMENT : 1;
    const construct = (target: object, args: unknown[], created: object): object => {
      const [first] = args;
      // A view of a buffer is no new memory; a copy of an array is.
      if (typeof first === 'number') counter.bytes += first * size;
      else if (typeof first === 'object' && first !== null && 'length' in first)
        counter.bytes += Number(first.length) * size;
      return Reflect.construct(target as never, args, created as never) as object;
    };
    Object.defineProperty(globalThis, name, {
      value: new Proxy(original, { construct }),
      configurable: true,
      writable: true,
    });
  }
  try {
    await work(counter);
  } finally {
    for (const [name, original] of originals)
      Object.defineProperty(globalThis, name, {
        value: original,
        configurable: true,
        writable: true,
      });
  }
}

/** Whether a reader refuses a file, in words. */
async function refuses(read: Target['read'], bytes: Uint8Array, what: string): Promise<boolean> {
  try {
    await read(bytesSource(bytes));
    return false;
  } catch (error) {
    assert.ok(
      error instanceof AlexNetError,
      `${what}: ${error instanceof Error ? error.stack : String(error)}`,
    );
    return true;
  }
}

const all = await targets();

test('the fuzzer changes 100,000 files', () => {
  assert.equal(
    all.reduce((sum, { count }) => sum + count, 0),
    100_000,
  );
});

for (const [index, { name, count, seeds, read, mutate: change = mutate }] of all.entries()) {
  test(
    `${count} mutated files of ${name} are read or refused in words, and ten times the file ` +
      'is not allocated',
    { timeout: 300_000 },
    async (context) => {
      for (const file of seeds) await read(bytesSource(file));
      const chance = new Chance(index);
      let refused = 0;
      let most = 0;
      await countingAllocations(async (counter) => {
        for (let i = 0; i < count; i++) {
          const mutated = await change(seeds[i % seeds.length]!, chance);
          counter.bytes = 0;
          if (i % 500 === 0) await new Promise(setImmediate);
          if (await refuses(read, mutated, `file ${i}`)) refused++;
          most = Math.max(most, counter.bytes / Math.max(1, mutated.length));
          assert.ok(
            counter.bytes <= 10 * mutated.length + windows,
            `file ${i} of ${mutated.length} bytes made arrays of ${counter.bytes} bytes`,
          );
        }
      });
      context.diagnostic(
        `${name}: ${count} files, ${refused} refused, at most ${most.toFixed(1)} bytes ` +
          'allocated for one of the file',
      );
      assert.ok(
        refused > count / 20,
        `only ${refused} of ${count} files were refused: the mutations are too tame`,
      );
    },
  );
}
