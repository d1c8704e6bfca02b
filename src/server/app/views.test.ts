import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { decodePicture } from '../../images/decode.ts';
import type { Picture } from '../../images/picture.ts';
import { resamplePicture } from '../../images/pixels.ts';
import { loadPicture, preprocess } from '../../images/preprocess.ts';
import type { Preprocessing } from '../../images/preprocessing.ts';
import { AlexNet } from '../../inference/alexnet.ts';
import { importWeights } from '../../model/import.ts';
import { loadWeights } from '../../model/weights.ts';
import { findLayer, inferShapes } from '../../network/shapes.ts';
import { referenceEngine } from '../../engine/reference/index.ts';
import { openBrowser, openStaticHost, openTab } from '../../testing/app.ts';
import type { StaticHost, Tab } from '../../testing/app.ts';
import { noBrowser } from '../../testing/pages.ts';
import { serveApp } from './serve.ts';
import type { AppServer } from './serve.ts';

const root = new URL('../../../', import.meta.url);
const path = (name: string): string => fileURLToPath(new URL(name, root));
const small = 'model=scenes&picture=car';

describe('the views of the app in Chromium', { skip: noBrowser }, () => {
  let browser: Browser;
  let app: AppServer;
  let host: StaticHost;
  let base = '';

  before(async () => {
    browser = await openBrowser();
    app = await serveApp({ port: 0, model: path('test/weights/torchvision.pth') });
    base = app.address.replace(/#.*/, '');
    host = await openStaticHost();
  });
  after(async () => {
    await browser.close();
    await app.close();
    host.close();
  });

  async function withTab(hash: string, use: (tab: Tab) => Promise<void>): Promise<void> {
    const tab = await openTab(browser, `${base}#${hash}`);
    try {
      await use(tab);
      assert.deepEqual(tab.problems, []);
    } finally {
      await tab.context.close();
    }
  }

  test('lead from the overview to one number, whose sum is the engine’s and Node’s', async () => {
    await withTab(`/overview?${small}`, async ({ page }) => {
      const stage = page.locator('[data-layer=relu2]');
      await stage.locator('.wall:not(.empty)').waitFor();
      await stage.locator('.stage-name').click();
      await page.getByRole('link', { name: /^Channel 5: / }).click();
      await page.getByRole('navigation', { name: 'Layers' }).getByText('conv2').click();
      await page.getByRole('link', { name: /^Channel 5: / }).click();
      const at = new URLSearchParams(page.url().split('?')[1]);
      const [y, x] = at.get('place')!.split(',').map(Number);
      const { value, reckoned } = await numberOn(page);
      const expected = await numberOnNode('conv2', 5, y!, x!);
      assert.ok(Math.abs(value - expected) <= 1e-4 * Math.abs(expected), `${value}, ${expected}`);
      assert.ok(Math.abs(reckoned - expected) <= 1e-4 * Math.abs(expected), `${reckoned}`);
    });
  });

  test('trace a number of every kind of layer to what the engine says', async () => {
    const layers = ['input', 'conv1', 'relu1', 'lrn1', 'pool1', 'conv3', 'avgpool', 'fc6', 'drop6'];
    for (const layer of [...layers, 'fc8', 'softmax']) {
      const place =
        layer.startsWith('fc') || layer === 'softmax' || layer === 'drop6' ? '0,0' : '2,3';
      await withTab(`/unit?${small}&layer=${layer}&unit=1&place=${place}`, async ({ page }) => {
        const { value, reckoned } = await numberOn(page);
        const near = Math.abs(value - reckoned) <= 1e-4 * Math.max(1e-3, Math.abs(value));
        assert.ok(near, `${layer}: ${value}, ${reckoned}`);
      });
    }
  });

  test('go back and forward, move the place by keys, and say what is not there', async () => {
    await withTab(`/layer?${small}&layer=conv1`, async ({ page }) => {
      await page.getByRole('link', { name: /^Channel 3: / }).click();
      await page.getByRole('heading', { name: 'conv1, channel 3' }).waitFor();
      await page.goBack();
      await page.getByRole('heading', { name: /^conv1 convolution/ }).waitFor();
      await page.goForward();
      await page.getByRole('heading', { name: 'conv1, channel 3' }).waitFor();
      const before = placeIn(page);
      await page.locator('.map').press(before[1]! > 0 ? 'ArrowLeft' : 'ArrowRight');
      const moved = placeIn(page);
      assert.deepEqual([moved[0], Math.abs(moved[1]! - before[1]!)], [before[0], 1]);
      await page.goto(`${base}#/unit?${small}&layer=conv1&unit=3&place=99,0`);
      await page.getByText('it has no number at channel 3, row 99, column 0').waitFor();
      await page.goto(`${base}#/layer?${small}&layer=nope`);
      await page
        .getByText('This network has no layer “nope”. Its layers are: input, conv1')
        .waitFor();
      await page.goto(`${base}#/overview?model=gone&picture=car`);
      await page.getByText('The model “gone” is not known here').waitFor();
    });
  });

  test('are walked by the keyboard alone', async () => {
    await withTab(`/overview?${small}`, async ({ page }) => {
      await page.locator('[data-layer=relu1] .wall:not(.empty)').waitFor();
      await page.locator('[data-layer=relu1] a').focus();
      await page.keyboard.press('Enter');
      await page.locator('.channels a[tabindex="0"]').focus();
      const first = await page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
      await page.keyboard.press('ArrowRight');
      const second = await page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
      assert.notEqual(first, second);
      await page.keyboard.press('Enter');
      await page.getByText('How this number is made').waitFor();
      await page.keyboard.press(']');
      await page.getByRole('heading', { name: /^lrn1, channel/ }).waitFor();
      await page.keyboard.press('[');
      await page.getByRole('heading', { name: /^relu1, channel/ }).waitFor();
      for (const heading of [/^relu1/, /^relu1/, /^The network/]) {
        await page.keyboard.press('Escape');
        await page.getByRole('heading', { name: heading }).first().waitFor();
      }
      await page.keyboard.press('?');
      await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    });
  });

  test('show six methods, and which of them do not notice that the weights are gone', async () => {
    await withTab(`/why?${small}&class=1`, async ({ page }) => {
      await page.getByRole('heading', { name: 'Why “car”?' }).waitFor();
      for (const method of [
        'grad-cam',
        'guided-grad-cam',
        'saliency',
        'integrated-gradients',
        'occlusion',
        'deconvnet',
      ])
        await page.locator(`[data-method=${method}] canvas[role=img]`).waitFor();
      await page.getByRole('button', { name: 'Shuffle and compare' }).click();
      await page.locator('[data-correlation]').nth(3).waitFor();
      const found = await page
        .locator('[data-correlation]')
        .evaluateAll((all) =>
          all.map((one) => Number((one as HTMLElement).dataset['correlation'])),
        );
      assert.ok(
        found.every((value) => value > -1 && value < 0.99),
        found.join(),
      );
    });
  });

  test('teach the lesson: a section by its address, a question, the formula to play with', async () => {
    await withTab(`/lesson?${small}&section=layers`, async ({ page }) => {
      await page.getByRole('heading', { name: 'Layer by layer' }).waitFor();
      await page.getByLabel('padding p').fill('2');
      await page.getByText('Every cell is seen.').first().waitFor();
      await page.getByLabel('stride s').fill('0');
      await page.getByText('s must be a whole number from 1 to 1024.').waitFor();
      await page.getByRole('button', { name: 'Show conv3 beside' }).click();
      await page.getByRole('complementary').getByRole('link', { name: 'conv3' }).waitFor();
      const answer = page.locator('.exercise details').first();
      assert.equal(await answer.getAttribute('open'), null);
      await answer.locator('summary').click();
      assert.equal(await answer.getAttribute('open'), '');
    });
  });

  test('open the model that the command line named, and answer as Node does', async () => {
    await withTab('/overview?model=given/torchvision.pth&picture=car', async ({ page }) => {
      await sameAsNode(page, path('test/weights/torchvision.pth'));
    });
  });

  test('take a .pth that is dropped, and a picture, and answer as Node does', async () => {
    await withTab(`/overview?${small}`, async ({ page }) => {
      await page.locator('.answers li').first().waitFor();
      const weights = await readFile(path('test/weights/torchvision.pth'));
      await drop(page, 'torchvision.pth', weights.toString('base64'));
      await page.waitForFunction(() => location.hash.includes('model=own-1'));
      await sameAsNode(page, path('test/weights/torchvision.pth'));
      const picture = await readFile(path('test/weights/photograph.png'));
      await drop(page, 'photograph.png', picture.toString('base64'));
      await page.waitForFunction(() => location.hash.includes('picture=own-2'));
      await sameAsNode(
        page,
        path('test/weights/torchvision.pth'),
        path('test/weights/photograph.png'),
      );
      await drop(page, 'notes.txt', 'bm90ZXM=');
      await page
        .getByText(
          'Expected pictures (.jpg, .png, .webp, …) or a file of weights, but found notes.txt.',
        )
        .waitFor();
    });
  });

  test('take a picture from the camera, a drawing and a pasted one', async () => {
    await withTab(`/overview?${small}`, async ({ page }) => {
      await page.locator('.answers li').first().waitFor();
      await page.getByRole('button', { name: 'Camera' }).click();
      await page.waitForFunction(() => (document.querySelector('video')?.videoWidth ?? 0) > 0);
      await page.getByRole('button', { name: 'Take the picture' }).click();
      await page.waitForFunction(() => location.hash.includes('picture=own-1'));
      await page.getByRole('button', { name: 'Draw' }).click();
      const paper = (await page.locator('.paper').boundingBox())!;
      await page.mouse.move(paper.x + 40, paper.y + 40);
      await page.mouse.down();
      await page.mouse.move(paper.x + 90, paper.y + 120, { steps: 8 });
      await page.mouse.up();
      await page.getByRole('button', { name: 'Look at it' }).click();
      await page.waitForFunction(() => location.hash.includes('picture=own-2'));
      await page.evaluate(pastePicture);
      await page.waitForFunction(() => location.hash.includes('picture=own-3'));
      await page.locator('.pictures img[alt="pasted picture"]').waitFor();
      await page.locator('.answers li').first().waitFor();
    });
  });

  test('answer the last of many wishes, not one of those before', async () => {
    await withTab(`/unit?${small}&layer=conv1&unit=3&place=5,5`, async ({ page }) => {
      await numberOn(page);
      for (let i = 0; i < 12; i++) await page.locator('.map').press('ArrowRight');
      assert.deepEqual(placeIn(page), [5, 17]);
      const expected = await numberOnNode('conv1', 3, 5, 17);
      await page.waitForFunction((expected) => {
        const shown = document.querySelector('.number:not(.stale) [data-value]');
        return Math.abs(Number(shown?.getAttribute('data-value')) - expected) < 1e-4;
      }, expected);
    });
  });

  test('compare two models on one picture and channel', async () => {
    await withTab(`/overview?${small}`, async ({ page }) => {
      await page.locator('.answers li').first().waitFor();
      const weights = await readFile(path('web/models/scenes.safetensors'));
      await drop(page, 'again.safetensors', weights.toString('base64'));
      await page.waitForFunction(() => location.hash.includes('model=own-1'));
      await page.evaluate(() => {
        location.hash = '#/compare?model=own-1&picture=car&with=scenes&layer=conv2&unit=7';
      });
      await page.locator('[data-model=scenes] canvas.made').waitFor();
      await page.locator('[data-model=own-1] canvas.made').waitFor();
      const distances = await page.locator('[data-differences=conv2] .n').allTextContents();
      assert.deepEqual([distances.length, new Set(distances)], [12, new Set(['0'])]);
    });
  });

  test('come with the network of the paper, 227 pixels down to 6', async () => {
    await withTab('', async ({ page }) => {
      await page.locator('.answers li').first().waitFor();
      const sizes = await page.locator('.stage-size').allTextContents();
      const maps = ['96×55×55', '96×27×27', '256×27×27', '256×13×13', '384×13×13', '384×13×13'];
      assert.deepEqual(sizes.slice(0, 9), ['3×227×227', ...maps, '256×13×13', '256×6×6']);
      assert.equal(await page.locator('[data-layer=relu2] .wall').count(), 2);
    });
  });

  test('compute on one thread where the page cannot be isolated, and say so', async () => {
    const { page, context, problems } = await openTab(
      browser,
      `${host.address}#/overview?${small}`,
      {
        serviceWorkers: 'block',
      },
    );
    await page.getByText('one thread, because this page is not cross-origin isolated').waitFor();
    await page.locator('.answers li').first().waitFor();
    const isolated = await page.locator('.answers li').first().getAttribute('data-class');
    assert.equal(isolated, '1');
    assert.deepEqual(
      problems.filter((text) => !text.includes('Service Worker')),
      [],
    );
    await context.close();
  });
});

async function numberOn(page: Page): Promise<{ value: number; reckoned: number }> {
  await page.locator('.number:not(.stale) [data-value]').waitFor();
  return {
    value: Number(await page.locator('[data-value]').getAttribute('data-value')),
    reckoned: Number(await page.locator('[data-reckoned]').getAttribute('data-reckoned')),
  };
}

function placeIn(page: Page): number[] {
  return new URLSearchParams(page.url().split('?')[1]).get('place')!.split(',').map(Number);
}

function car(): Promise<Buffer> {
  return readFile(path('web/pictures/car.jpg'));
}

/**
 * A square picture as the page resizes it. Node lets its decoder shrink what names no kernel, for
 * speed; the page has our resampler for all.
 */
async function asInPage(
  bytes: Uint8Array,
  { resize }: Preprocessing,
): Promise<Picture | Uint8Array> {
  if (resize.kernel !== undefined) return bytes;
  const whole = await decodePicture(bytes);
  return resamplePicture(whole, resize.size, resize.size);
}

/** By the reference engine. */
async function numberOnNode(layer: string, unit: number, y: number, x: number): Promise<number> {
  const { model } = await importWeights(path('web/models/scenes.safetensors'));
  const { network, preprocessing, weights } = model;
  const session = await referenceEngine.prepare(network, {
    batch: 1,
    mode: 'inference',
    keep: [layer],
  });
  await loadWeights(session, weights);
  const picture = await loadPicture(await asInPage(await car(), preprocessing), preprocessing);
  await session.forward(preprocess(picture, preprocessing));
  const values = await session.activation(layer);
  await session.dispose();
  const [, height, width] = findLayer(inferShapes(network), layer).output;
  return values[(unit * height + y) * width + x]!;
}

async function sameAsNode(page: Page, weights: string, picture?: string): Promise<void> {
  await page.locator('.answers li').first().waitFor();
  const found = await page
    .locator('.answers li')
    .evaluateAll((all) =>
      all.map((one) => [
        Number((one as HTMLElement).dataset['class']),
        Number((one as HTMLElement).dataset['probability']),
      ]),
    );
  const { model } = await importWeights(weights);
  const alexnet = await AlexNet.of(model, { engine: referenceEngine });
  const bytes = picture === undefined ? await car() : await readFile(picture);
  const shown = await asInPage(bytes, model.preprocessing);
  const expected = await alexnet.classify(shown, { top: found.length });
  await alexnet.dispose();
  assert.deepEqual(
    found.map(([index]) => index),
    expected.map(({ index }) => index),
  );
  for (const [i, { probability }] of expected.entries())
    assert.ok(
      Math.abs(found[i]![1]! - probability) < 1e-6,
      `${found[i]![1]} is not ${probability}`,
    );
}

/** In the page: as if a picture were pasted, which then has no name. */
function pastePicture(): void {
  const canvas = document.createElement('canvas');
  canvas.toBlob((blob) => {
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File([blob!], '', { type: 'image/png' }));
    document.dispatchEvent(new ClipboardEvent('paste', { clipboardData }));
  });
}

/** As if the file were dropped on the page. */
async function drop(page: Page, name: string, base64: string): Promise<void> {
  await page.evaluate(
    ([name, base64]) => {
      const bytes = Uint8Array.from(atob(base64!), (character) => character.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], name!));
      document.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, cancelable: true }));
    },
    [name, base64],
  );
}
