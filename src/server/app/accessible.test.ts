import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openBrowser, openTab } from '../../testing/app.ts';
import { noBrowser } from '../../testing/pages.ts';
import { serveApp } from './serve.ts';
import type { AppServer } from './serve.ts';

const at = 'model=scenes&picture=car';
/** A view's address, and what stands in it once it is whole. */
const views: readonly (readonly [hash: string, whole: string])[] = [
  [`/overview?${at}`, '.answers'],
  [`/layer?${at}&layer=conv1&unit=3`, '.column canvas'],
  [`/layer?${at}&layer=softmax`, '.listed'],
  [`/unit?${at}&layer=conv2&unit=3&place=4,4`, '.patches canvas'],
  [`/unit?${at}&layer=fc6&unit=3&place=0,0`, '.patches canvas'],
  [`/unit?${at}&layer=lrn1&unit=3&place=4,4`, '.patches canvas'],
  [`/why?${at}`, '[data-method=deconvnet] canvas[role=img]'],
  [`/lesson?${at}&section=layers`, 'aside canvas'],
  [`/lesson?${at}&section=kernels`, '.gallery'],
  [`/compare?${at}&with=scenes`, '[data-model] figure canvas'],
];

describe('every view of the app', { skip: noBrowser }, () => {
  let browser: Browser;
  let app: AppServer;
  let axe = '';

  before(async () => {
    const require = createRequire(import.meta.url);
    axe = await readFile(require.resolve('axe-core/axe.min.js'), 'utf8');
    browser = await openBrowser();
    app = await serveApp({ port: 0 });
  });
  after(async () => {
    await browser.close();
    await app.close();
  });

  /** What axe finds, and how much wider than the window the page is. */
  async function look(page: Page, [hash, whole]: (typeof views)[number]): Promise<string[]> {
    await page.goto(`${app.address}#${hash}`);
    await page.locator(whole).first().waitFor();
    await page.evaluate(axe);
    const flaws = await page.evaluate(async () => {
      const { axe } = globalThis as unknown as {
        axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
      };
      const { violations } = await axe.run();
      return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
    });
    const { scrollWidth, clientWidth } = await page.evaluate(() => document.documentElement);
    if (scrollWidth > clientWidth) flaws.push(`${scrollWidth - clientWidth} pixels too wide`);
    return flaws.map((flaw) => `${hash} ${flaw}`);
  }

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [390, 1000]) {
      test(`can be used by all, ${colorScheme}, ${width} pixels wide`, async () => {
        const viewport = { width, height: 800 };
        const tab = await openTab(browser, app.address, { colorScheme, viewport });
        const flaws: string[] = [];
        for (const view of views) flaws.push(...(await look(tab.page, view)));
        await tab.context.close();
        assert.deepEqual(flaws, []);
        assert.deepEqual(tab.problems, []);
      });
    }
  }
});
