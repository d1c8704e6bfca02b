import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { AlexNetError } from '../errors.ts';
import { parsePrototxt, readBinaryProto, readCaffeModel } from '../formats/caffe.ts';
import { readNpy, readNpz, writeNpz } from '../formats/numpy.ts';
import { readOnnx } from '../formats/onnx.ts';
import { ProtobufWriter } from '../formats/protobuf.ts';
import { readSafetensors, writeSafetensors } from '../formats/safetensors.ts';
import { bytesSource } from '../formats/source.ts';
import type { ByteSource } from '../formats/source.ts';
import { bytesOf } from '../formats/tensor.ts';
import type { StoredTensor } from '../formats/tensor.ts';
import { readLegacyTorch, readTorchZip } from '../formats/torch.ts';
import { readZip } from '../formats/zip.ts';
import { bits, purposes } from '../random/philox.ts';
import { importSource } from './import.ts';

/** One fuzzer for all readers: the same files every time, because chance comes from Philox under this seed. */
const seed = 20121203;

/** Mutated files in all. */
const files = 100_000;

/** What is allocated in one piece may be ten times the file, and never needs to be more than a reader's own windows below that. */
const windows = 1 << 20;

interface Reader {
  readonly name: string;
  readonly file: Uint8Array;
  /** Reads everything there is to read. */
  readonly read: (source: ByteSource) => Promise<unknown>;
  /** Small files get most of the mutations: a thousandth of the time, and no fewer ways to be wrong. */
  readonly share: number;
}

const weights = new URL('../../test/weights/', import.meta.url);
const made = (name: string): Promise<Uint8Array> => readFile(new URL(name, weights));

async function readAll(tensors: Iterable<StoredTensor>): Promise<void> {
  for (const tensor of tensors) await tensor.read();
}

async function readers(): Promise<Reader[]> {
  const small = [{ name: 'a', shape: [2, 3], data: new Float32Array(6) }, { name: 'b', shape: [4], data: new Float32Array(4) }];
  const torchZip = async (source: ByteSource): Promise<void> => readAll(await readTorchZip(await readZip(source)));
  const external = await made('zoo-external.bin');
  const onnx = async (source: ByteSource): Promise<void> => {
    const { initializers, nodes } = await readOnnx(source, async () => bytesSource(external));
    await readAll(initializers.values());
    for (const { attributes } of nodes) for (const value of attributes.values()) if (typeof value === 'object' && 'read' in value) await value.read();
  };
  const caffe = async (source: ByteSource): Promise<void> => readAll((await readCaffeModel(source)).layers.flatMap(({ blobs }) => blobs));
  const text = async (source: ByteSource): Promise<void> => {
    const bytes = new Uint8Array(source.size);
    await source.read(bytes, 0);
    parsePrototxt(new TextDecoder().decode(bytes));
  };
  const imported = (name: string) => (source: ByteSource) => importSource(source, `/nowhere/${name}`);
  return [
    { name: 'safetensors', file: Buffer.concat([...writeSafetensors(small, { metadata: { a: 'b' } })]), read: async (source) => readAll((await readSafetensors(source)).tensors.values()), share: 40 },
    { name: 'npz', file: Buffer.concat([...writeNpz(small)]), read: async (source) => readAll(await readNpz(await readZip(source))), share: 24 },
    { name: 'PyTorch, zip', file: await made('torchvision.pth'), read: torchZip, share: 0.1 },
    { name: 'PyTorch, zip with a training state', file: await made('checkpoint-f16.pth'), read: torchZip, share: 0.04 },
    { name: 'PyTorch, older form', file: await made('torchvision-legacy.pth'), read: async (source) => readAll(await readLegacyTorch(source)), share: 0.2 },
    { name: 'ONNX', file: await made('zoo-external.onnx'), read: onnx, share: 0.4 },
    { name: 'ONNX with typed data', file: await made('zoo-opset12.onnx'), read: onnx, share: 0.06 },
    { name: 'Caffe', file: await made('caffe-new.caffemodel'), read: caffe, share: 0.14 },
    { name: 'Caffe, V1', file: await made('caffe-v1.caffemodel'), read: caffe, share: 0.14 },
    { name: 'binaryproto', file: Buffer.concat([...new ProtobufWriter().whole(1, 1).whole(2, 3).bytes(5, bytesOf(new Float32Array(3))).write()]), read: async (source) => (await readBinaryProto(source)).read(), share: 34 },
    { name: 'prototxt', file: await made('caffe.prototxt'), read: text, share: 0.5 },
    { name: 'NumPy with a pickle', file: await made('bvlc_alexnet.npy'), read: async (source) => readAll(await readNpy(source, 'array')), share: 0.12 },
    { name: 'NumPy with a pickle of Python 2', file: await made('python2.npy'), read: async (source) => readAll(await readNpy(source, 'array')), share: 0.1 },
    { name: 'deflated npz', file: await made('tensorflow.npz'), read: async (source) => readAll(await readNpz(await readZip(source))), share: 0.02 },
    { name: 'a whole import of safetensors', file: await made('torchvision.safetensors'), read: imported('a.safetensors'), share: 0.02 },
    { name: 'a whole import of ONNX', file: await made('torch-opset11.onnx'), read: imported('a.onnx'), share: 0.02 },
    { name: 'a whole import of Caffe', file: await made('caffenet-v1.caffemodel'), read: imported('a.caffemodel'), share: 0.02 },
  ];
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
    if (this.#at % this.#buffer.length === 0) this.#words(this.#at, this.#buffer.length, this.#buffer);
    return this.#buffer[this.#at++ % this.#buffer.length]! % limit;
  }
}

const telling = [0, 1, 0x7f, 0x80, 0xff, 0x28, 0x2e, 0x52, 0x5b, 0x7b, 0x7d, 0x0a];

/** One to four changes: bytes, lengths, pieces cut out, doubled or swapped, the end cut off. Half of them near the ends, where structure is. */
function mutate(file: Uint8Array, chance: Chance): Uint8Array {
  let bytes = new Uint8Array(file);
  for (let changes = 1 + chance.below(4); changes > 0 && bytes.length > 0; changes--) {
    const near = Math.min(bytes.length, 2000);
    const at = [chance.below(near), bytes.length - 1 - chance.below(near), chance.below(bytes.length), chance.below(bytes.length)][chance.below(4)]!;
    const kind = chance.below(8);
    if (kind < 3) bytes[at] = telling[chance.below(telling.length)]!;
    else if (kind === 3) bytes[at]! ^= 1 << chance.below(8);
    else if (kind === 4) bytes.fill(0xff, at, Math.min(bytes.length, at + 1 + chance.below(8)));
    else if (kind === 5) bytes = bytes.subarray(0, chance.below(4) === 0 ? at : bytes.length);
    else if (kind === 6) bytes.copyWithin(chance.below(bytes.length), at, Math.min(bytes.length, at + chance.below(64)));
    else bytes = joined(bytes, at, chance.below(64), chance.below(2) === 0);
  }
  return bytes;
}

/** A piece is cut out, or comes twice. */
function joined(bytes: Uint8Array, at: number, length: number, twice: boolean): Uint8Array<ArrayBuffer> {
  const rest = bytes.subarray(twice ? at : at + length);
  const out = new Uint8Array(at + (twice ? length : 0) + rest.length);
  out.set(bytes.subarray(0, at));
  if (twice) out.set(bytes.subarray(at, at + length), at);
  out.set(rest, out.length - rest.length);
  return out;
}

/** Notes the largest array that is made while `work` runs; `work` sets it back to zero before each file. */
async function countingAllocations(work: (counter: { largest: number }) => Promise<void>): Promise<void> {
  const counter = { largest: 0 };
  const counted = ['Uint8Array', 'Uint16Array', 'Uint32Array', 'Float32Array', 'Float64Array', 'ArrayBuffer'] as const;
  const originals = counted.map((name) => [name, globalThis[name]] as const);
  for (const [name, original] of originals) {
    const size = 'BYTES_PER_ELEMENT' in original ? original.BYTES_PER_ELEMENT : 1;
    const construct = (target: object, args: unknown[], created: object): object => {
      if (typeof args[0] === 'number') counter.largest = Math.max(counter.largest, args[0] * size);
      return Reflect.construct(target as never, args, created as never) as object;
    };
    Object.defineProperty(globalThis, name, { value: new Proxy(original, { construct }), configurable: true, writable: true });
  }
  try {
    await work(counter);
  } finally {
    for (const [name, original] of originals) Object.defineProperty(globalThis, name, { value: original, configurable: true, writable: true });
  }
}

/** Whether a reader refuses a file, in words. */
async function refuses(read: Reader['read'], bytes: Uint8Array, what: string): Promise<boolean> {
  try {
    await read(bytesSource(bytes));
    return false;
  } catch (error) {
    assert.ok(error instanceof AlexNetError, `${what}: ${error instanceof Error ? error.stack : String(error)}`);
    return true;
  }
}

const all = await readers();
const shares = all.reduce((sum, { share }) => sum + share, 0);
for (const [index, { name, file, read, share }] of all.entries()) {
  const count = Math.ceil((files * share) / shares);
  test(`${count} mutated files of ${name} are read or refused in words, and nothing large is allocated`, async () => {
    await read(bytesSource(file));
    const chance = new Chance(index);
    let refused = 0;
    await countingAllocations(async (counter) => {
      for (let i = 0; i < count; i++) {
        const mutated = mutate(file, chance);
        counter.largest = 0;
        if (i % 500 === 0) await new Promise(setImmediate);
        if (await refuses(read, mutated, `file ${i}`)) refused++;
        assert.ok(counter.largest <= 10 * mutated.length + windows, `file ${i} of ${mutated.length} bytes made an array of ${counter.largest} bytes`);
      }
    });
    assert.ok(refused > count / 20, `only ${refused} of ${count} files were refused: the mutations are too tame`);
  });
}
