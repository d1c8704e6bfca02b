// Load on a server that speaks the Open Inference Protocol, by autocannon: what it answers when
// asked as fast as it can, for images as FP32 and for JPEGs; three times as much as that; and for
// minutes, with its memory. Prints one line of JSON per phase.
//   node scripts/check-server-load.mjs URL FOLDER PID SECONDS MINUTES AUTOCANNON [PHASES]
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as wait } from 'node:timers/promises';

const [url, folder, pid, seconds, minutes, place, wanted = 'fp32,jpeg,three,minutes'] =
  process.argv.slice(2);
const autocannon = createRequire(import.meta.url)(place);
const { input, name } = JSON.parse(readFileSync(`${folder}/expected.json`, 'utf8'));
const phases = wanted.split(',');

const shape = [1, ...input.slice(1)];
const size = 4 * shape.reduce((a, b) => a * b);
const json = Buffer.from(
  JSON.stringify({
    inputs: [{ name, datatype: 'FP32', shape, parameters: { binary_data_size: size } }],
    outputs: [{ name: 'probabilities', parameters: { binary_data: true } }],
  }),
);
const numbers = readFileSync(`${folder}/input.f32`).subarray(0, size);
const kinds = {
  fp32: {
    url: `${url}/v2/models/checked/infer`,
    body: Buffer.concat([json, numbers]),
    headers: { 'inference-header-content-length': String(json.length) },
  },
  json: {
    url: `${url}/v2/models/checked/infer`,
    body: JSON.stringify({
      inputs: [
        {
          name,
          datatype: 'FP32',
          shape,
          data: [...new Float32Array(Uint8Array.from(numbers).buffer)],
        },
      ],
      outputs: [{ name: 'probabilities' }],
    }),
    headers: { 'content-type': 'application/json' },
  },
  jpeg: { url: `${url}/classify`, body: readFileSync(`${folder}/picture-0.jpg`), headers: {} },
};

function residentMegabytes() {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

/** Of the server's process, as Linux counts it: in hundredths of a second. */
function cpuSeconds() {
  const [, fields] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user, system] = fields.split(' ').slice(11, 13).map(Number);
  return (user + system) / 100;
}

/** Asks whether it lives, all the while. */
async function watchHealth(until) {
  const took = [];
  while (!until.done) {
    const begin = performance.now();
    await fetch(`${url}/v2/health/live`).then((response) => response.arrayBuffer());
    took.push(performance.now() - begin);
    await wait(50);
  }
  return took;
}

function percentile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0
    ? null
    : sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
}

async function counted() {
  // A peer keeps its own elsewhere.
  const text = await fetch(`${url}/metrics`).then(
    (response) => response.text(),
    () => '',
  );
  const value = (metric) =>
    Number(new RegExp(`^${metric}\\{[^}]*\\} ([\\d.e+-]+)$`, 'm').exec(text)?.[1] ?? 0);
  return {
    pictures: value('alexnet_pictures_total'),
    batches: value('alexnet_batch_pictures_count'),
    computing: value('alexnet_compute_seconds_sum'),
  };
}

/** @param rate requests per second, or undefined for as fast as they are answered. */
async function load(kind, { connections, duration, rate }) {
  const good = [];
  const watched = { done: false };
  const health = watchHealth(watched);
  const before = await counted();
  const cpu = cpuSeconds();
  const begin = performance.now();
  const run = autocannon({
    ...kinds[kind],
    method: 'POST',
    connections,
    duration,
    timeout: 60,
    ...(rate !== undefined && { overallRate: rate }),
    setupClient: (client) => {
      client.on('response', (status, _, milliseconds) => {
        if (status === 200) good.push(milliseconds);
      });
    },
  });
  const result = await run;
  const passed = (performance.now() - begin) / 1000;
  const computed = cpuSeconds() - cpu;
  const after = await counted();
  watched.done = true;
  const lives = await health;
  const pictures = after.pictures - before.pictures;
  return {
    kind,
    connections,
    seconds: Number(passed.toFixed(1)),
    ...(rate !== undefined && { asked: Number(rate.toFixed(1)) }),
    imagesPerSecond: Number((good.length / passed).toFixed(1)),
    cpuMillisecondsPerImage: Number(((1000 * computed) / good.length).toFixed(1)),
    statuses: Object.fromEntries(
      Object.entries(result.statusCodeStats).map(([status, { count }]) => [status, count]),
    ),
    errors: result.errors + result.timeouts,
    milliseconds: { p50: percentile(good, 0.5), p99: percentile(good, 0.99) },
    meanBatch: Number((pictures / (after.batches - before.batches)).toFixed(1)),
    engineBusy: Number(((after.computing - before.computing) / passed).toFixed(3)),
    health: {
      p50: Math.round(percentile(lives, 0.5)),
      p99: Math.round(percentile(lives, 0.99)),
      most: Math.round(Math.max(...lives)),
    },
    residentMegabytes: Math.round(residentMegabytes()),
  };
}

function say(phase, what) {
  console.log(JSON.stringify({ phase, ...what }));
}

const duration = Number(seconds);
let fastest = 1;
const first = phases.includes('peer') ? 'json' : 'fp32';
await load(first, { connections: 4, duration: Math.min(5, duration) }); // warms up
if (phases.includes('fp32')) {
  for (const connections of [1, 8, 64]) {
    const found = await load('fp32', { connections, duration });
    fastest = Math.max(fastest, found.imagesPerSecond);
    say('as fast as it answers', found);
  }
}
// As JSON, which both speak.
if (phases.includes('peer'))
  for (const connections of [1, 8, 64])
    say('beside', await load('json', { connections, duration }));
if (phases.includes('jpeg'))
  say('as fast as it answers', await load('jpeg', { connections: 64, duration }));
if (phases.includes('three'))
  say(
    'three times as much',
    await load('fp32', { connections: 400, duration: 2 * duration, rate: 3 * fastest }),
  );
if (phases.includes('minutes') && Number(minutes) > 0) {
  const memory = [];
  const end = Date.now() + 60_000 * Number(minutes);
  while (Date.now() < end) {
    const left = Math.max(1, Math.min(60, (end - Date.now()) / 1000));
    const found = await load('fp32', { connections: 64, duration: left });
    memory.push(found.residentMegabytes);
    say('minutes', found);
  }
  // The first fifth only fills what is kept.
  const later = memory.slice(Math.floor(memory.length / 5));
  const mean = later.reduce((a, b) => a + b, 0) / later.length;
  const most = Math.max(...later.map((value) => Math.abs(value / mean - 1)));
  say('memory', {
    minutes: Number(minutes),
    megabytes: Math.round(mean),
    within: `±${(100 * most).toFixed(1)} %`,
  });
}
