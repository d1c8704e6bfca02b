import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { basename, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pipeline } from 'node:stream/promises';
import { AlexNetError } from '../../errors.ts';
import { reason } from '#platform';
import { contentPolicy } from './policy.ts';

export interface AppOptions {
  /** 0: one that is free. */
  readonly port: number;
  /** A file of weights, opened when the app is. */
  readonly model?: string;
  /** The built app. Default: that of this package. */
  readonly folder?: string;
}

export interface AppServer {
  /** Where the app is: `http://127.0.0.1:2012/#/overview?model=given/cats.safetensors`. */
  readonly address: string;
  close(): Promise<void>;
}

const packaged = fileURLToPath(new URL('../../web', import.meta.url));

/** The way to the model that was named: the page asks for it as for any other. */
const given = '/given/';

/**
 * Serves the browser app on this machine alone, with the headers that isolate it, so that it may
 * use threads, and that forbid it any other origin.
 * @throws {AlexNetError} where it is not built, the model is no file, or the port cannot be had.
 */
export async function serveApp({ port, model, folder = packaged }: AppOptions): Promise<AppServer> {
  if (!(await isFile(join(folder, 'index.html'))))
    throw new AlexNetError(
      `The app is not in ${folder}. In a checkout, build it with "make web"; an installed ` +
        'package has it: install it anew.',
    );
  if (model !== undefined && !(await isFile(model)))
    throw new AlexNetError(`${model}: Expected a file of weights but found no such file.`);
  const server = createServer((request, response) => {
    answer(request, response, folder, model).catch(() => response.destroy());
  });
  const bound = await listening(server, port);
  const name = model === undefined ? undefined : encodeURIComponent(basename(model));
  const hash = name === undefined ? '' : `#/overview?model=given/${name}`;
  return {
    address: `http://127.0.0.1:${bound}/${hash}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}

async function listening(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new AlexNetError(
          `The app could not be served on port ${port}: ${reason(error)}. ` +
            'Choose another port with --port, or --port 0 for any that is free.',
        ),
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : port;
}

const headers = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': `${contentPolicy}; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
};

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  folder: string,
  model: string | undefined,
): Promise<void> {
  const refuse = (status: number, why: string): void =>
    void response
      .writeHead(status, { ...headers, 'content-type': 'text/plain; charset=utf-8' })
      .end(`${why}\n`);
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return refuse(405, 'Only GET and HEAD are answered here.');
  // A page of another name that leads to this machine must not read the user's model.
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? ''))
    return refuse(421, 'This server answers as 127.0.0.1 and as localhost only.');
  const path = pathOf(request.url ?? '/');
  const file = path === undefined ? undefined : fileOf(path, folder, model);
  const found = file === undefined ? undefined : await stat(file).catch(() => undefined);
  if (file === undefined || found?.isFile() !== true)
    return refuse(404, 'There is no such file in the app.');
  response.writeHead(200, {
    ...headers,
    'content-type': types[extname(file)] ?? 'application/octet-stream',
    'content-length': found.size,
    // What has its hash in its name never changes.
    'cache-control': path?.startsWith('/assets/')
      ? 'public, max-age=31536000, immutable'
      : 'no-cache',
  });
  if (request.method === 'HEAD') response.end();
  else await pipeline(createReadStream(file), response);
}

function pathOf(url: string): string | undefined {
  try {
    return decodeURIComponent(new URL(url, 'http://127.0.0.1').pathname);
  } catch {
    return undefined;
  }
}

/** The file for a path; undefined for one outside of the app. */
function fileOf(path: string, folder: string, model: string | undefined): string | undefined {
  if (path.includes('\0')) return undefined;
  if (path.startsWith(given))
    return model !== undefined && path === given + basename(model) ? model : undefined;
  const inside = normalize(path.endsWith('/') ? `${path}index.html` : path);
  return inside.startsWith('/') && !inside.startsWith('/..') ? join(folder, inside) : undefined;
}
