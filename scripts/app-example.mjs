// Photographs the built app: the example that stands in the page while the model loads
// (web/look/example-*.webp), and the pictures of docs/app.md. node scripts/app-example.mjs, after
// `make web`; again when the overview or the model changes.
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import sharp from 'sharp';
import { serveApp } from '../dist/server/app/serve.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const app = await serveApp({ port: 0 });
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });

/** A page of the app once all of `whole` is there. */
async function open(hash, whole, options) {
  const page = await browser.newPage({ viewport: { width: 1600, height: 900 }, ...options });
  await page.goto(`${app.address}#${hash}`);
  await page.locator(whole).first().waitFor({ timeout: 120_000 });
  await page.waitForFunction(() => document.querySelector('.wall.empty, .waiting') === null);
  return page;
}

for (const colorScheme of ['light', 'dark']) {
  const page = await open('/overview?model=paper&picture=sunflower', '.answers', { colorScheme });
  const shot = await page.locator('.network').screenshot();
  const info = await sharp(shot)
    .webp({ quality: 70, effort: 6 })
    .toFile(`${root}web/look/example-${colorScheme}.webp`);
  console.log(colorScheme, info.width, info.height, info.size);
  if (colorScheme === 'light') {
    const whole = await page.screenshot({
      clip: { x: 0, y: 0, width: 1600, height: 1440 },
      fullPage: true,
    });
    await sharp(whole).png({ palette: true, colours: 128 }).toFile(`${root}docs/app-overview.png`);
  }
  await page.close();
}
const number = await open(
  '/unit?model=paper&picture=sunflower&layer=conv2&unit=3&place=10,10',
  '.products',
);
const clip = { x: 0, y: 0, width: 1600, height: 1060 };
await sharp(await number.screenshot({ clip, fullPage: true }))
  .png({ palette: true, colours: 128 })
  .toFile(`${root}docs/app-number.png`);
await browser.close();
await app.close();
