import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import sharp from 'sharp';
import { noBrowser, openPages } from '../testing/pages.ts';
import type { Pages } from '../testing/pages.ts';
import { drawing, drawn } from '../testing/pictures.ts';
import { loadPicture, preprocess } from './preprocess.ts';
import type { Preprocessing } from './preprocessing.ts';
import { UnreadablePicture } from './problem.ts';

const preprocessing: Preprocessing = {
  resize: { how: 'shorterSide', size: 48 },
  crop: 45,
  channels: 'BGR',
  scale: 1,
  mean: [104, 117, 123],
  deviation: [1, 1, 1],
};

/** Preprocesses pictures in the page: name → numbers, or what is wrong. */
function script(pictures: Readonly<Record<string, Uint8Array>>): string {
  const encoded = Object.entries(pictures).map(([name, bytes]) => [
    name,
    Buffer.from(bytes).toString('base64'),
  ]);
  return `
    const { loadPicture, preprocess } = await import('/dist/images/preprocess.js');
    const preprocessing = ${JSON.stringify(preprocessing)};
    const result = {};
    for (const [name, encoded] of ${JSON.stringify(encoded)}) {
      const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
      try {
        const picture = await loadPicture(new File([bytes], name), preprocessing);
        result[name] = [...preprocess(picture, preprocessing)];
      } catch (error) {
        result[name] = error.kind + ': ' + error.message;
      }
    }
    globalThis.result = result;`;
}

type Result = Readonly<Record<string, readonly number[] | string>>;

describe('pictures in Chromium', { skip: noBrowser }, () => {
  let pages: Pages;
  before(async () => {
    pages = await openPages();
  });
  after(() => pages?.close());

  test('a PNG or WebP without loss gives the numbers of Node, as raw pixels do', async () => {
    const png = await drawn(60, 44).png().toBuffer();
    const webp = await drawn(60, 44).webp({ lossless: true }).toBuffer();
    const { picture, same } = (await pages.result(script({ picture: png, same: webp }))) as Result;
    assert.deepEqual(picture, same);
    assert.deepEqual(picture, [
      ...preprocess(await loadPicture(png, preprocessing), preprocessing),
    ]);
    const raw = await loadPicture(drawing(60, 44), preprocessing);
    assert.deepEqual(picture, [...preprocess(raw, preprocessing)]);
  });

  test('what is decoded with loss or shrunk gives nearly the numbers of Node', async () => {
    const image = drawn(160, 120);
    const half = Buffer.alloc(160 * 120, 128);
    const jpeg = await image.clone().jpeg({ quality: 95 }).toBuffer();
    const pictures = {
      'large.png': await image.clone().png().toBuffer(),
      'photograph.jpg': jpeg,
      'turned.jpg': await sharp(jpeg).rotate(270).withMetadata({ orientation: 6 }).toBuffer(),
      'grey.jpg': await image.clone().greyscale().jpeg().toBuffer(),
      'half transparent.png': await image
        .clone()
        .joinChannel(half, { raw: { width: 160, height: 120, channels: 1 } })
        .png()
        .toBuffer(),
    };
    const result = (await pages.result(script(pictures))) as Result;
    for (const [name, bytes] of Object.entries(pictures)) {
      const numbers = result[name] as readonly number[];
      const onNode = preprocess(await loadPicture(bytes, preprocessing), preprocessing);
      assert.equal(numbers.length, onNode.length, name);
      const differences = onNode.map((value, i) => Math.abs(value - numbers[i]!));
      assert.ok(Math.max(...differences) <= 12, `${name}: ${Math.max(...differences)}`);
      const mean = differences.reduce((sum, value) => sum + value) / differences.length;
      assert.ok(mean < 1, `${name}: ${mean} on average`);
    }
  });

  test('what is no picture is refused in the words of Node', async () => {
    const jpeg = await drawn(160, 120).jpeg().toBuffer();
    const pictures = {
      'cut off.jpg': jpeg.subarray(0, jpeg.length / 2),
      'notes.jpg': Buffer.from('some notes'),
      'empty.png': Buffer.of(),
    };
    const result = (await pages.result(script(pictures))) as Result;
    for (const [name, bytes] of Object.entries(pictures)) {
      const onNode = await loadPicture(bytes, preprocessing).catch((error: unknown) => error);
      assert.ok(onNode instanceof UnreadablePicture);
      assert.equal(result[name], `${onNode.kind}: ${onNode.message}`);
    }
  });
});
