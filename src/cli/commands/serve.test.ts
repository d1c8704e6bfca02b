import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { writeModel } from '../../model/node/model-file.ts';
import { command } from '../../testing/cli.ts';
import { jpeg, withFolder, writeFiles } from '../../testing/folders.ts';
import { servedLabels, servedModel } from '../../testing/served.ts';

const program = fileURLToPath(new URL('../../../bin/alexnet', import.meta.url));
const key = '0123456789abcdef';

interface Served {
  readonly url: string;
  readonly models: readonly string[];
  readonly curl: string;
}

interface Running {
  readonly served: Served;
  readonly child: ChildProcess;
  /** What it wrote to standard error. */
  readonly log: () => string;
  /** Its exit code. */
  readonly ended: Promise<number>;
}

/** `alexnet serve …` as a process of its own, on any free port. */
async function start(words: readonly string[], cwd: string): Promise<Running> {
  const common = ['--port', '0', '--engine', 'reference', '--decoding-threads', '1', '--json'];
  const child = spawn(process.execPath, [program, 'serve', ...words, ...common], { cwd });
  let out = '';
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const ended = once(child, 'exit').then(([code]) => code as number);
  const served = await new Promise<Served>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      if (out.endsWith('\n')) resolve(JSON.parse(out) as Served);
    });
    void ended.then((code) => reject(new Error(`It ended with ${code}: ${err}`)));
  });
  return { served, child, ended, log: () => err };
}

async function withModel(use: (folder: string, model: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const model = join(folder, 'animals.safetensors');
    await writeModel(model, servedModel());
    await writeFiles(folder, { 'cat.jpg': await jpeg(1) });
    await use(folder, model);
  });
}

/** A request of which the first half is on its way. */
async function halfSent(url: string, body: Buffer): Promise<ClientRequest> {
  const { hostname, port } = new URL(url);
  const headers = { 'content-length': body.length };
  const half = request({ hostname, port, method: 'POST', path: '/classify', headers });
  half.write(body.subarray(0, 100));
  const [socket] = (await once(half, 'socket')) as [NodeJS.Socket & { connecting?: boolean }];
  if (socket.connecting === true) await once(socket, 'connect');
  return half;
}

async function status(url: string): Promise<number> {
  return (await fetch(url, { headers: { connection: 'close' } })).status;
}

test('alexnet serve answers the curl line that it prints, and after SIGTERM all that it accepted', async () => {
  await withModel(async (folder, model) => {
    const { served, child, ended, log } = await start([model, '--drain', '1s'], folder);
    assert.deepEqual(served.models, ['animals']);
    assert.equal(served.curl, `curl --data-binary @cat.jpg '${served.url}/classify'`);
    const shell = spawnSync('sh', ['-c', `${served.curl} -s`], { cwd: folder, encoding: 'utf8' });
    // 127: there is no curl here.
    if (shell.status !== 127) assert.match(shell.stdout, /^\{"model":"animals","predictions":\[\{/);
    const picture = await readFile(join(folder, 'cat.jpg'));
    const answer = await fetch(`${served.url}/classify`, { method: 'POST', body: picture });
    const { predictions } = (await answer.json()) as { predictions: { label: string }[] };
    assert.ok(servedLabels.includes(predictions[0]!.label));
    const halves = await Promise.all([1, 2, 3].map(() => halfSent(served.url, picture)));
    // All of them have arrived: later requests on other connections were answered.
    assert.equal(await status(`${served.url}/v2/health/ready`), 200);
    const answers = halves.map(async (half) => (await once(half, 'response')) as [IncomingMessage]);
    child.kill('SIGTERM');
    await until(async () => (await status(`${served.url}/v2/health/ready`)) === 503);
    assert.equal(await status(`${served.url}/v2/health/live`), 200);
    for (const half of halves) half.end(picture.subarray(100));
    for (const answer of answers) {
      const [response] = await answer;
      assert.equal(response.statusCode, 200);
      assert.equal(response.headers.connection, 'close');
      response.resume();
    }
    assert.equal(await ended, 0);
    const lines = log()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { msg: string; route?: string; status?: number });
    const answered = lines.filter(({ route }) => route === '/classify');
    assert.deepEqual(
      answered.map(({ msg, status }) => [msg, status]),
      Array.from({ length: shell.status === 127 ? 4 : 5 }, () => ['answered', 200]),
    );
  });
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
}

test('a configuration file says what flags say, and flags have the last word', async () => {
  await withModel(async (folder) => {
    await writeFiles(folder, { 'keys.txt': `# ours\n\n${key}\n` });
    const config = join(folder, 'serve.json');
    const settings = {
      models: ['beasts=animals.safetensors'],
      keyFile: 'keys.txt',
      queue: 3,
      timeout: '1m',
      cors: ['https://friend.example'],
      drain: '0s',
    };
    await writeFile(config, JSON.stringify(settings));
    const { served, child, ended } = await start(['--config', config, '--queue', '5'], '/');
    const headers = { authorization: `Bearer ${key}`, origin: 'https://friend.example' };
    const form = new FormData();
    for (let i = 0; i < 6; i++)
      form.append('file', new Blob([Uint8Array.from(await jpeg(i))]), `${i}.jpg`);
    const answer = await fetch(`${served.url}/classify`, { method: 'POST', headers, body: form });
    assert.deepEqual(await answer.json(), {
      error: 'The form has more than 5 files: send fewer at once.',
    });
    assert.equal(answer.headers.get('access-control-allow-origin'), 'https://friend.example');
    assert.equal(await status(`${served.url}/v2/models`), 401);
    assert.deepEqual(served.models, ['beasts']);
    assert.equal(
      served.curl,
      `curl -H "Authorization: Bearer $(head -n 1 ${join(folder, 'keys.txt')})" ` +
        `--data-binary @cat.jpg '${served.url}/classify'`,
    );
    child.kill('SIGTERM');
    assert.equal(await ended, 0);
  });
});

const openssl = spawnSync('openssl', ['version']).status === 0;

test(
  'with --cert and --key it speaks TLS, and the curl line says so',
  { skip: openssl ? false : 'There is no openssl here to make a certificate with.' },
  async () => {
    await withModel(async (folder, model) => {
      const made = spawnSync(
        'openssl',
        (
          'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 ' +
          '-addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem'
        ).split(' '),
        { cwd: folder },
      );
      assert.equal(made.status, 0, made.stderr.toString());
      const tls = ['--cert', 'cert.pem', '--key', 'key.pem', '--drain', '0s'];
      const { served, child, ended } = await start([model, ...tls], folder);
      assert.match(served.url, /^https:\/\/127\.0\.0\.1:\d+$/);
      const ca = await readFile(join(folder, 'cert.pem'));
      const live = get(`${served.url}/v2/health/live`, { ca, agent: false });
      const [response] = (await once(live, 'response')) as [IncomingMessage];
      assert.equal(response.statusCode, 200);
      response.resume();
      assert.equal(
        served.curl,
        `curl --cacert cert.pem --data-binary @cat.jpg '${served.url}/classify'`,
      );
      child.kill('SIGTERM');
      assert.equal(await ended, 0);
    });
  },
);

const wrongFiles: readonly (readonly [string, string])[] = [
  ['[]', 'Expected FILE to hold a JSON object, such as {"port": 8000}.'],
  ['{"port": "high"}', 'FILE: "port": Expected a whole number from 0 to 65535 but found "high".'],
  ['{"models": "a"}', 'FILE: expected "models" to be an array of texts.'],
  ['{"quiet": "yes"}', 'FILE: expected "quiet" to be true or false but found "yes".'],
  ['{"cors": "*"}', 'FILE: expected "cors" to be an array of texts but found "*".'],
  ['{"host": null}', 'FILE: expected "host" to be a text or a number but found null.'],
  ['{"precision": "f8"}', 'FILE: "precision": Allowed choices are f32, bf16.'],
];
for (const [text, message] of wrongFiles) {
  test(`alexnet serve says of a configuration: ${message}`, async () => {
    await withFolder(async (folder) => {
      const file = join(folder, 'serve.json');
      await writeFile(file, text);
      const { code, err } = await command(['serve', '--config', file]);
      assert.deepEqual([code, err.split('\n')[0]], [2, message.replaceAll('FILE', file)]);
    });
  });
}

test('alexnet serve names the nearest setting, and refuses what cannot be served', async () => {
  await withModel(async (folder, model) => {
    const file = join(folder, 'serve.json');
    await writeFile(file, '{"maxbatch": 3}');
    const unknown = await command(['serve', '--config', file]);
    assert.equal(unknown.code, 2);
    assert.match(
      unknown.err,
      /there is no setting "maxbatch"\. Did you mean "maxBatch"\? The settings are: models, host, port, /,
    );
    const none = await command(['serve']);
    assert.deepEqual(
      [none.code, none.err.split('\n')[0]],
      [2, 'Expected at least one model to serve but found none.'],
    );
    const half = await command(['serve', model, '--cert', model]);
    assert.deepEqual(
      [half.code, half.err],
      [1, 'Expected --cert and --key together, but found one of them.\n'],
    );
    await writeFile(join(folder, 'keys.txt'), '# none yet\n');
    const keyless = await command(['serve', model, '--key-file', join(folder, 'keys.txt')]);
    assert.equal(
      keyless.err,
      `Expected keys in ${join(folder, 'keys.txt')}, one a line, but found none.\n`,
    );
    const missing = await command(['serve', join(folder, 'none.onnx'), '--engine', 'reference']);
    assert.equal(missing.code, 1);
    assert.match(missing.err, /none\.onnx could not be opened/);
  });
});
