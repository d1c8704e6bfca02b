import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { inferShapes } from '../../network/shapes.ts';
import { alexnet } from '../../network/variants.ts';
import { explanationPage } from './page.ts';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const skip = existsSync(executablePath)
  ? false
  : `There is no browser at ${executablePath}: install chromium, or set CHROMIUM.`;

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

test('the page forbids the network and holds all that it needs', async () => {
  const html = await explanationPage();
  assert.ok(html.includes(`content="default-src 'none'; img-src data:;`));
  assert.ok(!/(src|href)="(?!#|data:)/.test(html), 'something is fetched or linked');
  assert.ok(html.length < 300_000);
});

describe('the page in Chromium', { skip }, () => {
  let browser: Browser;
  let folder = '';
  let address = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'alexnet-page-'));
    const file = join(folder, 'alexnet.html');
    await writeFile(file, await explanationPage());
    address = pathToFileURL(file).href;
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  after(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function open(options: BrowserContextOptions): Promise<{ tab: Page; errors: string[] }> {
    const context = await browser.newContext(options);
    const tab = await context.newPage();
    const errors: string[] = [];
    tab.on('pageerror', (error) => errors.push(error.message));
    tab.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    tab.on('request', (request) => {
      if (!/^(file|data):/.test(request.url())) errors.push(`asked for ${request.url()}`);
    });
    await tab.goto(address);
    return { tab, errors };
  }

  for (const width of [400, 1200]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      test(`nothing for axe-core, nothing sideways: ${width} pixels, ${colorScheme}`, async () => {
        const viewport = { width, height: 900 };
        const { tab, errors } = await open({ viewport, colorScheme, bypassCSP: true });
        const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
        await tab.evaluate(await readFile(axe, 'utf8'));
        const { violations } = (await tab.evaluate('axe.run()')) as { violations: Violation[] };
        const found = violations.map(
          ({ id, impact, nodes }) => `${impact} ${id} ${nodes[0]?.html}`,
        );
        assert.deepEqual(found, []);
        assert.equal(await tab.evaluate('document.documentElement.scrollWidth'), width);
        assert.deepEqual(errors, []);
        await tab.context().close();
      });
    }
  }

  test('works out sizes by keyboard alone, as inferShapes() does', async () => {
    const { tab, errors } = await open({ viewport: { width: 400, height: 800 } });
    await tab.focus('#play input[name=n]');
    const type = async (value: number): Promise<void> => {
      await tab.keyboard.press('Control+A');
      await tab.keyboard.type(String(value));
      await tab.keyboard.press('Tab');
    };
    const said = (): Promise<string | null> => tab.textContent('#play output');
    for (const value of [224, 11, 0, 4]) await type(value);
    assert.match((await said())!, /floor\(53\.25\) \+ 1 = 54\. 1 cell at the end is never seen\.$/);
    for (const { layer, input, output } of inferShapes(alexnet('paper'))) {
      if (layer.type !== 'convolution' && layer.type !== 'maxPool') continue;
      await tab.focus('#play input[name=n]');
      for (const value of [input[1], layer.kernel[0], layer.padding.top, layer.stride[0]]) {
        await type(value);
      }
      assert.match((await said())!, new RegExp(`\\+ 1 = ${output[1]}\\. Every cell is seen\\.$`));
    }
    await tab.focus('#play button');
    await tab.keyboard.press('Enter');
    assert.match((await said())!, /\+ 1 = 55\./);
    await tab.fill('#play input[name=s]', '0');
    assert.equal(await said(), 's must be a whole number from 1 to 1024.');
    assert.equal(await tab.getAttribute('#play input[name=s]', 'aria-invalid'), 'true');
    await tab.fill('#play input[name=s]', '1');
    await tab.fill('#play input[name=k]', '300');
    assert.match((await said())!, /larger than the map/);
    assert.deepEqual(errors, []);
    await tab.context().close();
  });

  test('says the same without a script: the table is there and the form is not', async () => {
    const { tab } = await open({ javaScriptEnabled: false });
    assert.equal(await tab.isVisible('#play'), false);
    assert.equal(await tab.isVisible('text=Every window of the network, by the rule'), true);
    assert.equal(await tab.isVisible('#trap svg'), true);
    await tab.context().close();
  });

  test('prints the answer of the exercise and leaves the form out', async () => {
    const { tab } = await open({});
    const answer = tab.locator('.exercise details p').first();
    assert.equal(await answer.isVisible(), false);
    await tab.emulateMedia({ media: 'print' });
    assert.ok((await answer.boundingBox())!.height > 10);
    assert.equal(await tab.isVisible('#play'), false);
    await tab.context().close();
  });

  test('shows the drawing to scale on a desk and not on a phone', async () => {
    for (const [width, visible] of [
      [1200, true],
      [400, false],
    ] as const) {
      const { tab } = await open({ viewport: { width, height: 800 } });
      assert.equal(await tab.isVisible('#to-scale'), visible);
      assert.equal(await tab.isVisible('#ladder'), true);
      await tab.context().close();
    }
  });
});
