import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { serveApp } from './serve.ts';
import type { AppServer } from './serve.ts';

describe('serveApp', () => {
  let folder = '';
  let model = '';
  let app: AppServer;
  let base = '';

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'alexnet-app-'));
    model = join(folder, 'my cats.safetensors');
    await mkdir(join(folder, 'built', 'assets'), { recursive: true });
    await writeFile(join(folder, 'built', 'index.html'), '<p>app</p>');
    await writeFile(join(folder, 'built', 'assets', 'a-1.wasm'), 'wasm');
    await writeFile(join(folder, 'secret.txt'), 'secret');
    await writeFile(model, 'weights');
    app = await serveApp({ port: 0, model, folder: join(folder, 'built') });
    base = app.address.replace(/#.*/, '');
  });
  after(async () => {
    await app.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** As it stands, without what `fetch` tidies up. */
  function raw(
    path: string,
    method = 'GET',
    host?: string,
  ): Promise<{ status: number; body: string }> {
    const { port } = new URL(base);
    return new Promise((resolve, reject) => {
      const headers = host === undefined ? {} : { host };
      request({ port, host: '127.0.0.1', path, method, headers }, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => (body += part));
        response.on('end', () => resolve({ status: response.statusCode!, body }));
      })
        .on('error', reject)
        .end();
    });
  }

  test('names an address of this machine that opens the model', () => {
    assert.match(
      app.address,
      /^http:\/\/127\.0\.0\.1:\d+\/#\/overview\?model=given\/my%20cats\.safetensors$/,
    );
  });

  test('isolates the page and forbids it every other origin', async () => {
    const { headers, status } = await fetch(base);
    assert.equal(status, 200);
    assert.equal(headers.get('cross-origin-opener-policy'), 'same-origin');
    assert.equal(headers.get('cross-origin-embedder-policy'), 'require-corp');
    assert.match(
      headers.get('content-security-policy')!,
      /default-src 'none'.*connect-src 'self';/,
    );
    assert.equal(headers.get('content-type'), 'text/html; charset=utf-8');
  });

  test('lets what has its hash in its name be kept, and nothing else', async () => {
    const asset = await fetch(`${base}assets/a-1.wasm`);
    assert.equal(asset.headers.get('content-type'), 'application/wasm');
    assert.match(asset.headers.get('cache-control')!, /immutable/);
    assert.equal((await fetch(base)).headers.get('cache-control'), 'no-cache');
  });

  test('gives the model that was named, and no other file', async () => {
    assert.equal(await (await fetch(`${base}given/my%20cats.safetensors`)).text(), 'weights');
    for (const path of ['/given/secret.txt', '/given/..%2Fsecret.txt', '/given/'])
      assert.equal((await raw(path)).status, 404, path);
  });

  test('gives nothing outside of its folder', async () => {
    const paths = [
      '/../secret.txt',
      '/..%2fsecret.txt',
      '/assets/..%2f..%2fsecret.txt',
      '/%00',
      '/%',
    ];
    for (const path of paths) {
      const { status, body } = await raw(path);
      assert.equal(status, 404, path);
      assert.doesNotMatch(body, /^secret/, path);
    }
  });

  test('answers only as this machine, and only to reading', async () => {
    assert.equal((await raw('/', 'GET', 'evil.example')).status, 421);
    assert.equal((await raw('/', 'GET', 'localhost:1')).status, 200);
    assert.equal((await raw('/', 'POST')).status, 405);
  });

  test('says in words what is missing', async () => {
    await assert.rejects(serveApp({ port: 0, folder: join(folder, 'none') }), {
      message:
        `The app is not in ${join(folder, 'none')}. In a checkout, build it with "make ` +
        'web"; an installed package has it: install it anew.',
    });
    await assert.rejects(serveApp({ port: 0, model: 'none.pth', folder: join(folder, 'built') }), {
      message: 'none.pth: Expected a file of weights but found no such file.',
    });
    const port = Number(new URL(base).port);
    await assert.rejects(serveApp({ port, folder: join(folder, 'built') }), {
      message: new RegExp(`^The app could not be served on port ${port}: .*--port 0`),
    });
  });
});
