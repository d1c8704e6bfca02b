import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { BodyBudget, readBody } from './body.ts';

function message(body: Uint8Array, headers: Record<string, string> = {}): IncomingMessage {
  const pieces = [body.subarray(0, 5), body.subarray(5)].filter(({ length }) => length > 0);
  const stream = Readable.from(pieces.map((piece) => Buffer.from(piece)));
  return Object.assign(stream, { headers }) as unknown as IncomingMessage;
}

const limits = { maximumBytes: 1000, budget: new BodyBudget(1500) };
const text = Buffer.from('a picture, or a tensor');

test('a body is read as it is, or as it was before it was compressed', async () => {
  const compressed = {
    gzip: gzipSync(text),
    deflate: deflateSync(text),
    br: brotliCompressSync(text),
  };
  for (const [encoding, bytes] of Object.entries(compressed)) {
    const body = await readBody(message(bytes, { 'content-encoding': encoding }), limits);
    assert.equal(body.bytes.toString(), text.toString(), encoding);
    body.release();
  }
  const plain = await readBody(message(text, { 'content-length': String(text.length) }), limits);
  assert.equal(plain.bytes.toString(), text.toString());
  plain.release();
  assert.equal(limits.budget.taken, 0);
});

test('tensors behind JSON lie where numbers can be read in their place', async () => {
  for (const before of [3, 4, 5, 6]) {
    for (const announced of [{}, { 'content-length': String(text.length) }]) {
      const headers = { 'inference-header-content-length': String(before), ...announced };
      const { bytes, release } = await readBody(message(text, headers), limits);
      assert.equal(bytes.toString(), text.toString());
      assert.equal((bytes.byteOffset + before) % 4, 0);
      release();
    }
  }
});

test('a bomb is refused while it is inflated, not after', async () => {
  const bomb = gzipSync(Buffer.alloc(50e6));
  assert.ok(bomb.length < 60e3);
  const budget = new BodyBudget(2000);
  await assert.rejects(
    readBody(message(bomb, { 'content-encoding': 'gzip' }), { maximumBytes: 1000, budget }),
    { kind: 'large', message: 'Expected a body of at most 1 kB. Send fewer pictures at once.' },
  );
  assert.equal(budget.taken, 0);
});

test('what is announced or sent beyond the limit is refused', async () => {
  await assert.rejects(readBody(message(text, { 'content-length': '1001' }), limits), {
    kind: 'large',
  });
  await assert.rejects(readBody(message(Buffer.alloc(1001)), limits), { kind: 'large' });
});

test('bodies together take no more than their budget', async () => {
  const one = await readBody(message(Buffer.alloc(900)), limits);
  await assert.rejects(readBody(message(Buffer.alloc(900)), limits), {
    kind: 'busy',
    message: 'Requests of 905 B are being read already. Try again later.',
  });
  one.release();
  one.release();
  assert.equal(limits.budget.taken, 0);
});

test('what is no gzip, cut off, or of another encoding is refused', async () => {
  const cut = gzipSync(text).subarray(0, 20);
  for (const bytes of [text, cut])
    await assert.rejects(readBody(message(bytes, { 'content-encoding': 'gzip' }), limits), {
      kind: 'wrong',
      message: /^The body could not be decompressed: .+\.$/,
    });
  await assert.rejects(readBody(message(text, { 'content-encoding': 'zstd' }), limits), {
    kind: 'type',
    message: 'Expected Content-Encoding gzip, deflate, br or none but found "zstd".',
  });
});
