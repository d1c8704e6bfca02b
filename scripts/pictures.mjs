#!/usr/bin/env node
// The pictures of README and docs, in docs/pictures, by one command; `make pictures`:
//
//     node scripts/pictures.mjs DEMO
//
// DEMO is what `alexnet demo` leaves: a run folder, and beside it the pictures that it drew. So all
// of these show things that this project drew itself, and nobody else has a right in them; the
// kernels are those of the explanation (src/lesson/trained-kernels.ts says what they learned from).
// Pages are photographed by Chromium (CHROMIUM, or /usr/bin/chromium).
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import sharp from 'sharp';
import { classTarget, gradCam } from '../dist/index.js';
import { amounts, rangeOf } from '../dist/insight/colours.js';
import { overPicture } from '../dist/insight/draw.js';
import { openPhotograph, withModel } from '../dist/insight/node/open.js';
import { storyHtml } from '../dist/insight/node/story.js';
import { keepForExplaining } from '../dist/insight/target.js';
import { trainedKernels } from '../dist/lesson/trained-kernels.js';

const [demo] = process.argv.slice(2);
if (demo === undefined) {
  console.error('Usage: node scripts/pictures.mjs DEMO');
  process.exit(2);
}
const model = join(demo, 'run', 'model.safetensors');
const test = join(demo, 'pictures', 'test');
const out = fileURLToPath(new URL('../docs/pictures', import.meta.url));
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

/** Few colours are enough for a page and a drawing, and a third of the bytes. */
const write = async (name, image) => {
  const bytes = await image.png({ palette: true, colours: 128, effort: 10 }).toBuffer();
  writeFileSync(join(out, name), bytes);
  console.error(`${name}: ${(bytes.length / 1000).toFixed(0)} kB`);
};

/** The photograph of each class that the model is surest of. */
async function surest(opened) {
  const { labels } = opened.model;
  const found = [];
  for (const [index, { name }] of labels.entries()) {
    let best;
    for (const file of readdirSync(join(test, name)).toSorted()) {
      const photograph = await openPhotograph(join(test, name, file), opened);
      const probability = (await opened.session.forward(photograph.input))[index];
      if (best === undefined || probability > best.probability)
        best = { index, name, probability, photograph };
    }
    found.push(best);
  }
  return found;
}

const cell = 192;
const square = async ({ width, height, data }) =>
  (
    await sharp(data, { raw: { width, height, channels: 3 } })
      .resize(cell, cell, { kernel: 'cubic' })
      .png()
      .toBuffer()
  ).toString('base64');

/** What the network sees of each, and under it where it looked. */
async function gradCamRow(opened, found) {
  const parts = [];
  for (const [i, { index, name, probability, photograph }] of found.entries()) {
    const { input, picture } = photograph;
    await opened.session.forward(input);
    const { overInput } = await gradCam(
      opened.session,
      input,
      classTarget(opened.model.network, index),
    );
    const heat = overPicture(picture, overInput, rangeOf(overInput, 0.995), amounts);
    const x = i * (cell + 8);
    for (const [row, shown] of [picture, heat].entries())
      parts.push(
        `<image x="${x}" y="${row * (cell + 8)}" width="${cell}" height="${cell}" ` +
          `href="data:image/png;base64,${await square(shown)}"/>`,
      );
    parts.push(
      `<text x="${x}" y="${2 * cell + 30}">${name}, ${(100 * probability).toFixed(1)} %</text>`,
    );
  }
  const width = found.length * (cell + 8) - 8;
  return sharp(
    Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${2 * cell + 42}"
font-family="DejaVu Sans, Arial, sans-serif" font-size="17" fill="#1a1a1f">
<rect width="100%" height="100%" fill="#fff"/>${parts.join('')}</svg>`),
  );
}

/** The top of a page, as wide as a book's. */
async function photographPage(browser, file, height) {
  const page = await browser.newPage({ viewport: { width: 1100, height } });
  await page.goto(pathToFileURL(resolve(file)).href);
  const taken = await page.screenshot();
  await page.close();
  return sharp(taken);
}

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
let house;
const options = { engine: 'wasm', keep: (network) => keepForExplaining(network) };
await withModel(model, options, async (opened) => {
  const found = await surest(opened);
  await write('grad-cam.png', await gradCamRow(opened, found));
  ({ file: house } = found.find(({ name }) => name === 'house').photograph);
});
await withModel(model, { engine: 'wasm' }, async (opened) => {
  const photograph = await openPhotograph(house, opened);
  const story = join(demo, 'story.html');
  writeFileSync(story, (await storyHtml(opened, photograph)).html);
  await write('story.png', await photographPage(browser, story, 1500));
});
await write('report.png', await photographPage(browser, join(demo, 'run', 'report.html'), 1100));
await browser.close();
const { sheet } = trainedKernels;
await write(
  'kernels.png',
  sharp(Buffer.from(sheet.png, 'base64')).resize(sheet.width * 6, null, { kernel: 'nearest' }),
);
const total = readdirSync(out).reduce((sum, name) => sum + statSync(join(out, name)).size, 0);
console.error(`${(total / 1e6).toFixed(2)} MB in ${out}`);
