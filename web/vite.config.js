import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { contentPolicy } from '../dist/server/app/policy.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('..', import.meta.url));

/** On hosts that send no headers the page says itself what it may load. */
const withPolicy = {
  name: 'policy',
  apply: 'build',
  transformIndexHtml: () => [
    {
      tag: 'meta',
      attrs: { 'http-equiv': 'Content-Security-Policy', content: contentPolicy },
      injectTo: 'head-prepend',
    },
  ],
};

/** The service worker knows all files of its build: it keeps those of the shell at once. */
const serviceWorker = {
  name: 'service-worker',
  apply: 'build',
  generateBundle(_, bundle) {
    const built = Object.keys(bundle).filter((name) => !/\.(safetensors|map)$/.test(name));
    const files = [...built, ...readdirSync(`${here}public`)];
    const source = readFileSync(`${here}service-worker.js`, 'utf8');
    const build = hash([...files].sort((a, b) => (a < b ? -1 : 1)).join());
    this.emitFile({
      type: 'asset',
      fileName: 'service-worker.js',
      source: source
        .replace(
          "'FILES'",
          JSON.stringify(['./', ...files.filter((name) => name !== 'index.html')]),
        )
        .replace('BUILD', build),
    });
  },
};

function hash(text) {
  let value = 5381;
  for (const character of text) value = (value * 33 + character.charCodeAt(0)) >>> 0;
  return value.toString(36);
}

export default {
  root: here,
  base: './',
  resolve: { alias: { 'alexnet/browser': `${root}dist/browser.js` } },
  plugins: [withPolicy, serviceWorker],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es' },
  build: {
    outDir: `${root}dist/web`,
    emptyOutDir: true,
    target: 'es2023',
    // A `data:` address is no address of the page's own origin.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
};
