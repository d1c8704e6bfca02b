import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { builtFolder, openBrowser, openStaticHost, openTab } from '../../testing/app.ts';
import type { StaticHost } from '../../testing/app.ts';
import { noBrowser } from '../../testing/pages.ts';
import { serveApp } from './serve.ts';
import type { AppServer } from './serve.ts';

test('the first view has at most 80 kB of JavaScript, gzipped; the app has at most 16 MB', async () => {
  const html = await readFile(join(builtFolder, 'index.html'), 'utf8');
  const scripts = [...html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.js)"/g)].map(
    ([, path]) => path!,
  );
  assert.ok(scripts.length > 0, html);
  let size = 0;
  for (const path of scripts) size += gzipSync(await readFile(join(builtFolder, path))).length;
  assert.ok(size <= 80_000, `${size} bytes: ${scripts.join()}`);
  let whole = 0;
  for (const name of await readdir(builtFolder, { recursive: true }))
    whole += (await stat(join(builtFolder, name))).size;
  assert.ok(whole <= 16e6, `${whole} bytes`);
});

/** In the page: whether the model lies in the cache for the next visit. */
async function modelKept(): Promise<boolean> {
  const cache = await caches.open('alexnet-models');
  return (await cache.keys()).length > 0;
}

describe('the app in Chromium', { skip: noBrowser }, () => {
  let browser: Browser;
  let app: AppServer;
  let host: StaticHost;

  before(async () => {
    browser = await openBrowser();
    app = await serveApp({ port: 0 });
    host = await openStaticHost();
  });
  after(async () => {
    await browser.close();
    await app.close();
    host.close();
  });

  test('answers, isolated and held against the reference, and asks no other origin', async () => {
    const { page, context, problems, requests } = await openTab(browser, app.address);
    await page.locator('.answers li').first().waitFor();
    await page.locator('[data-check=held]').waitFor();
    assert.equal(await page.evaluate(() => globalThis.crossOriginIsolated), true);
    assert.equal(await page.locator('.answers .label').first().textContent(), 'sunflower');
    await page.locator('.wall.empty').first().waitFor({ state: 'detached' });
    assert.deepEqual(problems, []);
    const origin = new URL(app.address).origin;
    assert.deepEqual(
      requests.filter((url) => !url.startsWith(origin) && !url.startsWith(`blob:${origin}`)),
      [],
    );
    await context.close();
  });

  test('shows a finished example until the model is there', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    await context.route('**/*.safetensors', async (route) => {
      await held;
      await route.continue();
    });
    await page.goto(app.address);
    await page.locator('.example img').waitFor();
    letGo();
    await page.locator('.answers li').first().waitFor({ timeout: 120_000 });
    assert.equal(await page.locator('.example').count(), 0);
    await context.close();
  });

  test('isolates itself in a subfolder of a host without headers, then works offline', async () => {
    const { page, context, problems } = await openTab(browser, host.address);
    await page.waitForFunction(() => globalThis.crossOriginIsolated);
    await page.locator('.answers li').first().waitFor();
    await page.waitForFunction(modelKept);
    await context.setOffline(true);
    await page.reload();
    await page.locator('.answers li').first().waitFor();
    assert.equal(await page.evaluate(() => globalThis.crossOriginIsolated), true);
    assert.deepEqual(problems, []);
    await context.close();
  });
});
