import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { extname } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

/** Debian's browser, or the one that CHROMIUM names. */
export const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** Why no page can be opened here, for a test's `skip`; or false. */
export const noBrowser = existsSync(executablePath)
  ? false
  : `There is no browser at ${executablePath}: install Debian's chromium, or set CHROMIUM to the ` +
    'path of yours.';

const packageRoot = new URL('../../', import.meta.url);
const types: Record<string, string> = {
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
  '.html': 'text/html',
};
const isolation = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

/** Chromium, and a server of a folder's files. */
export interface Pages {
  /**
   * Opens a page whose module script is `script` (it may import `/dist/…`), and waits for what it
   * leaves in `globalThis.result`.
   */
  result(script: string, options?: { readonly isolated?: boolean }): Promise<unknown>;
  close(): Promise<void>;
}

/** @param root the folder; without it that of this package, with what is built in it. */
export async function openPages(root: URL = packageRoot): Promise<Pages> {
  const imports = await packageImports();
  const scripts = new Map<string, string>();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const headers = {
      'content-type': types[extname(pathname)] ?? 'application/octet-stream',
      ...(request.headers.cookie === 'isolated=yes' && isolation),
    };
    contentOf(pathname).then(
      (content) => response.writeHead(200, headers).end(content),
      () => response.writeHead(404).end(),
    );
  });
  /**
   * As a bundler does, it resolves the package's own names. An import map would not do it in
   * workers.
   */
  const contentOf = async (pathname: string): Promise<string | Buffer> => {
    const script = scripts.get(pathname);
    if (script !== undefined) return script;
    const content = await readFile(new URL(`.${pathname}`, root));
    if (extname(pathname) !== '.js') return content;
    return content
      .toString('utf8')
      .replace(/(from |import\()'(#\w+)'/g, (_, before: string, name: string) => {
        return `${before}'${imports[name]}'`;
      });
  };
  const address = await listening(server);
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  return {
    result: async (script, { isolated = false } = {}) => {
      const path = `/${scripts.size}.html`;
      scripts.set(path, `<!doctype html><script type="module">${script}</script>`);
      return resultOf(browser, address, path, isolated);
    },
    close: async () => {
      await browser.close();
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

async function resultOf(
  browser: Browser,
  address: string,
  path: string,
  isolated: boolean,
): Promise<unknown> {
  const context = await browser.newContext();
  try {
    if (isolated) await context.addCookies([{ name: 'isolated', value: 'yes', url: address }]);
    const tab = await context.newPage();
    const failed = new Promise<never>((_, reject) => {
      tab.on('pageerror', (error) => reject(new Error(`The page failed: ${error.stack}`)));
    });
    failed.catch(() => undefined); // told by the race below
    await tab.goto(address + path);
    const result = tab
      .waitForFunction('globalThis.result', undefined, { timeout: 0 })
      .then((handle) => handle.jsonValue());
    result.catch(() => undefined); // the page is closed while it waits, where it failed
    return await Promise.race([result, failed]);
  } finally {
    await context.close();
  }
}

/** Name → path, as `default` of the package's `imports` says. */
async function packageImports(): Promise<Readonly<Record<string, string>>> {
  const { imports } = JSON.parse(await readFile(new URL('package.json', packageRoot), 'utf8')) as {
    imports: Record<string, { default: string }>;
  };
  return Object.fromEntries(
    Object.entries(imports).map(([name, to]) => [name, to.default.slice(1)]),
  );
}
