// What a server meets on the internet, against `alexnet serve`: slow clients, bombs, names that
// climb, half requests, and thousands of requests with wrong bytes. It must answer every one or
// close it, fail at none, and be as large and as quick afterwards as before.
//   node scripts/check-server-hostile.mjs URL FOLDER PID [REQUESTS]
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { deflateSync, gzipSync } from 'node:zlib';

const [url, folder, pid, requests = '10000'] = process.argv.slice(2);
const { hostname, port } = new URL(url);
const picture = readFileSync(`${folder}/picture-0.jpg`);
const { input, name } = JSON.parse(readFileSync(`${folder}/expected.json`, 'utf8'));
const problems = [];
const statuses = new Map();

function note(what, status) {
  statuses.set(status, (statuses.get(status) ?? 0) + 1);
  if (status >= 500 && status !== 501 && status !== 503) problems.push(`${what}: ${status}`);
}

/** Sends bytes as they are. @returns the status, 0 where the server closed without one. */
function raw(bytes, { hold = 0, limit = 60_000 } = {}) {
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let answer = '';
    const timer = setTimeout(() => {
      socket.destroy();
      resolve(-1);
    }, limit);
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (hold === 0) socket.end();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0));
    });
    socket.write(bytes);
  });
}

function post(path, body, headers = {}) {
  const lines = Object.entries({ 'content-length': body.length, ...headers });
  const head = `POST ${path} HTTP/1.1\r\nhost: ${hostname}\r\nconnection: close\r\n`;
  const all = lines.map(([key, value]) => `${key}: ${value}\r\n`).join('');
  return Buffer.concat([Buffer.from(`${head}${all}\r\n`), body]);
}

function residentMegabytes() {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

async function healthy(what) {
  const begin = performance.now();
  const response = await fetch(`${url}/v2/health/live`, { signal: AbortSignal.timeout(5000) });
  const took = performance.now() - begin;
  if (!response.ok) problems.push(`${what}: not live`);
  return took;
}

async function expectStatus(what, bytes, ...allowed) {
  const status = await raw(bytes);
  note(what, status);
  if (!allowed.includes(status))
    problems.push(`${what}: ${status}, expected ${allowed.join(' or ')}`);
  else console.log(`ok  ${what}: ${status}`);
}

async function bombs() {
  const zeros = Buffer.alloc(200e6);
  for (const { encoding, bomb } of [
    { encoding: 'gzip', bomb: gzipSync(zeros) },
    { encoding: 'deflate', bomb: deflateSync(zeros) },
  ])
    for (const path of ['/classify', '/v2/models/checked/infer'])
      await expectStatus(
        `200 MB as ${bomb.length} bytes of ${encoding} to ${path}`,
        post(path, bomb, { 'content-encoding': encoding }),
        413,
      );
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAdTAAAHUwCAYAAACGf0aLAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
    'base64',
  );
  await expectStatus('a PNG that says 30,000 × 30,000', post('/classify', png), 413, 400);
  await expectStatus(
    'a body of 10 GB, announced',
    post('/classify', picture, { 'content-length': 1e10 }),
    413,
  );
  const deep = Buffer.from('['.repeat(1e6));
  await expectStatus('a million brackets', post('/v2/models/checked/infer', deep), 400);
  const shape = { inputs: [{ name, datatype: 'FP32', shape: [1e15, 3, 1, 1], data: [1] }] };
  await expectStatus(
    'a shape without numbers',
    post('/v2/models/checked/infer', Buffer.from(JSON.stringify(shape))),
    400,
  );
}

async function names() {
  const all = [
    '..',
    '../../etc/passwd',
    '..%2f..%2fetc%2fpasswd',
    '%2e%2e',
    '%00',
    '....//',
    '\\..\\..',
    '__proto__',
  ];
  for (const each of all)
    for (const path of [
      `/v2/models/${each}`,
      `/v2/models/${each}/config`,
      `/${each}`,
      `/docs/${each}`,
    ]) {
      const status = await raw(
        Buffer.from(`GET ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`),
      );
      note(path, status);
      if (status === 200 && each !== '..' && each !== '%2e%2e') problems.push(`${path}: ${status}`);
    }
  console.log('ok  names that climb');
  await expectStatus(
    '64 KiB of headers',
    Buffer.from(`GET / HTTP/1.1\r\nhost: a\r\nx: ${'a'.repeat(65536)}\r\n\r\n`),
    431,
  );
  await expectStatus(
    'no HTTP',
    Buffer.from('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03hello\r\n\r\n'),
    400,
  );
}

/** Many that send a byte now and then: they are closed, and others are served meanwhile. */
async function slow() {
  const begin = Date.now();
  const headers = Array.from({ length: 200 }, () =>
    raw('POST /classify HTTP/1.1\r\nhost: a\r\nx-', { hold: 1 }),
  );
  const half = post('/classify', picture).subarray(0, 400);
  const bodies = Array.from({ length: 100 }, () => raw(half, { hold: 1, limit: 90_000 }));
  await wait(500);
  const took = await healthy('while 300 slow clients hold on');
  console.log(`ok  health beside 300 slow clients: ${took.toFixed(0)} ms`);
  const closed = await Promise.all(headers);
  console.log(
    `ok  200 that never finish their headers: closed within ${(Date.now() - begin) / 1000} s`,
  );
  if (closed.includes(-1)) problems.push('slow headers were held for ever');
  const ended = await Promise.all(bodies);
  console.log(
    `ok  100 that never finish their bodies: closed within ${(Date.now() - begin) / 1000} s`,
  );
  if (ended.includes(-1)) problems.push('slow bodies were held for ever');
}

/** A generator that gives the same numbers in every run. */
let state = 12345;
function chance(below) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}

function mutated(bytes) {
  const out = Buffer.from(bytes);
  const changes = 1 + chance(8);
  for (let i = 0; i < changes; i++) out[chance(out.length)] = chance(256);
  return chance(4) === 0 ? out.subarray(0, 1 + chance(out.length)) : out;
}

function templates() {
  const volume = input.slice(1).reduce((a, b) => a * b);
  const numbers = Buffer.alloc(4 * volume);
  const asked = (tensor, more = {}) => Buffer.from(JSON.stringify({ inputs: [tensor], ...more }));
  const shape = [1, ...input.slice(1)];
  const binary = asked({
    name,
    datatype: 'FP32',
    shape,
    parameters: { binary_data_size: numbers.length },
  });
  const encoded = { name, datatype: 'BYTES', shape: [1], data: [picture.toString('base64')] };
  const infer = '/v2/models/checked/infer';
  const form = Buffer.concat([
    Buffer.from('--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'),
    picture,
    Buffer.from('\r\n--x--\r\n'),
  ]);
  return [
    [infer, Buffer.concat([binary, numbers]), { 'inference-header-content-length': binary.length }],
    [infer, asked(encoded, { outputs: [{ name: 'logits', parameters: { classification: 3 } }] })],
    [infer, numbers, { 'inference-header-content-length': 0 }],
    [infer, gzipSync(asked(encoded)), { 'content-encoding': 'gzip' }],
    ['/classify?top=3', picture],
    ['/classify', form, { 'content-type': 'multipart/form-data; boundary=x' }],
    ['/v2/repository/index', Buffer.from('{"ready": true}')],
  ];
}

/** The body has wrong bytes; of one in four the head too. */
async function mutations(count) {
  const all = templates();
  const one = async () => {
    const [path, body, headers] = all[chance(all.length)];
    const wrong = mutated(body);
    const whole = post(path, wrong, headers);
    const head = whole.length - wrong.length;
    const sent = chance(4) === 0 ? Buffer.concat([mutated(whole.subarray(0, head)), wrong]) : whole;
    note(path, await raw(sent, { limit: 120_000 }));
  };
  let left = count;
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (left-- > 0) await one();
    }),
  );
}

await bombs();
await names();
await mutations(500); // so that what grows only once has grown
const before = residentMegabytes();
const begin = performance.now();
await mutations(Number(requests));
const seconds = (performance.now() - begin) / 1000;
await wait(1000);
const after = residentMegabytes();
console.log(
  `ok  ${requests} requests with wrong bytes in ${seconds.toFixed(0)} s: ` +
    [...statuses].map(([status, times]) => `${status} ${times}×`).join(', '),
);
console.log(`    resident: ${before.toFixed(0)} MB before, ${after.toFixed(0)} MB after`);
if (after > 1.15 * before + 20) problems.push(`it grew from ${before} to ${after} MB`);
if (statuses.has(-1)) problems.push(`${statuses.get(-1)} requests were never answered nor closed`);
await slow();
console.log(`ok  health afterwards: ${(await healthy('afterwards')).toFixed(0)} ms`);
const good = await fetch(`${url}/classify`, { method: 'POST', body: picture });
if (!good.ok) problems.push(`a good picture afterwards: ${good.status}`);
for (const problem of problems.slice(0, 20)) console.log(`NOT ${problem}`);
process.exitCode = problems.length === 0 ? 0 : 1;
