import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import type { Sharp } from 'sharp';
import { badPictures, drawing, drawn, goodPictures } from '../testing/pictures.ts';
import { decodePicture, resizePicture } from './decode.ts';
import { plainJpeg } from './jpeg.ts';
import type { Picture } from './picture.ts';
import { UnreadablePicture } from './problem.ts';
import { resample } from './resample.ts';

/** Where red, green and blue are far from the chequerboard's edges. */
const places = [
  [8, 8],
  [24, 8],
  [88, 8],
  [8, 56],
  [40, 40],
  [88, 56],
] as const;

function pixel({ width, data }: Picture, x: number, y: number): number[] {
  return [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
}

test('decodePicture() reads every kind of picture by its content, upright and in RGB', async () => {
  const truth = drawing(96, 64);
  for (const { file, bytes } of await goodPictures()) {
    const picture = await decodePicture(bytes);
    assert.deepEqual(
      [picture.width, picture.height, picture.data.length],
      [96, 64, 96 * 64 * 3],
      file,
    );
    const tolerance = file.startsWith('cmyk')
      ? 110
      : file.endsWith('gif') || file.startsWith('palette')
        ? 24
        : 12;
    for (const [x, y] of places) {
      pixel(picture, x, y).forEach((value, c) => {
        const expected = pixel(truth, x, y)[c]!;
        assert.ok(
          Math.abs(value - expected) <= tolerance,
          `${file}: channel ${c} at ${x},${y} is ${value}, not about ${expected}`,
        );
      });
    }
  }
});

test('decodePicture() lays transparency on white', async () => {
  const through = (depth: string): Sharp => drawn(96, 64).ensureAlpha(0.25).toColourspace(depth);
  for (const [depth, image] of Object.entries({
    '8 bits': through('srgb').png(),
    '16 bits': through('rgb16').png(),
    WebP: through('srgb').webp({ lossless: true }),
    TIFF: through('srgb').tiff({ compression: 'lzw' }),
  })) {
    const bytes = await image.toBuffer();
    const picture = await decodePicture(bytes);
    pixel(picture, 24, 8).forEach((value, c) =>
      assert.ok(
        Math.abs(value - (255 * 0.75 + pixel(drawing(96, 64), 24, 8)[c]! * 0.25)) <= 2,
        `${depth} ${value}`,
      ),
    );
  }
});

test('decodePicture() leaves colour profile and orientation alone where told to', async () => {
  const plain = await drawn(96, 64).jpeg().toBuffer();
  const both = await drawn(96, 64)
    .withMetadata({ orientation: 6 })
    .withIccProfile('p3')
    .jpeg()
    .toBuffer();
  const stored = await sharp(both, { ignoreIcc: true }).raw().toBuffer();
  const ignored = { colourProfile: 'ignored', orientation: 'ignored' } as const;
  assert.deepEqual(await decodePicture(both, ignored), {
    width: 96,
    height: 64,
    data: stored,
  });
  assert.notDeepEqual(await decodePicture(plain), await decodePicture(both, ignored));
  const turned = await decodePicture(both, { colourProfile: 'ignored' });
  assert.deepEqual([turned.width, turned.height], [64, 96]);
  const applied = await decodePicture(both, { orientation: 'ignored' });
  assert.deepEqual([applied.width, applied.height], [96, 64]);
  assert.notDeepEqual(applied.data, stored);
});

test('decodePicture() resizes from full size in the arithmetic that is asked for', async () => {
  const bytes = await drawn(960, 640).jpeg({ quality: 95 }).toBuffer();
  const whole = await decodePicture(bytes);
  const pillow = { how: 'shorterSide', size: 60, kernel: 'pillow' } as const;
  assert.deepEqual(
    await decodePicture(bytes, { resize: pillow }),
    resample(whole, 90, 60, 'pillow'),
  );
  assert.deepEqual(await resizePicture(whole, pillow), resample(whole, 90, 60, 'pillow'));
  const opencv = { how: 'warp', size: 32, kernel: 'opencv' } as const;
  assert.deepEqual(
    await decodePicture(bytes, { resize: opencv }),
    resample(whole, 32, 32, 'opencv'),
  );
});

test('decodePicture() takes the first frame of an animation', async () => {
  const frames = Buffer.concat([drawing(96, 64).data, new Uint8Array(96 * 64 * 3)]);
  const animation = (): Sharp =>
    sharp(frames, { raw: { width: 96, height: 128, channels: 3, pageHeight: 64 } });
  for (const bytes of [
    await animation().gif({ delay: 100 }).toBuffer(),
    await animation().webp({ quality: 95, delay: 100 }).toBuffer(),
  ]) {
    assert.equal((await sharp(bytes).metadata()).pages, 2);
    const picture = await decodePicture(bytes);
    assert.deepEqual([picture.width, picture.height], [96, 64]);
    for (const [x, y] of places)
      pixel(picture, x, y).forEach((value, c) =>
        assert.ok(Math.abs(value - pixel(drawing(96, 64), x, y)[c]!) <= 24),
      );
  }
});

test('decodePicture() gives three equal channels for grey pictures of 8 and 16 bits', async () => {
  const grey = (depth: string): Sharp => drawn(96, 64).toColourspace(depth);
  for (const bytes of [
    grey('b-w').png(),
    grey('grey16').png(),
    grey('b-w').jpeg(),
    grey('b-w').tiff(),
    grey('grey16').tiff(),
  ].map((image) => image.toBuffer())) {
    const picture = await decodePicture(await bytes);
    assert.equal(picture.data.length, 96 * 64 * 3);
    const [red, green, blue] = pixel(picture, 30, 20);
    assert.ok(red === green && green === blue && red! > 0);
  }
});

test('decodePicture() names what is wrong with bad files, and reads good ones', async () => {
  const [bad, good] = await Promise.all([badPictures(), goodPictures()]);
  // All at once, several times: libvips has one place for all its messages.
  for (const strict of [false, true, false, true]) {
    const wrong = bad.map(({ file, bytes, problem }) =>
      assert.rejects(
        decodePicture(bytes, { strict }),
        (error: unknown) =>
          error instanceof UnreadablePicture &&
          error.kind === problem &&
          /^[A-Z].*\.$/.test(error.detail),
        `${file} is ${problem}`,
      ),
    );
    const right = good
      .filter(({ file }) => !strict || !file.startsWith('broken'))
      .map(({ file, bytes }) => assert.doesNotReject(decodePicture(bytes, { strict }), file));
    await Promise.all([...wrong, ...right]);
  }
});

test('decodePicture() says in full sentences what it expected and found', async () => {
  const message = async (bytes: Uint8Array): Promise<string> =>
    decodePicture(bytes).then(
      () => 'read',
      (error: Error) => error.message,
    );
  const bad = new Map((await badPictures()).map(({ file, bytes }) => [file, bytes]));
  assert.equal(await message(bad.get('empty.jpg')!), 'The file is empty.');
  assert.equal(
    await message(bad.get('text.jpg')!),
    'Expected a JPEG, PNG, WebP, GIF, AVIF or TIFF picture but found text.',
  );
  assert.equal(
    await message(bad.get('phone.jpg')!),
    'Expected a JPEG, PNG, WebP, GIF, AVIF or TIFF picture but found a HEIC picture. ' +
      'Convert it to JPEG or PNG.',
  );
  assert.equal(
    await message(bad.get('bomb.png')!),
    'Expected at most 100000000 pixels but the picture has 30000×30000 = 900000000. ' +
      'Raise the limit (--max-pixels, maximumPixels), or make it smaller.',
  );
  assert.equal(
    await message(bad.get('cut.jpg')!),
    'The JPEG ends too early: the file is cut off. Copy it again from where it came from.',
  );
  assert.equal(
    await message(bad.get('wrong inside.png')!),
    'The PNG is damaged: what is in it cannot be decoded without errors.',
  );
});

test('decodePicture() tolerates wrong bytes inside a JPEG unless strict', async () => {
  const bytes = await drawn(96, 64).jpeg().toBuffer();
  for (let i = 0; i < 40; i++) bytes[(bytes.length >> 1) + i] = (i * 73) & 127;
  assert.equal((await decodePicture(bytes)).width, 96);
  await assert.rejects(
    decodePicture(bytes, { strict: true }),
    (error: unknown) => error instanceof UnreadablePicture && error.kind === 'damaged',
  );
});

test('decodePicture() resizes to the shorter side, or warps', async () => {
  const bytes = await drawn(300, 200).jpeg().toBuffer();
  const size = async (options: Parameters<typeof decodePicture>[1]): Promise<number[]> =>
    decodePicture(bytes, options).then(({ width, height }) => [width, height]);
  assert.deepEqual(await size({ resize: { how: 'shorterSide', size: 256 } }), [384, 256]);
  assert.deepEqual(await size({ resize: { how: 'shorterSide', size: 64 } }), [96, 64]);
  assert.deepEqual(await size({ resize: { how: 'warp', size: 128 } }), [128, 128]);
  assert.deepEqual(
    await size({ resize: { how: 'shorterSide', size: 256 }, enlarge: false }),
    [300, 200],
  );
  assert.deepEqual(
    await size({ resize: { how: 'shorterSide', size: 64 }, enlarge: false }),
    [96, 64],
  );
});

test('decodePicture() cuts a strip to its middle instead of blowing it up', async () => {
  const strip = await sharp({
    create: { width: 1, height: 3000, channels: 3, background: '#ff8000' },
  })
    .png()
    .toBuffer();
  const picture = await decodePicture(strip, { resize: { how: 'shorterSide', size: 256 } });
  assert.deepEqual(
    [picture.width, picture.height, ...pixel(picture, 128, 512)],
    [256, 1024, 255, 128, 0],
  );
});

test('resizePicture() averages what it shrinks, as decodePicture() does', async () => {
  const raw = drawing(192, 128);
  const resize = { how: 'shorterSide', size: 32 } as const;
  const small = await resizePicture(raw, resize);
  assert.deepEqual([small.width, small.height], [48, 32]);
  assert.deepEqual(
    small.data,
    (await decodePicture(await drawn(192, 128).png().toBuffer(), { resize })).data,
  );
});

test('plainJpeg() knows the size of plain JPEGs and leaves all others to the decoder', async () => {
  const good = new Map((await goodPictures()).map(({ file, bytes }) => [file, bytes]));
  for (const file of ['plain.jpg', 'progressive.jpg', 'no ending'])
    assert.deepEqual(plainJpeg(good.get(file)!), { width: 96, height: 64 }, file);
  for (const file of [
    'cmyk with profile.jpg',
    'cmyk without profile.jpg',
    'wide gamut.jpg',
    'turned by EXIF.jpg',
    'broken EXIF.jpg',
    'plain.tiff',
  ])
    assert.equal(plainJpeg(good.get(file)!), undefined, file);
  assert.equal(
    plainJpeg(await drawn(96, 64).grayscale().toColourspace('b-w').jpeg().toBuffer()),
    undefined,
  );
  const bytes = good.get('plain.jpg')!;
  for (let length = 3; length < 200; length++)
    assert.ok([undefined, 96].includes(plainJpeg(bytes.subarray(0, length))?.width));
});

/** A value of a TIFF's first directory, changed. */
function withTag(tiff: Buffer, tag: number, value: number): Buffer {
  const out = Buffer.from(tiff);
  const directory = out.readUInt32LE(4);
  for (let entry = 0; entry < out.readUInt16LE(directory); entry++) {
    const at = directory + 2 + 12 * entry;
    if (out.readUInt16LE(at) === tag) out.writeUInt16LE(value, at + 8);
  }
  return out;
}

test('decodePicture() calls a TIFF that it does not know unsupported, not damaged', async () => {
  const tiff = await drawn(16, 16).tiff({ compression: 'none' }).toBuffer();
  assert.equal(tiff.toString('latin1', 0, 2), 'II');
  const cases = [
    [259, 34925, 'is compressed with LZMA'],
    [259, 6, 'is compressed with JPEG as TIFF had it before 1995'],
    [259, 34712, 'is compressed with JPEG 2000'],
    [262, 8, 'holds colours in CIE Lab'],
    [262, 9, 'holds colours in ICC Lab'],
  ] as const;
  for (const [tag, value, why] of cases)
    await assert.rejects(decodePicture(withTag(tiff, tag, value)), {
      kind: 'unsupported',
      detail: `The TIFF ${why}, which is not read. Convert it to JPEG or PNG.`,
    });
  // A compression that it knows, of bytes that are none.
  await assert.rejects(decodePicture(withTag(tiff, 259, 8)), { kind: 'damaged' });
});
