import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { executablePath } from './pages.ts';

/** The app as it was built. */
export const builtApp = new URL('../web/', import.meta.url);
export const builtFolder = fileURLToPath(builtApp);

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
};

export interface StaticHost {
  readonly address: string;
  close(): void;
}

/** A host that knows nothing of headers, with the app in a subfolder. */
export async function openStaticHost(): Promise<StaticHost> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const path = pathname.replace(/^\/sub\/folder\//, '').replace(/^$/, 'index.html');
    readFile(new URL(path, builtApp)).then(
      (content) =>
        response
          .writeHead(200, { 'content-type': types[extname(path)] ?? 'application/octet-stream' })
          .end(content),
      () => response.writeHead(404).end(),
    );
  });
  const address = `${await listening(server)}/sub/folder/`;
  return {
    address,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const bound = server.address();
  return `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`;
}

/** With a camera that shows a test picture. */
export function openBrowser(): Promise<Browser> {
  const camera = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];
  return chromium.launch({ executablePath, args: ['--no-sandbox', ...camera] });
}

/** A page with what went wrong in it: errors, and what the policy or the console complained of. */
export interface Tab {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly problems: string[];
  /** Every address that was asked for. */
  readonly requests: string[];
}

export async function openTab(
  browser: Browser,
  address: string,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<Tab> {
  const context = await browser.newContext(options);
  // A machine that is busy with other tests is slow, not broken.
  context.setDefaultTimeout(120_000);
  const page = await context.newPage();
  const problems: string[] = [];
  const requests: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error.stack)));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`${message.text()} ${message.location().url}`);
  });
  context.on('request', (request) => requests.push(request.url()));
  await page.goto(address);
  return { page, context, problems, requests };
}
