import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { build, preview } from 'vite';
import type { PreviewServer } from 'vite';
import { AlexNet, referenceEngine } from './browser.ts';
import type { Model } from './browser.ts';
import { f32Weights } from './model/weights.ts';
import { writeModel } from './model/node/model-file.ts';
import { testParameters } from './testing/data.ts';
import { narrowVariants } from './testing/networks.ts';
import { executablePath, noBrowser } from './testing/pages.ts';
import { drawn } from './testing/pictures.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Reads blue first, so that channels in the wrong order show. */
const model: Model = {
  network: narrowVariants.small,
  weights: f32Weights(testParameters(narrowVariants.small, 1)),
  labels: Array.from({ length: 7 }, (_, i) => ({ name: `label ${i}` })),
  preprocessing: {
    resize: { how: 'shorterSide', size: 36 },
    crop: 33,
    channels: 'BGR',
    scale: 1 / 255,
    mean: [0.4, 0.45, 0.5],
    deviation: [0.2, 0.25, 0.2],
  },
  provenance: {},
};

describe('examples/page', { skip: noBrowser }, () => {
  let folder = '';
  let server: PreviewServer;
  let browser: Browser;
  let page: Page;
  const at = (name: string): string => join(folder, name);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'alexnet-example-'));
    const vite = {
      root: join(root, 'examples', 'page'),
      configFile: false,
      logLevel: 'error',
      build: { outDir: at('out'), emptyOutDir: true, target: 'esnext' },
      resolve: { alias: { 'alexnet/browser': join(root, 'dist', 'browser.js') } },
    } as const;
    await build(vite);
    server = await preview({ ...vite, preview: { port: 0, host: '127.0.0.1' } });
    await writeModel(at('model.safetensors'), model);
    await writeFile(at('photo.png'), await drawn(48, 36).png().toBuffer());
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    page = await browser.newPage({ viewport: { width: 400, height: 800 } });
    await page.goto(server.resolvedUrls!.local[0]!);
  });
  after(async () => {
    await browser?.close();
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('says what is no model', async () => {
    await page.setInputFiles('#model', at('photo.png'));
    await page.waitForFunction(
      "document.getElementById('said').textContent.includes('photo.png: its content')",
    );
  });

  test('answers as Node does, and draws what the network sees', async () => {
    await page.setInputFiles('#model', at('model.safetensors'));
    await page.setInputFiles('#photo', at('photo.png'));
    await page.waitForSelector('#answers td');
    const rows = await page.locator('#answers tr').allInnerTexts();
    const here = await AlexNet.of(model, { engine: referenceEngine });
    const expected = await here.classify(at('photo.png'));
    await here.dispose();
    assert.deepEqual(
      rows.map((line) => line.split('\t')[0]),
      expected.map(({ name }) => name),
    );
    const percent = Number.parseFloat(rows[0]!.split('\t')[1]!);
    assert.ok(Math.abs(percent - 100 * expected[0]!.probability) < 0.06, rows[0]);
    const wide = await page.evaluate('document.documentElement.scrollWidth');
    assert.ok(Number(wide) <= 400, 'nothing scrolls sideways on a phone');
    const pixels = (await page.evaluate(
      "[...document.getElementById('seen').getContext('2d').getImageData(0, 0, 33, 33).data]",
    )) as number[];
    const source = await drawn(48, 36).removeAlpha().raw().toBuffer();
    // The middle 33 columns and rows of 48×36 pixels, which are not resized.
    const [x, y] = [10, 20];
    const there = 3 * ((y + 1) * 48 + x + 7);
    const seen = pixels.slice(4 * (y * 33 + x), 4 * (y * 33 + x) + 3);
    for (const [c, value] of seen.entries())
      assert.ok(Math.abs(value - source[there + c]!) <= 1, `${seen.join()} at ${there}`);
  });
});
