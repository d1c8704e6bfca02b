import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { anyText } from '../testing/arbitraries.ts';
import { Pages } from './pages.ts';
import { ProtobufReader, ProtobufWriter } from './protobuf.ts';
import { bytesSource } from './source.ts';

const anyWhole = fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.nat(300));

/** Fields of every kind, under random numbers. */
const anyField = fc.tuple(
  fc.integer({ min: 1, max: 2 ** 29 - 1 }),
  fc.oneof(
    fc.record({ kind: fc.constant('whole' as const), value: anyWhole }),
    fc.record({ kind: fc.constant('float' as const), value: fc.float() }),
    fc.record({ kind: fc.constant('text' as const), value: anyText }),
    fc.record({ kind: fc.constant('list' as const), value: fc.array(anyWhole, { maxLength: 20 }) }),
  ),
);

function bytesOfMessage(writer: ProtobufWriter): Buffer {
  const bytes = Buffer.concat([...writer.write()]);
  assert.equal(bytes.length, writer.length);
  return bytes;
}

test('any fields come back from a message', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyField, { maxLength: 8 }), async (fields) => {
      const inner = new ProtobufWriter();
      for (const [number, { kind, value }] of fields) {
        if (kind === 'whole') inner.whole(number, value);
        else if (kind === 'float') inner.float(number, value);
        else if (kind === 'text') inner.bytes(number, value);
        else inner.packedWholes(number, value);
      }
      const bytes = bytesOfMessage(new ProtobufWriter().message(7, inner));
      const reader = new ProtobufReader(new Pages(bytesSource(bytes)));
      const [message] = await reader.fields(0, bytes.length, 'it');
      const found = await reader.fields(message!.start, message!.length, 'it');
      assert.equal(found.length, fields.length);
      for (const [i, [number, { kind, value }]] of fields.entries()) {
        const field = found[i]!;
        assert.equal(field.number, number);
        if (kind === 'text') assert.equal(await reader.text(field, 'it'), value);
        else if (kind === 'list') assert.deepEqual(await reader.wholes(field, 'it'), value);
        else
          assert.ok(
            Object.is(field.value, value) || (kind === 'whole' && field.value === value),
            `${field.value} instead of ${value}`,
          );
      }
    }),
  );
});

test('a packed list longer than a window comes back, too long a one is refused', async () => {
  const values = Array.from({ length: 70_000 }, (_, i) => (i % 3 === 0 ? i : -i));
  const bytes = bytesOfMessage(new ProtobufWriter().packedWholes(1, values));
  const reader = new ProtobufReader(new Pages(bytesSource(bytes)));
  const [field] = await reader.fields(0, bytes.length, 'it');
  assert.deepEqual(await reader.wholes(field!, 'it', 70_000), values);
  await assert.rejects(reader.wholes(field!, 'it', 69_999), {
    name: 'AlexNetError',
    message: 'The file is damaged: it is a list of more than 69999 numbers.',
  });
});

const damaged: [what: string, bytes: number[]][] = [
  ['a length beyond the message', [0x0a, 5, 1]],
  ['a varint that does not end', [0x08, 0xff, 0xff]],
  ['a varint of more than ten bytes', [0x08, ...Array.from({ length: 11 }, () => 0xff), 1]],
  ['a length below zero', [0x0a, ...Array.from({ length: 9 }, () => 0xff), 1]],
  ['field number zero', [0x00, 1]],
  ['groups, which nobody writes any more', [0x0b, 0x0c]],
  ['a fixed number cut short', [0x0d, 1, 2]],
];

for (const [what, bytes] of damaged) {
  test(`fields() refuses ${what}`, async () => {
    const reader = new ProtobufReader(new Pages(bytesSource(Uint8Array.from(bytes))));
    await assert.rejects(reader.fields(0, bytes.length, 'it'), {
      name: 'AlexNetError',
      message: 'The file is damaged: it holds a field that does not end where it should.',
    });
  });
}

test('fields() refuses a file of more fields than any network has', async () => {
  const bytes = new Uint8Array(200_004).fill(8);
  const reader = new ProtobufReader(new Pages(bytesSource(bytes)));
  await assert.rejects(reader.fields(0, bytes.length, 'it'), {
    name: 'AlexNetError',
    message: 'The file is damaged: it has more than 100000 fields, as no network has.',
  });
});
