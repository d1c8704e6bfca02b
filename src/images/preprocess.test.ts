import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { drawing, drawn } from '../testing/pictures.ts';
import { loadPixelKernels } from './workbench.ts';
import type { Preprocessing } from './preprocessing.ts';
import { loadPicture, preprocess } from './preprocess.ts';
import { UnreadablePicture } from './problem.ts';

before(loadPixelKernels);

const plain: Preprocessing = {
  resize: { how: 'shorterSide', size: 64 },
  crop: 48,
  channels: 'RGB',
  scale: 1,
  mean: [0, 0, 0],
  deviation: [1, 1, 1],
};
/** 90×64: the central 64×64 square begins at x = 13, the centre crop at x = 21, y = 8. */
const picture = drawing(90, 64);

function at(x: number, y: number, c: number): number {
  return picture.data[(y * 90 + x) * 3 + c]!;
}

test('preprocess() cuts the centre and orders planes as channels, rows, columns', () => {
  const out = preprocess(picture, plain);
  assert.equal(out.length, 3 * 48 * 48);
  for (const [c, y, x] of [
    [0, 0, 0],
    [1, 0, 0],
    [2, 17, 40],
    [0, 47, 47],
  ] as const)
    assert.equal(out[(c * 48 + y) * 48 + x], at(21 + x, 8 + y, c));
});

test('preprocess() cuts ten crops: corners and centre of the central square, and mirrored', () => {
  const out = preprocess(picture, plain, 10);
  const corners = [
    [13, 0],
    [29, 0],
    [13, 16],
    [29, 16],
    [21, 8],
  ] as const;
  corners.forEach(([left, top], i) => {
    for (const [c, y, x] of [
      [0, 0, 0],
      [2, 30, 11],
      [1, 47, 47],
    ] as const) {
      assert.equal(out[((i * 3 + c) * 48 + y) * 48 + x], at(left + x, top + y, c), `crop ${i}`);
      assert.equal(
        out[(((i + 5) * 3 + c) * 48 + y) * 48 + 47 - x],
        at(left + x, top + y, c),
        `mirrored crop ${i}`,
      );
    }
  });
});

test('preprocess() scales, subtracts the mean colour, divides by the deviation, in BGR too', () => {
  const mean = [0.485, 0.456, 0.406] as const;
  const deviation = [0.229, 0.224, 0.225] as const;
  for (const channels of ['RGB', 'BGR'] as const) {
    const out = preprocess(picture, { ...plain, channels, scale: 1 / 255, mean, deviation });
    for (const c of [0, 1, 2] as const) {
      const expected = (at(31, 28, channels === 'RGB' ? c : 2 - c) / 255 - mean[c]) / deviation[c];
      assert.ok(Math.abs(out[(c * 48 + 20) * 48 + 10]! - expected) < 1e-6, `${channels} ${c}`);
    }
  }
});

test('preprocess() subtracts the centre of a mean image from every crop', () => {
  const meanImage = Float32Array.from({ length: 3 * 64 * 64 }, (_, i) => i / 1000);
  const out = preprocess(
    picture,
    { ...plain, mean: { tensor: 'mean' }, deviation: [2, 2, 2] },
    10,
    meanImage,
  );
  const without = preprocess(picture, plain, 10);
  for (const crop of [0, 4, 7]) {
    for (const [c, y, x] of [
      [0, 0, 0],
      [1, 5, 40],
      [2, 47, 3],
    ] as const) {
      const i = ((crop * 3 + c) * 48 + y) * 48 + x;
      assert.ok(
        Math.abs(out[i]! - (without[i]! - meanImage[(c * 64 + y + 8) * 64 + x + 8]!) / 2) < 1e-4,
      );
    }
  }
});

test('preprocess() takes off what lies under the crop, mirrored too, where the mean moves', () => {
  const meanImage = Float32Array.from({ length: 3 * 64 * 64 }, (_, i) => i / 1000);
  const moving = { ...plain, mean: { tensor: 'mean', at: 'crop' }, deviation: [2, 2, 2] } as const;
  const out = preprocess(picture, moving, 10, meanImage);
  const without = preprocess(picture, plain, 10);
  const corners = [
    [0, 0],
    [16, 0],
    [0, 16],
    [16, 16],
    [8, 8],
  ] as const;
  for (let crop = 0; crop < 10; crop++) {
    const [left, top] = corners[crop % 5]!;
    for (const [c, y, x] of [
      [0, 0, 0],
      [1, 5, 40],
      [2, 47, 3],
    ] as const) {
      const column = crop < 5 ? left + x : left + 47 - x;
      const mean = meanImage[(c * 64 + top + y) * 64 + column]!;
      const i = ((crop * 3 + c) * 48 + y) * 48 + x;
      assert.ok(
        Math.abs(out[i]! - (without[i]! - mean) / 2) < 1e-4,
        `crop ${crop}, ${c},${y},${x}`,
      );
    }
  }
});

test("preprocess() cuts torchvision's centre from the picture, not from its square", () => {
  // (91 − 48) / 2 = 21.5 is even at 22, ours is (91 − 64) >> 1 = 13 and 8 on.
  const odd = drawing(91, 64);
  const torchvision = { ...plain.resize, geometry: 'torchvision' } as const;
  for (const [resize, left] of [
    [plain.resize, 21],
    [torchvision, 22],
  ] as const)
    for (const [c, y, x] of [
      [0, 0, 0],
      [1, 47, 47],
    ] as const)
      assert.equal(
        preprocess(odd, { ...plain, resize })[(c * 48 + y) * 48 + x],
        odd.data[((8 + y) * 91 + left + x) * 3 + c],
      );
});

test('preprocess() refuses a mean image of another size and a picture that is not resized', () => {
  assert.throws(() => preprocess(picture, { ...plain, mean: { tensor: 'mean' } }), {
    message: 'Expected a mean image of 3·64·64 = 12288 numbers (tensor mean) but found none.',
  });
  assert.throws(() => preprocess(drawing(90, 60), plain), {
    message:
      'Expected a picture whose shorter side is 64 pixels, and a crop no larger, ' +
      'but found 90×60 and a crop of 48.',
  });
});

test('loadPicture() gives the same pixels for a file, its bytes and raw pixels', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'alexnet-'));
  try {
    const bytes = await drawn(180, 128).png().toBuffer();
    const file = join(folder, 'ein Bild 画.jpg');
    await writeFile(file, bytes);
    const [fromFile, fromBytes, fromPixels] = await Promise.all([
      loadPicture(file, plain),
      loadPicture(bytes, plain),
      loadPicture(drawing(180, 128), plain),
    ]);
    assert.deepEqual(fromFile, fromBytes);
    assert.deepEqual(fromFile.data, fromPixels.data);
    await assert.rejects(loadPicture(join(folder, 'nothing.jpg'), plain), {
      name: 'UnreadablePicture',
      message:
        `${join(folder, 'nothing.jpg')}: ` +
        'There is no such file (or a link that leads nowhere).',
    });
    await assert.rejects(
      loadPicture(folder, plain),
      (error: unknown) =>
        error instanceof UnreadablePicture &&
        error.message === `${folder}: Expected a file but found a folder.`,
    );
    const untold = loadPicture as (input: unknown, reading?: unknown) => Promise<unknown>;
    const untoldOf = (found: string): { name: string; message: string } => ({
      name: 'AlexNetError',
      message:
        'Expected loadPicture(input, reading) to be told how the picture is read, such as ' +
        "model.preprocessing or { resize: { how: 'shorterSide', size: 256 } }, but found " +
        `${found}.`,
    });
    await assert.rejects(untold(folder), untoldOf('nothing'));
    await assert.rejects(untold(folder, {}), untoldOf('{}'));
    await assert.rejects(loadPicture({ width: 3, height: 2, data: new Uint8Array(4) }, plain), {
      message: 'Expected raw pixels [2, 3, 3] = 18 bytes but found 4.',
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
