import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { cacheFolder, pull, pullPublished } from './pull.ts';
import { readModel } from './model-file.ts';

const file = await readFile(new URL('../../../test/weights/torchvision.pth', import.meta.url));
const sha256 = createHash('sha256').update(file).digest('hex');
const weights = {
  address: '',
  digest: { algorithm: 'sha256', hex: sha256.slice(0, 8) },
  options: {},
} as const;

let folder = '';
let server: Server;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
const address = (): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}/alexnet.pth`;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alexnet-pull-'));
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
after(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

const whole: typeof answer = (_, response) => response.end(file);

test('pull fetches, checks, converts, keeps the model alone, and asks no second time', async () => {
  answer = whole;
  const place = join(folder, 'whole');
  const pulled = await pullPublished('torchvision', weights, { folder: place, address: address() });
  assert.deepEqual(pulled, {
    name: 'torchvision',
    file: join(place, 'torchvision.safetensors'),
    source: address(),
  });
  assert.deepEqual(await readdir(place), ['torchvision.safetensors']);
  assert.deepEqual((await readModel(pulled.file)).provenance, {
    source: address(),
    kind: 'torch',
    variant: 'torchvision',
  });
  answer = (_, response) => response.writeHead(500).end();
  assert.deepEqual(
    await pullPublished('torchvision', weights, { folder: place, address: address() }),
    pulled,
  );
});

test('pull goes on where a broken connection stopped', async () => {
  const place = join(folder, 'broken');
  let breakOff = (): void => undefined;
  answer = (_, response) => {
    response.writeHead(200, { 'content-length': file.length });
    response.write(file.subarray(0, 40_000));
    breakOff = () => void response.destroy();
  };
  const onProgress = (done: number): void => {
    if (done === 40_000) breakOff();
  };
  await assert.rejects(
    pullPublished('torchvision', weights, { folder: place, address: address(), onProgress }),
    {
      name: 'AlexNetError',
      message:
        `${address()} could not be fetched: the connection broke. What has arrived is kept: ` +
        'the same command goes on from there. Without a connection, fetch the file elsewhere ' +
        'and turn it into a model with: alexnet convert FILE OUT.safetensors',
    },
  );
  const kept = (await readFile(join(place, 'torchvision.part'))).length;
  assert.equal(kept, 40_000);
  let asked: string | undefined;
  answer = (request, response) => {
    asked = request.headers.range;
    response
      .writeHead(206, { 'content-range': `bytes ${kept}-${file.length - 1}/${file.length}` })
      .end(file.subarray(kept));
  };
  await pullPublished('torchvision', weights, { folder: place, address: address() });
  assert.equal(asked, `bytes=${kept}-`);
});

test('pull starts anew with a server that cannot go on', async () => {
  answer = whole;
  const place = join(folder, 'anew');
  await rm(place, { recursive: true, force: true });
  await pullPublished('other', weights, { folder: place, address: address() });
  await writeFile(join(place, 'torchvision.part'), 'rubbish');
  await pullPublished('torchvision', weights, { folder: place, address: address() });
  assert.deepEqual((await readdir(place)).toSorted(), [
    'other.safetensors',
    'torchvision.safetensors',
  ]);
});

test('pull throws away what is not the published file', async () => {
  const wrong = Buffer.from(file);
  wrong[5000]! ^= 1;
  answer = (_, response) => response.end(wrong);
  const place = join(folder, 'wrong');
  const found = createHash('sha256').update(wrong).digest('hex');
  await assert.rejects(
    pullPublished('torchvision', weights, { folder: place, address: address() }),
    {
      message:
        `What arrived from ${address()} is not the published file: its sha256 is ${found} and ` +
        `not ${sha256.slice(0, 8)}…. It was thrown away; the same command starts anew.`,
    },
  );
  assert.deepEqual(await readdir(place), []);
});

test('pull says what a server answers, and gives up on silence', async () => {
  answer = (_, response) => response.writeHead(404, 'Not Found').end();
  await assert.rejects(
    pullPublished('torchvision', weights, { folder: join(folder, 'lost'), address: address() }),
    {
      message:
        `${address()} answered 404 Not Found. The file may have moved; give another address ` +
        'with --from.',
    },
  );
  await assert.rejects(pull('torchvison'), {
    name: 'UsageError',
    message:
      'There are no published weights "torchvison". Did you mean "torchvision"? There are: ' +
      'torchvision, caffe, caffenet, onnx.',
  });
  answer = (_, response) => {
    response.writeHead(200, { 'content-length': 10 }).flushHeaders();
  };
  await assert.rejects(
    pullPublished('torchvision', weights, {
      folder: join(folder, 'silent'),
      address: address(),
      idleMilliseconds: 50,
    }),
    /could not be fetched: nothing arrived for 0\.05 seconds\. What has arrived is kept/,
  );
});

test('cacheFolder() follows XDG, and each system where there is none', () => {
  assert.equal(cacheFolder({ XDG_CACHE_HOME: '/caches' }, 'linux'), '/caches/alexnet');
  assert.match(
    cacheFolder({ XDG_CACHE_HOME: 'not/absolute' }, 'linux'),
    /[/\\]\.cache[/\\]alexnet$/,
  );
  assert.match(cacheFolder({}, 'darwin'), /Library[/\\]Caches[/\\]alexnet$/);
});
