import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadPicture, preprocess } from '../images/preprocess.ts';
import type { Preprocessing } from '../images/preprocessing.ts';
import { publishedPreprocessing } from '../model/published.ts';
import { AlexNet } from './alexnet.ts';

/** What torchvision and Caffe make of JPEG files; scripts/goldens-pixels.py writes it. */
interface Golden {
  readonly madeBy: string;
  readonly files: readonly {
    readonly file: string;
    /** SHA-256 of the bytes that are cut out, row by row. */
    readonly torchvision: string;
    readonly caffe: string;
    readonly probabilities: readonly number[];
  }[];
}

const goldens = new URL('../../src/testing/goldens/', import.meta.url);
const golden = JSON.parse(readFileSync(new URL('pixels.json', goldens), 'utf8')) as Golden;
const pathOf = (file: string): string => new URL(file, goldens).pathname;

/** The bytes of the crop, before scale, mean and deviation. */
async function cutOut(file: string, of: Preprocessing): Promise<string> {
  const plain = { ...of, scale: 1, mean: [0, 0, 0], deviation: [1, 1, 1] } as const;
  const planes = preprocess(await loadPicture(pathOf(file), plain), plain);
  const area = planes.length / 3;
  const bytes = Uint8Array.from(planes, (_, i) => planes[(i % 3) * area + Math.floor(i / 3)]!);
  return createHash('sha256').update(bytes).digest('hex');
}

test(`published models see their makers' pixels, from a JPEG on (${golden.madeBy})`, async () => {
  assert.equal(golden.files.length, 3);
  for (const { file, torchvision, caffe } of golden.files) {
    assert.equal(await cutOut(file, publishedPreprocessing('torchvision', 224)), torchvision, file);
    assert.equal(await cutOut(file, publishedPreprocessing('caffe', 227)), caffe, file);
  }
});

test("a model of torchvision's answers a JPEG like torchvision", async () => {
  const weights = new URL('../../test/weights/torchvision.pth', import.meta.url).pathname;
  const alexnet = await AlexNet.load(weights, { engine: 'reference' });
  try {
    for (const { file, probabilities } of golden.files) {
      const found = await alexnet.classify(pathOf(file), { top: 5 });
      assert.equal(found.length, 5);
      for (const { index, probability } of found) {
        const expected = probabilities[index]!;
        assert.ok(
          Math.abs(probability - expected) < 1e-3 * expected,
          `${file}, class ${index}: ${probability} is not ${expected}`,
        );
      }
    }
  } finally {
    await alexnet.dispose();
  }
});
