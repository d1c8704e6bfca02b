import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sha256 } from '#platform';
import type { Picture } from '../images/picture.ts';
import { noBrowser, openPages } from '../testing/pages.ts';
import type { Pages } from '../testing/pages.ts';
import { openBatchSource } from './batch-source.ts';
import type { BatchSource } from './batch-source.ts';
import { picturesInMemory } from './in-memory.ts';

const options = {
  split: 'train',
  batch: 4,
  seed: 3,
  augmentation: {
    crop: { from: 'square' },
    mirror: 0.5,
    pca: { deviation: 0.1 },
    jitter: { contrast: 0.3 },
  },
  preprocessing: {
    resize: { how: 'shorterSide', size: 36 },
    crop: 31,
    channels: 'RGB',
    scale: 1,
    mean: [120, 110, 100],
    deviation: [1, 1, 1],
  },
} as const;

/** Pixels of any pattern; the page makes the same. */
function picture(number: number): Picture {
  const [width, height] = [20 + number, 24];
  const data = Uint8Array.from(
    { length: width * height * 3 },
    (_, i) => (i * (number + 3) + (i % 3) * 50) % 256,
  );
  return { width, height, data };
}

/**
 * The statistics, and what is in the batches of two epochs. Runs here and, as text, in the
 * page.
 */
async function seen(
  source: BatchSource,
  wanted: typeof options,
  digest: typeof sha256,
): Promise<unknown[]> {
  const { statistics } = await source.measureColours({ resize: wanted.preprocessing.resize });
  const batches = await source.batches({ ...wanted, statistics });
  const all: unknown[] = [statistics];
  for (const epoch of [0, 1]) {
    for await (const { images, labels, indices } of batches.epoch(epoch)) {
      const bytes = new Uint8Array(images.slice().buffer);
      all.push([[...labels], [...indices], await digest([bytes])]);
    }
  }
  await batches.close();
  return all;
}

const script = `
  const { picturesInMemory } = await import('/dist/data/in-memory.js');
  const { openBatchSource } = await import('/dist/data/batch-source.js');
  const { sha256 } = await import('/dist/platform/browser.js');
  ${picture.toString()}
  ${seen.toString()}
  const of = (i) => ({ picture: picture(i), label: 'ab'[i % 2] });
  const pictures = Array.from({ length: 10 }, (_, i) => of(i));
  const source = await openBatchSource(await picturesInMemory(pictures), { threads: 2 });
  globalThis.result = await seen(source, ${JSON.stringify(options)}, sha256);
  await source.close();`;

describe('batches in Chromium', { skip: noBrowser }, () => {
  let pages: Pages;
  before(async () => {
    pages = await openPages();
  });
  after(() => pages?.close());

  for (const isolated of [true, false]) {
    const who = isolated ? 'Web Workers' : 'the page itself, which is not isolated,';
    test(`${who} give the batches that worker threads give`, async () => {
      const pictures = Array.from({ length: 10 }, (_, i) => ({
        picture: picture(i),
        label: 'ab'[i % 2]!,
      }));
      const source = await openBatchSource(await picturesInMemory(pictures), { threads: 2 });
      try {
        const expected = await seen(source, options, sha256);
        assert.equal(expected.length, 1 + 2 * 2);
        assert.deepEqual(await pages.result(script, { isolated }), expected);
      } finally {
        await source.close();
      }
    });
  }
});
