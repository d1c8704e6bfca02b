import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { executablePath, noBrowser } from '../../testing/pages.ts';
import { jpeg } from '../../testing/folders.ts';
import { servedModel } from '../../testing/served.ts';
import { createServer } from '../server.ts';
import type { AlexNetServer } from '../server.ts';

const key = '0123456789abcdef';

describe("the server's pages", { skip: noBrowser }, () => {
  let browser: Browser;
  let server: AlexNetServer;
  let address = '';
  const complaints: string[] = [];
  before(async () => {
    const models = [1, 2].map((seed) => ({ name: `m${seed}`, model: servedModel(seed) }));
    server = await createServer({ models, engine: 'reference', decodingThreads: 1, keys: [key] });
    address = await server.listen({ host: '127.0.0.1', port: 0 });
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  after(async () => {
    await browser.close();
    await server.close();
  });

  async function open(path: string): Promise<Page> {
    const page = await browser.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(address + path);
    return page;
  }

  test('the page asks for the key, then says what is on the pictures it is given', async () => {
    const page = await open('/');
    await page.getByText('This server wants a key.').waitFor();
    await page.locator('#key').fill(key);
    await page.locator('#key').blur();
    await page.locator('#model option').nth(1).waitFor({ state: 'attached' });
    await page.locator('#model').selectOption('m2');
    const picture = await jpeg(1);
    await page.locator('#files').setInputFiles([
      { name: 'cat.jpg', mimeType: 'image/jpeg', buffer: picture },
      { name: 'notes.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no picture') },
    ]);
    const cat = page.locator('article', { hasText: 'cat.jpg' });
    await cat.locator('li').nth(4).waitFor();
    const answer = await server.http.inject({
      method: 'POST',
      url: '/classify?model=m2',
      payload: picture,
      headers: { 'x-api-key': key },
    });
    const { predictions } = answer.json<{
      predictions: { label: string; probability: number }[];
    }>();
    const shown = await cat.locator('li').allInnerTexts();
    assert.deepEqual(
      shown.map((text) => text.split(/\s*\n\s*/)),
      predictions.map(({ label, probability }) => [label, `${(100 * probability).toFixed(1)} %`]),
    );
    await page
      .locator('article', { hasText: 'notes.jpg' })
      .getByText('Expected a JPEG, PNG, WebP, GIF, AVIF or TIFF picture but found text.')
      .waitFor();
    assert.match(await page.locator('#curl').innerText(), /model=m2'$/);
    // The key that was missing, and the picture that is none; nothing that the policy forbids.
    assert.deepEqual(
      complaints.filter((text) => !/status of (401|415)/.test(text)),
      [],
    );
    await page.close();
  });

  test('GET /docs shows every address that the routes document', async () => {
    const page = await open('/docs');
    const routes = await page.locator('.route h3').allInnerTexts();
    for (const route of ['POST /classify', 'POST /v2/models/{model}/infer', 'GET /metrics'])
      assert.ok(routes.includes(route), `${route} in ${routes.join(', ')}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert.equal(wide, false);
    await page.close();
  });
});
