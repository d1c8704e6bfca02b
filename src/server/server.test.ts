import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadPicture, preprocess } from '../images/preprocess.ts';
import { AlexNet } from '../inference/alexnet.ts';
import { writeModel } from '../model/node/model-file.ts';
import { withFolder } from '../testing/folders.ts';
import { badPictures, drawn, goodPictures } from '../testing/pictures.ts';
import { servedLabels, servedModel } from '../testing/served.ts';
import type { ServerOptions } from './options.ts';
import { createServer } from './server.ts';
import type { AlexNetServer } from './server.ts';

const key = '0123456789abcdef0123456789abcdef';

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly bytes: Buffer;
  readonly json: () => unknown;
}

async function ask(
  { http }: AlexNetServer,
  method: 'GET' | 'POST' | 'DELETE' | 'OPTIONS',
  url: string,
  payload?: Uint8Array | object,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const body = payload instanceof Uint8Array ? Buffer.from(payload) : payload;
  const {
    statusCode,
    headers: given,
    rawPayload,
  } = await http.inject({
    method,
    url,
    headers,
    ...(body !== undefined && { payload: body }),
  });
  return {
    status: statusCode,
    type: String(given['content-type']),
    headers: given,
    bytes: rawPayload,
    json: () => JSON.parse(rawPayload.toString()) as unknown,
  };
}

function serve(options: Partial<ServerOptions> = {}): Promise<AlexNetServer> {
  return createServer({
    models: [{ name: 'animals', model: servedModel() }],
    engine: 'reference',
    decodingThreads: 1,
    maxBatch: 4,
    timeout: 600,
    ...options,
  });
}

type Tensor = {
  name: string;
  shape: number[];
  data: number[];
  parameters?: Record<string, number>;
};

describe('a server with one model', () => {
  let server: AlexNetServer;
  let alexnet: AlexNet;
  let picture: Buffer;
  let images: Float32Array;
  before(async () => {
    server = await serve();
    alexnet = await AlexNet.of(servedModel(), { engine: 'reference', batch: 2 });
    picture = await drawn(48, 40).jpeg().toBuffer();
    const { preprocessing } = alexnet.model;
    images = preprocess(await loadPicture(picture, preprocessing), preprocessing);
  });
  after(() => Promise.all([server.close(), alexnet.dispose()]));

  const infer = (request: object): Promise<Answer> =>
    ask(server, 'POST', '/v2/models/animals/infer', request);
  const numbers = (data: Float32Array = images): object => ({
    name: 'input',
    datatype: 'FP32',
    shape: [data.length / 768, 3, 16, 16],
    data: [...data],
  });

  for (const crops of [1, 10] as const) {
    test(`POST /classify answers what classify() answers, crops=${crops}`, async () => {
      const { status, json } = await ask(server, 'POST', `/classify?top=3&crops=${crops}`, picture);
      const expected = await alexnet.classify(picture, { top: 3, crops });
      assert.equal(status, 200);
      assert.deepEqual(json(), {
        model: 'animals',
        predictions: expected.map(({ name, ...rest }) => ({ label: name, ...rest })),
      });
    });
  }

  test('POST /classify takes a form with several pictures, and tells which are none', async () => {
    const form = new FormData();
    form.append('file', new Blob([Uint8Array.from(picture)]), '../../cat.jpg');
    form.append('file', new Blob(['no picture']), 'notes.txt');
    form.append('file', new Blob([Uint8Array.from(picture)]), 'b.jpg');
    const { headers, body } = new Request('http://localhost', { method: 'POST', body: form });
    const bytes = new Uint8Array(await new Response(body).arrayBuffer());
    const type = headers.get('content-type')!;
    const answer = await ask(server, 'POST', '/classify?top=1', bytes, { 'content-type': type });
    const [best] = await alexnet.classify(picture);
    const { name: label, ...rest } = best!;
    const predictions = [{ label, ...rest }];
    assert.deepEqual(answer.json(), {
      model: 'animals',
      pictures: [
        { file: 'cat.jpg', predictions },
        {
          file: 'notes.txt',
          error: 'Expected a JPEG, PNG, WebP, GIF, AVIF or TIFF picture but found text.',
        },
        { file: 'b.jpg', predictions },
      ],
    });
  });

  test('every kind of good picture is answered, and every bad one refused with a sentence', async () => {
    for (const { file, bytes } of await goodPictures())
      assert.equal((await ask(server, 'POST', '/classify', bytes)).status, 200, file);
    for (const { file, bytes } of await badPictures()) {
      const { status, type, json } = await ask(server, 'POST', '/classify', bytes);
      assert.ok([400, 413, 415].includes(status), `${file}: ${status}`);
      assert.equal(type, 'application/json');
      assert.match((json() as { error: string }).error, /^(The|Expected) .+\.$/);
    }
  });

  test('a picture bomb is refused before it is decoded', async () => {
    const bomb = (await badPictures()).find(({ file }) => file === 'bomb.png')!;
    const { status, json } = await ask(server, 'POST', '/classify', bomb.bytes);
    assert.equal(status, 413);
    assert.deepEqual(json(), {
      error:
        'Expected at most 100000000 pixels but the picture has 30000×30000 = 900000000. Send it smaller.',
    });
  });

  test('infer gives the engine’s own numbers, as JSON and as bytes', async () => {
    const expected = await alexnet.probabilities(images);
    const json = await infer({ id: '7', inputs: [numbers()] });
    assert.equal(json.type, 'application/json');
    const { outputs, ...rest } = json.json() as { outputs: Tensor[] };
    assert.deepEqual(rest, { model_name: 'animals', model_version: '1', id: '7' });
    assert.deepEqual(
      outputs.map(({ name, shape }) => [name, shape]),
      [
        ['probabilities', [1, 6]],
        ['logits', [1, 6]],
      ],
    );
    assert.deepEqual(Float32Array.from(outputs[0]!.data), expected);
    const binary = await infer({ inputs: [numbers()], parameters: { binary_data_output: true } });
    assert.equal(binary.type, 'application/octet-stream');
    const length = Number(binary.headers['inference-header-content-length']);
    const [first] = (
      JSON.parse(binary.bytes.subarray(0, length).toString()) as { outputs: Tensor[] }
    ).outputs;
    assert.deepEqual(first, {
      name: 'probabilities',
      datatype: 'FP32',
      shape: [1, 6],
      parameters: { binary_data_size: 24 },
    });
    const bytes = Uint8Array.from(binary.bytes.subarray(length, length + 24));
    assert.deepEqual(new Float32Array(bytes.buffer), expected);
  });

  test('encoded pictures give what their numbers give', async () => {
    const bytes = { name: 'input', datatype: 'BYTES', shape: [2] };
    const encoded = picture.toString('base64');
    const answer = await infer({ inputs: [{ ...bytes, data: [encoded, encoded] }] });
    const [{ data }] = (answer.json() as { outputs: [Tensor] }).outputs;
    const expected = await alexnet.probabilities(images);
    assert.deepEqual(Float32Array.from(data), Float32Array.of(...expected, ...expected));
  });

  test('a raw body is one tensor: numbers, or a picture', async () => {
    const expected = [...(await alexnet.probabilities(images))];
    for (const body of [new Uint8Array(images.buffer), picture]) {
      const { json } = await ask(server, 'POST', '/v2/models/animals/versions/1/infer', body, {
        'inference-header-content-length': '0',
      });
      assert.deepEqual((json() as { outputs: Tensor[] }).outputs[0]!.data, expected);
    }
  });

  test('more pictures than a batch holds are answered all the same', async () => {
    const many = new Float32Array(7 * images.length);
    for (let i = 0; i < 7; i++)
      many.set(
        images.map((value) => value * (1 - i / 10)),
        i * images.length,
      );
    const answer = await infer({ inputs: [numbers(many)] });
    const [{ shape, data }] = (answer.json() as { outputs: [Tensor] }).outputs;
    assert.deepEqual(shape, [7, 6]);
    assert.deepEqual(Float32Array.from(data), await alexnet.probabilities(many));
  });

  test('layers are outputs by their names, with their shapes', async () => {
    const outputs = [
      { name: 'conv1' },
      { name: 'fc6' },
      { name: 'probabilities' },
      { name: 'input' },
    ];
    const answer = await infer({ inputs: [numbers()], outputs });
    const found = (answer.json() as { outputs: Tensor[] }).outputs;
    assert.deepEqual(
      found.map(({ name }) => name),
      outputs.map(({ name }) => name),
    );
    assert.deepEqual(Float32Array.from(found[3]!.data), images);
    assert.deepEqual(Float32Array.from(found[2]!.data), await alexnet.probabilities(images));
    const shapes = found.map(({ shape, data }) => [shape.reduce((a, b) => a * b), data.length]);
    for (const [volume, length] of shapes) assert.equal(volume, length);
    assert.equal(found[0]!.shape.length, 4);
    assert.equal(found[1]!.shape.length, 2);
  });

  test('logits give the probabilities', async () => {
    const answer = await infer({ inputs: [numbers()] });
    const [{ data: probabilities }, { data: logits }] = (
      answer.json() as { outputs: [Tensor, Tensor] }
    ).outputs;
    const sum = logits.reduce((total, value) => total + Math.exp(value), 0);
    for (const [i, value] of logits.entries())
      assert.ok(Math.abs(Math.exp(value) / sum - probabilities[i]!) < 1e-6);
  });

  test('classification gives value, index and label, the largest first', async () => {
    const parameters = { classification: 2 };
    const answer = await infer({
      inputs: [numbers()],
      outputs: [{ name: 'probabilities', parameters }],
    });
    const [{ shape, data }] = (answer.json() as { outputs: [Tensor] }).outputs;
    const best = await alexnet.classify(picture, { top: 2 });
    assert.deepEqual(shape, [1, 2]);
    assert.deepEqual(
      data,
      best.map(({ probability, index, name }) => `${probability}:${index}:${name}`),
    );
  });

  test('what does not fit the model is refused with what was expected', async () => {
    const expected = 'Expected the input "input", FP32 [n, 3, 16, 16] or BYTES [n]';
    const one = numbers();
    const cases: [object, string][] = [
      [
        { inputs: [{ ...one, name: 'x' }] },
        'There is no input "x". Expected "input", FP32 [n, 3, 16, 16] or BYTES [n].',
      ],
      [{ inputs: [{ ...one, shape: [1, 768] }] }, `${expected} but found FP32 [1, 768].`],
      [
        { inputs: [{ ...one, shape: [2, 3, 16, 16] }] },
        `${expected} but found 768 numbers for the shape [2, 3, 16, 16].`,
      ],
      [
        { inputs: [{ ...one, data: [...images].with(5, 1e39) }] },
        'The network answers NaN or infinity, which JSON cannot say: are the numbers that were sent finite, and as large as the model expects?',
      ],
    ];
    for (const [request, error] of cases) {
      const answer = await infer(request);
      assert.deepEqual([answer.status, answer.json()], [400, { error }]);
    }
    const { error } = (await infer({ inputs: [one], outputs: [{ name: 'fc9' }] })).json() as {
      error: string;
    };
    assert.match(
      error,
      /^There is no output "fc9"\. Expected probabilities, logits, or a layer: input, conv1, /,
    );
  });

  test('metadata, configuration, readiness and the index are as Triton has them', async () => {
    const get = async (url: string): Promise<unknown> => (await ask(server, 'GET', url)).json();
    assert.deepEqual(await get('/v2/models/animals/versions/1'), {
      name: 'animals',
      versions: ['1'],
      platform: 'alexnet',
      inputs: [{ name: 'input', datatype: 'FP32', shape: [-1, 3, 16, 16] }],
      outputs: [
        { name: 'probabilities', datatype: 'FP32', shape: [-1, 6] },
        { name: 'logits', datatype: 'FP32', shape: [-1, 6] },
      ],
    });
    const config = (await get('/v2/models/animals/config')) as Record<string, unknown>;
    assert.deepEqual(
      [config['max_batch_size'], config['input']],
      [
        4,
        [
          {
            name: 'input',
            data_type: 'TYPE_FP32',
            dims: [3, 16, 16],
            format: 'FORMAT_NCHW',
            optional: false,
          },
        ],
      ],
    );
    assert.deepEqual(await get('/v2/models/animals/ready'), { name: 'animals', ready: true });
    for (const health of ['live', 'ready'])
      assert.deepEqual(await get(`/v2/health/${health}`), {
        live: true,
        ready: true,
        name: 'alexnet',
      });
    assert.deepEqual((await ask(server, 'POST', '/v2/repository/index')).json(), [
      { name: 'animals', version: '1', state: 'READY', reason: '' },
    ]);
    const {
      model_stats: [stats],
    } = (await get('/v2/models/animals/stats')) as {
      model_stats: [Record<string, unknown>];
    };
    assert.ok((stats['inference_count'] as number) > 0);
    const { fixed_seconds, seconds_per_picture } = stats['cost'] as Record<string, number>;
    assert.ok(fixed_seconds! >= 0 && seconds_per_picture! > 0);
  });

  test('unknown addresses, names, versions and methods are told, whatever they look like', async () => {
    const names = [
      'x',
      '..%2f..%2fetc%2fpasswd',
      '%00',
      'a'.repeat(240),
      '%2e%2e%2f',
      '__proto__',
      'constructor',
    ];
    for (const name of names) {
      for (const rest of ['', '/config', '/stats', '/ready']) {
        const answer = await ask(server, 'GET', `/v2/models/${name}${rest}`);
        assert.equal(answer.status, 404, `${name}${rest}`);
        assert.ok(!answer.bytes.includes('/src/') && !answer.bytes.includes('node_modules'));
      }
      assert.equal((await ask(server, 'POST', `/v2/models/${name}/infer`, {})).status, 404);
    }
    assert.equal((await ask(server, 'GET', '/v2/models/animals/versions/2')).status, 404);
    const wrong = await ask(server, 'DELETE', '/classify');
    assert.deepEqual(
      [wrong.status, wrong.headers['allow'], wrong.json()],
      [405, 'POST', { error: 'Expected the method POST at this address.' }],
    );
    assert.equal((await ask(server, 'GET', '/v2/systemsharedmemory/status')).status, 501);
    assert.equal((await ask(server, 'POST', '/classify?top=0', picture)).status, 400);
  });

  test('answers tell browsers to keep their hands off, and no origin may read them', async () => {
    const { headers } = await ask(server, 'GET', '/v2', undefined, {
      origin: 'https://evil.example',
    });
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['access-control-allow-origin'], undefined);
    assert.equal(headers['x-powered-by'], undefined);
  });

  test('a request id is told back where it is one', async () => {
    const given = await ask(server, 'GET', '/v2', undefined, { 'x-request-id': 'abc-1' });
    assert.equal(given.headers['x-request-id'], 'abc-1');
    const other = await ask(server, 'GET', '/v2', undefined, { 'x-request-id': 'a b\nc' });
    assert.match(String(other.headers['x-request-id']), /^[0-9a-f-]{36}$/);
  });

  test('GET /metrics counts requests, pictures and batches', async () => {
    await ask(server, 'POST', '/classify', picture);
    const { type, bytes } = await ask(server, 'GET', '/metrics');
    const text = bytes.toString();
    assert.match(type, /^text\/plain/);
    for (const line of [
      /^alexnet_requests_total\{route="\/classify",method="POST",status="200"\} [1-9]/m,
      /^alexnet_pictures_total\{model="animals"\} [1-9]/m,
      /^alexnet_batch_pictures_count\{model="animals"\} [1-9]/m,
      /^alexnet_model_info\{model="animals",engine="reference",precision="f32",threads="1"\} 1$/m,
      /^alexnet_queue_pictures\{model="animals"\} 0$/m,
      /^alexnet_request_body_bytes 0$/m,
      /^process_resident_memory_bytes [1-9]/m,
    ])
      assert.match(text, line);
  });
});

test('a client that goes away on the way is noticed, and its room comes back', async () => {
  const server = await serve();
  try {
    const { port } = new URL(await server.listen({ host: '127.0.0.1', port: 0 }));
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('POST /classify HTTP/1.1\r\nhost: a\r\ncontent-length: 5000\r\n\r\n1234567');
    const metric = async (line: RegExp): Promise<string | undefined> => {
      const { bytes } = await ask(server, 'GET', '/metrics');
      return line.exec(bytes.toString())?.[1];
    };
    const until = async (line: RegExp, value: string): Promise<void> => {
      while ((await metric(line)) !== value) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await until(/^alexnet_request_body_bytes (\d+)$/m, '5000');
    socket.destroy();
    await until(/^alexnet_requests_total\{route="\/classify".*status="499"\} (\d+)$/m, '1');
    await until(/^alexnet_request_body_bytes (\d+)$/m, '0');
  } finally {
    await server.close();
  }
});

test('who comes while others are computed is answered too', async () => {
  const server = await serve({ maxBatch: 2 });
  try {
    const picture = await drawn(48, 40).jpeg().toBuffer();
    const data = Array.from({ length: 40 }, () => picture.toString('base64'));
    const inputs = [{ name: 'input', datatype: 'BYTES', shape: [data.length], data }];
    const many = ask(server, 'POST', '/v2/models/animals/infer', { inputs });
    const waiting = async (): Promise<boolean> =>
      (await ask(server, 'GET', '/metrics')).bytes.includes('queue_pictures{model="animals"} 40');
    while (!(await waiting())) await new Promise((resolve) => setTimeout(resolve, 1));
    const one = await ask(server, 'POST', '/classify', picture);
    assert.deepEqual([one.status, (await many).status], [200, 200]);
  } finally {
    await server.close();
  }
});

test('with keys every answer but health and the page wants one', async () => {
  const server = await serve({ keys: [`${key}-other`, key] });
  try {
    const closed = await ask(server, 'GET', '/v2/models');
    assert.deepEqual(
      [closed.status, closed.headers['www-authenticate'], closed.json()],
      [
        401,
        'Bearer',
        {
          error:
            'This server wants a key: send it as "Authorization: Bearer KEY" or "X-API-Key: KEY".',
        },
      ],
    );
    for (const headers of [{ authorization: `Bearer ${key}` }, { 'x-api-key': key }])
      assert.equal((await ask(server, 'GET', '/v2/models', undefined, headers)).status, 200);
    const wrong = { authorization: `Bearer ${key.slice(1)}0` };
    assert.equal((await ask(server, 'POST', '/classify', undefined, wrong)).status, 401);
    for (const url of ['/v2/health/live', '/v2/health/ready'])
      assert.equal((await ask(server, 'GET', url)).status, 200, url);
    for (const url of ['/metrics', '/nothing'])
      assert.equal((await ask(server, 'GET', url)).status, 401, url);
  } finally {
    await server.close();
  }
});

test('models are loaded and unloaded with a key, and a failed load leaves the old one', async () => {
  await withFolder(async (folder) => {
    const file = join(folder, 'animals.safetensors');
    await writeModel(file, servedModel(1));
    const server = await serve({ models: [folder], keys: [key] });
    const bearer = { authorization: `Bearer ${key}` };
    const change = (verb: string, name = 'animals'): Promise<Answer> =>
      ask(server, 'POST', `/v2/repository/models/${name}/${verb}`, undefined, bearer);
    const picture = await drawn(40, 30).png().toBuffer();
    const best = async (name = 'animals'): Promise<unknown> =>
      (await ask(server, 'POST', `/classify?top=6&model=${name}`, picture, bearer)).json();
    try {
      const first = await best();
      await writeFile(file, 'damaged');
      const failed = await change('load');
      assert.deepEqual(
        [failed.status, failed.json()],
        [
          400,
          {
            error:
              'The model "animals" could not be loaded; the server\'s log says why. The old one goes on.',
          },
        ],
      );
      assert.deepEqual(await best(), first);
      await writeModel(file, servedModel(2));
      assert.equal((await change('load')).status, 200);
      assert.notDeepEqual(await best(), first);
      assert.equal((await change('unload')).status, 200);
      const ready = await ask(server, 'GET', '/v2/models/animals/ready', undefined, bearer);
      assert.deepEqual([ready.status, ready.json()], [503, { name: 'animals', ready: false }]);
      assert.deepEqual(await best(), { error: 'The model "animals" is not loaded (UNAVAILABLE).' });
      await writeModel(join(folder, 'new.safetensors'), servedModel(1));
      assert.equal((await change('load', 'new')).status, 200);
      assert.deepEqual({ ...((await best('new')) as object), model: 'animals' }, first);
      assert.equal((await change('load', '..%2f..%2fnew')).status, 404);
    } finally {
      await server.close();
    }
  });
});

test('pages of named origins may ask, and no others', async () => {
  const server = await serve({ cors: ['https://friend.example'], keys: [key] });
  try {
    const allowed = async (origin: string): Promise<unknown> =>
      (await ask(server, 'OPTIONS', '/classify', undefined, { origin })).headers[
        'access-control-allow-origin'
      ];
    assert.equal(await allowed('https://friend.example'), 'https://friend.example');
    assert.equal((await ask(server, 'OPTIONS', '/classify')).status, 204);
    const read = await ask(server, 'GET', '/v2', undefined, { 'x-api-key': key });
    assert.equal(read.headers['vary'], 'Origin');
    assert.equal(await allowed('https://evil.example'), undefined);
  } finally {
    await server.close();
  }
});

test('several models are told apart by name, and each answers for itself', async () => {
  const models = [1, 2].map((seed) => ({ name: `m${seed}`, model: servedModel(seed) }));
  const server = await serve({ models });
  const picture = await drawn(40, 30).png().toBuffer();
  try {
    const unnamed = await ask(server, 'POST', '/classify', picture);
    assert.deepEqual(unnamed.json(), {
      error: 'Several models are served: say which, with ?model=. They are: m1, m2.',
    });
    const answers = await Promise.all(
      ['m1', 'm2', 'm1'].map(
        async (name) =>
          (await ask(server, 'POST', `/classify?model=${name}`, picture)).json() as {
            predictions: unknown;
          },
      ),
    );
    assert.deepEqual(answers[0], answers[2]);
    assert.notDeepEqual(answers[0]!.predictions, answers[1]!.predictions);
    assert.equal(servedLabels.length, 6);
  } finally {
    await server.close();
  }
});

test('settings that cannot be are refused', async () => {
  await assert.rejects(createServer({ models: [] }), {
    name: 'UsageError',
    message: 'Expected at least one model to serve but found none.',
  });
  await assert.rejects(serve({ maxBatch: 0 }), {
    message: 'Expected maxBatch to be a whole number from 1 to 1024 but found 0.',
  });
  await assert.rejects(serve({ keys: ['short'] }), {
    message:
      'Expected keys of 16 characters or more without spaces but found one of 5. Make one: openssl rand -hex 32.',
  });
});
