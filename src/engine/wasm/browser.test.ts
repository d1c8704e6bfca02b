import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { extname } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const skip = existsSync(executablePath)
  ? false
  : `There is no browser at ${executablePath}: install Debian's chromium, or set CHROMIUM to the path of yours.`;
const root = new URL('../../../', import.meta.url);
const types: Record<string, string> = {
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
  '.html': 'text/html',
};
const isolation = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

/** Runs the contract suite inside the page and leaves what came of it in `result`. */
const page = `<!doctype html><script type="module">
  const { contractCases } = await import('/dist/testing/contract.js');
  const { wasmEngine } = await import('/dist/engine/wasm/index.js');
  const failures = [];
  for (const { name, run } of contractCases) await run(wasmEngine).catch((error) => failures.push(name + ': ' + error.message));
  globalThis.result = { cases: contractCases.length, failures, isolated: crossOriginIsolated, availability: await wasmEngine.probe() };
</script>`;

describe('the wasm engine in Chromium', { skip, concurrency: true }, () => {
  let browser: Browser;
  let server: Server;
  let address = '';
  before(async () => {
    server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost');
      const headers = {
        'content-type': types[extname(pathname)] ?? 'text/html',
        ...(request.headers.cookie === 'isolated=yes' && isolation),
      };
      const body =
        extname(pathname) === '' ? Promise.resolve(page) : readFile(new URL(`.${pathname}`, root));
      body.then(
        (content) => response.writeHead(200, headers).end(content),
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const bound = server.address();
    address = `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}/`;
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  after(async () => {
    await browser?.close();
    server?.closeAllConnections();
    server?.close();
  });

  for (const isolated of [true, false]) {
    test(`keeps the whole contract on a page that is ${isolated ? '' : 'not '}cross-origin isolated`, async () => {
      const context = await browser.newContext();
      if (isolated) await context.addCookies([{ name: 'isolated', value: 'yes', url: address }]);
      const tab = await context.newPage();
      await tab.goto(address);
      const handle = await tab.waitForFunction('globalThis.result', undefined, { timeout: 0 });
      const result = (await handle.jsonValue()) as {
        cases: number;
        failures: string[];
        isolated: boolean;
        availability: { available: boolean; details: Record<string, unknown> };
      };
      assert.deepEqual(result.failures, []);
      assert.ok(result.cases > 40);
      assert.equal(result.isolated, isolated);
      assert.equal(result.availability.details['sharedMemory'], isolated);
    });
  }
});
