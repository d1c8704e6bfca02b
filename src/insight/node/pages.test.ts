import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { writeScenes } from '../../data/node/write-scenes.ts';
import { writeModel } from '../../model/node/model-file.ts';
import { alexnet } from '../../network/variants.ts';
import { bits, purposes } from '../../random/philox.ts';
import { testParameters } from '../../testing/data.ts';
import { amounts } from '../colours.ts';
import { abouts } from '../pages/about.ts';
import type { Report } from '../pages/report.ts';
import { reportHtml } from './html.ts';
import { mapHtml, photographMap } from './map.ts';
import { openPhotograph, withModel } from './open.ts';
import { storyHtml } from './story.ts';
import { f32Weights } from '../../model/weights.ts';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const skip = existsSync(executablePath)
  ? false
  : `There is no browser at ${executablePath}: install Debian's chromium, or set CHROMIUM to ` +
    'the path of yours.';

describe('pages in Chromium, without network', { skip }, () => {
  const problems: string[] = [];
  let folder = '';
  let browser: Browser;
  let page: Page;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'alexnet-pages-'));
    const model = join(folder, 'model.safetensors');
    const network = alexnet('small', { classes: 6, width: 1 / 8, input: 32 });
    const preprocessing = {
      resize: { how: 'shorterSide', size: 36 },
      crop: 32,
      channels: 'RGB',
      scale: 1,
      mean: [120, 115, 100],
      deviation: [60, 60, 60],
    } as const;
    await mkdir(join(folder, 'pictures'));
    await writeScenes(join(folder, 'pictures'), {
      seed: 1,
      perClass: { train: 0, val: 0, test: 2 },
    });
    await writeModel(model, {
      network,
      weights: f32Weights(testParameters(network, 3)),
      labels: Array.from({ length: 6 }, (_, i) => ({ name: `class ${i}` })),
      preprocessing,
      provenance: {},
    });
    const photos = join(folder, 'pictures', 'test');
    await withModel(model, { batch: 4 }, async (opened) => {
      const made = await photographMap(opened, photos, {
        layer: 'relu7',
        index: join(folder, 'index'),
        umap: true,
        seed: 0,
      });
      await writeFile(join(folder, 'map.html'), await mapHtml(opened, made));
      await writeFile(
        join(folder, 'story.html'),
        (
          await storyHtml(
            opened,
            await openPhotograph(join(photos, 'star', 'star-0000.png'), opened),
          )
        ).html,
      );
    });
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    const context = await browser.newContext({ offline: true });
    page = await context.newPage();
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
    });
    page.on('request', (request) => {
      if (!/^(file|data):/.test(request.url())) problems.push(`asked for ${request.url()}`);
    });
  });
  after(async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  });

  test('no page is wider than a phone, whatever its files are called', async () => {
    const long = `${'W'.repeat(60)}.png`;
    const picture = { width: 2, height: 2, data: new Uint8Array(12) };
    const report: Report = {
      title: long,
      subtitle: long,
      sections: [
        {
          heading: long,
          text: long,
          columns: 6,
          panels: Array.from({ length: 6 }, () => ({ picture, caption: [long], alt: '' })),
          scale: { colours: amounts, range: { low: 0, high: 1 }, unit: 'fall of the probability' },
          table: { columns: [long, long], rows: [[long, long]] },
        },
      ],
      about: [abouts.kernels],
    };
    await writeFile(join(folder, 'report.html'), await reportHtml(report));
    for (const width of [400, 1200]) {
      await page.setViewportSize({ width, height: 800 });
      for (const name of ['story.html', 'map.html', 'report.html']) {
        await page.goto(pathToFileURL(join(folder, name)).href);
        const wide = await page.evaluate('document.documentElement.scrollWidth');
        assert.ok(
          (wide as number) <= width,
          `${name} is ${wide as number} pixels wide of ${width}`,
        );
      }
    }
    await page.setViewportSize({ width: 1280, height: 720 });
  });

  test('what belongs together stays beside each other at phone width', async () => {
    await page.setViewportSize({ width: 400, height: 800 });
    await page.goto(pathToFileURL(join(folder, 'story.html')).href);
    const tops = (await page.evaluate(
      "[...document.querySelectorAll('.pairs figure')].map((one) => one.offsetTop)",
    )) as number[];
    assert.ok(tops.length >= 8 && tops.length % 2 === 0, String(tops));
    assert.ok(
      tops.every((top, i) => top === tops[i - (i % 2)]),
      String(tops),
    );
    assert.equal(new Set(tops).size, tops.length / 2, 'and each pair under the other');
    await page.setViewportSize({ width: 1280, height: 720 });
  });

  test('the map says what its colours stand for', async () => {
    await page.goto(pathToFileURL(join(folder, 'map.html')).href);
    const legend = await page.evaluate(
      "[...document.querySelectorAll('.legend li')].map((one) => one.textContent)",
    );
    assert.equal((legend as string[]).length, 6);
    assert.ok(
      (legend as string[]).every((line) => /^\w+ \(2\)$/.test(line)),
      String(legend),
    );
  });

  async function focused(): Promise<string> {
    return page.evaluate(
      'document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent',
    );
  }

  test('the story computes numbers as the network does, by keyboard alone', async () => {
    await page.goto(pathToFileURL(join(folder, 'story.html')).href);
    for (const layer of ['conv1', 'conv2', 'conv3', 'conv4', 'conv5']) {
      await page.focus(`button[data-layer=${layer}]`);
      await page.keyboard.press('Enter');
      assert.match(
        await focused(),
        new RegExp(`^Map \\d+ of ${layer}, row \\d+, column \\d+\\. Arrow keys move\\.$`),
      );
      for (const key of ['ArrowUp', 'ArrowLeft', 'ArrowDown', 'ArrowDown', 'ArrowRight']) {
        await page.keyboard.press(key);
        const total = number(
          /= +(\S+)$/.exec((await page.textContent(`#how-${layer} .sum`))!)![1]!,
        );
        const said = number(
          /the network has (\S+) here/.exec((await page.textContent(`#said-${layer}`))!)![1]!,
        );
        assert.ok(
          Math.abs(total - said) <= 0.006 * Math.max(1, Math.abs(said)),
          `${layer}: ${total} on the page, ${said} in the network`,
        );
      }
    }
    const before = await focused();
    await page.keyboard.press('ArrowUp');
    assert.notEqual(await focused(), before, 'an arrow key moves the place');
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowDown');
    assert.equal(
      await page.evaluate('document.activeElement.id'),
      'part-conv5',
      'choosing another input channel keeps the focus',
    );
    assert.deepEqual(problems, []);
  });

  test('the map reaches every photograph by arrow keys, one after another', async () => {
    await page.goto(pathToFileURL(join(folder, 'map.html')).href);
    const turns = new Uint32Array(300);
    bits({ seed: 1, purpose: purposes.test })(0, turns.length, turns);
    for (const layout of ['pca', 'umap']) {
      await page.check(`input[value=${layout}]`);
      await page.focus('canvas[tabindex]');
      const seen = new Set<string>();
      for (const turn of turns) {
        await page.keyboard.press(['ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowUp'][turn % 4]!);
        seen.add((await page.textContent('#chosen-name'))!);
      }
      assert.ok(
        [...seen].every((name) => /^\w+: \w+\/\w+-\d+\.png$/.test(name)),
        [...seen].join(', '),
      );
      assert.equal(seen.size, 12, `${layout}: ${[...seen].join(', ')}`);
    }
    assert.deepEqual(problems, []);
  });

  test('nothing that can be seen or pressed is without a name', async () => {
    for (const name of ['story.html', 'map.html']) {
      await page.goto(pathToFileURL(join(folder, name)).href);
      const nameless = await page.evaluate(`
        [...document.querySelectorAll('button, select, input, canvas, [role=img], a')]
        .filter((one) => one.getAttribute('aria-hidden') !== 'true')
        .filter((one) => !one.getAttribute('aria-label'))
        .filter((one) => !one.textContent.trim() && !one.closest('label'))
        .map((one) => one.outerHTML.slice(0, 80))`);
      assert.deepEqual(nameless, [], name);
    }
  });
});

/** The pages write minus signs as printers do. */
function number(text: string): number {
  return Number(text.replace('−', '-'));
}
