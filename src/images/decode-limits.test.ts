import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import sharp from 'sharp';
import { openBatches } from '../data/batches.ts';
import { picturesInMemory } from '../data/in-memory.ts';
import { openWorkers } from '../data/node/workers.ts';
import { badPictures, drawn, goodPictures } from '../testing/pictures.ts';
import { decodePicture } from './decode.ts';
import { decodeLimits, decodingBytes, reserve, setDecodeLimits } from './decode-limits.ts';
import { UnreadablePicture } from './problem.ts';

afterEach(() => setDecodeLimits(decodeLimits()));

test('reserve() holds all pictures in flight within one budget', async () => {
  const limits = decodeLimits(100, 1000 * 1024);
  setDecodeLimits(limits);
  const used = (): number => new Int32Array(limits.budget)[0]!;
  const first = await reserve(600 * 1024);
  let second = false;
  const waiting = reserve(10 ** 12).then((giveBack) => {
    second = true;
    return giveBack;
  });
  const small = await reserve(400 * 1024);
  small();
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.deepEqual([second, used()], [false, 600]);
  first();
  (await waiting)();
  assert.equal(used(), 0);
});

test('decodePicture() waits for room, and always gives it back', async () => {
  const limits = decodeLimits(100e6, 1);
  setDecodeLimits(limits);
  const pictures = [...(await goodPictures()), ...(await badPictures())];
  await Promise.all(
    pictures.map(({ bytes }) =>
      decodePicture(bytes, { resize: { how: 'warp', size: 8 } }).catch((error: unknown) =>
        assert.ok(error instanceof UnreadablePicture),
      ),
    ),
  );
  assert.equal(new Int32Array(limits.budget)[0], 0);
  const giveBack = await reserve(1);
  let decoded = false;
  const later = decodePicture(pictures[0]!.bytes).then(() => (decoded = true));
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(decoded, false);
  giveBack();
  assert.ok(await later);
});

test('decodingBytes() counts interlaced 16-bit PNGs by what they hold', async () => {
  const deep = await drawn(20, 10).toColourspace('rgb16').png({ progressive: true }).toBuffer();
  const grey = await sharp(await drawn(20, 10).png().toBuffer())
    .toColourspace('b-w')
    .png()
    .toBuffer();
  assert.equal(decodingBytes('PNG', deep, 20, 10), deep.length + 200 * (6 + 3));
  assert.equal(decodingBytes('PNG', grey, 20, 10), grey.length + 200 * (1 + 3));
});

test('a picture of too many pixels is refused, here and by worker threads', async () => {
  const bytes = await drawn(40, 30).png().toBuffer();
  const detail =
    'Expected at most 1000 pixels but the picture has 40×30 = 1200. ' +
    'Raise the limit (--max-pixels, maximumPixels), or make it smaller.';
  await assert.rejects(decodePicture(bytes, { maximumPixels: 1000 }), {
    kind: 'tooManyPixels',
    detail,
  });
  const small = await drawn(20, 30).png().toBuffer();
  const dataset = await picturesInMemory([
    { picture: bytes, label: 'large' },
    { picture: small, label: 'small' },
  ]);
  const workers = await openWorkers({ threads: 1, maximumPixels: 1000 });
  try {
    const batches = await openBatches(dataset, {
      split: 'train',
      batch: 2,
      maximumFailures: 1,
      workers,
      preprocessing: {
        resize: { how: 'shorterSide', size: 16 },
        crop: 16,
        channels: 'RGB',
        scale: 1,
        mean: [0, 0, 0],
        deviation: [1, 1, 1],
      },
    });
    for await (const batch of batches.epoch(0)) assert.equal(batch.size, 1);
    assert.deepEqual(
      batches.failures.map((failure) => [failure.name, failure.detail]),
      [['large/0', detail]],
    );
    await batches.close();
  } finally {
    await workers.close();
  }
});
