import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Checksum } from './checksum.ts';
import { readSafetensors, writeSafetensors } from './safetensors.ts';
import { readOnnx, writeOnnx } from './onnx.ts';
import { bytesSource } from './source.ts';

const bytes = Uint8Array.from({ length: 75 }, (_, i) => (i * 37 + 11) % 256);
const of = (data: Uint8Array): string => new Checksum().add(data).hex();

test('a checksum changes with every bit, every length and every exchange of words', () => {
  const others: string[] = [];
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const flipped = bytes.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    others.push(of(flipped));
  }
  for (let length = 0; length < bytes.length; length++) others.push(of(bytes.subarray(0, length)));
  const exchanged = bytes.slice();
  exchanged.set(bytes.subarray(0, 16), 16);
  exchanged.set(bytes.subarray(16, 32), 0);
  others.push(of(exchanged));
  assert.ok(!others.includes(of(bytes)));
});

test('a checksum is the same in pieces and at any place in memory', () => {
  const shifted = new Uint8Array(80).subarray(3, 78);
  shifted.set(bytes);
  assert.equal(of(shifted), of(bytes));
  const inPieces = new Checksum().add(bytes.subarray(0, 32)).add(bytes.subarray(32));
  assert.equal(inPieces.hex(), of(bytes));
});

test('a safetensors file with checksums is refused after any flipped bit', async () => {
  const data = Float32Array.of(1, 2, 3, 4, 5);
  for (const precision of ['f32', 'f16'] as const) {
    const tensors = [
      { name: 'a', shape: [5], data },
      { name: 'b', shape: [3], data: Uint8Array.of(7, 8, 9) },
    ];
    const file = Buffer.concat([...writeSafetensors(tensors, { precision, checksums: true })]);
    const whole = await readSafetensors(bytesSource(file));
    assert.deepEqual(await whole.tensors.get('a')!.read(), data);
    const payload = (precision === 'f32' ? 20 : 10) + 3;
    for (let place = file.length - payload; place < file.length; place++) {
      const broken = Buffer.from(file);
      broken[place]! ^= 4;
      const { tensors: read } = await readSafetensors(bytesSource(broken));
      const name = place < file.length - 3 ? 'a' : 'b';
      const message =
        `The file is damaged: the numbers of the tensor "${name}" do not fit their checksum. ` +
        'Fetch or copy it again.';
      await assert.rejects(read.get(name)!.read(), { message });
      await assert.rejects(read.get(name)!.readRaw(), { message });
    }
  }
});

test('an ONNX file with checksums is refused after any flipped bit', async () => {
  const data = Float32Array.from({ length: 70 }, (_, i) => i + 1);
  for (const precision of ['f32', 'f16'] as const) {
    const model = {
      opset: 17,
      producer: { name: 'alexnet', version: '1' },
      graph: 'g',
      inputs: [{ name: 'x', shape: [1] }],
      outputs: [{ name: 'y', shape: [1] }],
      nodes: [{ type: 'Add', name: 'n', inputs: ['x', 'w'], outputs: ['y'] }],
      initializers: [{ name: 'w', shape: [70], data, precision }],
      metadata: { mine: 'kept' },
    };
    const file = Buffer.concat([...writeOnnx({ ...model, checksums: true })]);
    const whole = await readOnnx(bytesSource(file));
    assert.deepEqual([...whole.metadata], [['mine', 'kept']]);
    assert.deepEqual(await whole.initializers.get('w')!.read(), data);
    // 69 and 70, of which one bit changes.
    const end = precision === 'f32' ? [0, 0, 138, 66, 0, 0, 140, 66] : [80, 84, 96, 84];
    const place = file.indexOf(Buffer.from(end));
    assert.ok(place > 0);
    const broken = Buffer.from(file);
    broken[place + 1]! ^= 1;
    const { initializers } = await readOnnx(bytesSource(broken));
    const message =
      'The file is damaged: the numbers of the tensor "w" do not fit their checksum. Fetch or ' +
      'copy it again; where another program changed them on purpose, take "alexnet.checksums" ' +
      'out of its metadata.';
    await assert.rejects(initializers.get('w')!.read(), { message });
    await assert.rejects(initializers.get('w')!.readRaw(), { message });
    const others = { ...model, metadata: { 'alexnet.checksums': '{"gone":"00"}' } };
    const changed = await readOnnx(bytesSource(Buffer.concat([...writeOnnx(others)])));
    assert.deepEqual(await changed.initializers.get('w')!.read(), data);
  }
});

test('checksums that are no JSON, or name no tensor, are refused', async () => {
  for (const text of ['{', '[]', '{"x":"1"}', '{"a":1}']) {
    const metadata = { 'alexnet.checksums': text };
    const tensors = [{ name: 'a', shape: [1], data: Uint8Array.of(7) }];
    const file = Buffer.concat([...writeSafetensors(tensors, { metadata })]);
    await assert.rejects(readSafetensors(bytesSource(file)), {
      message: "The safetensors file is damaged: its checksums are not the tensors'.",
    });
  }
});
