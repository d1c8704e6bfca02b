// What reading and writing a full-width network takes, 244 MB of weights: node bench/formats.mjs
// [FOLDER] [--rounds 5] FOLDER: files that scripts/make-weights.py --full made; they are converted
// and loaded too. Every figure is the median of fresh processes, run in turn; files lie in the page
// cache. "disk" is what writing as many bytes and flushing them takes by itself, measured in the
// same round.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  openSync,
  closeSync,
  writeSync,
  fsyncSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const own = fileURLToPath(import.meta.url);

/**
 * In a process of its own: one conversion by the command line's own code, or one load with its
 * first answer.
 */
const jobs = {
  async make(file) {
    const { initialValues, parametersOf } = await import('../dist/network/parameters.js');
    const { alexnet } = await import('../dist/network/variants.js');
    const { writeModel } = await import('../dist/model/node/model-file.js');
    const { publishedPreprocessing } = await import('../dist/model/published.js');
    const { imagenetLabels } = await import('../dist/model/imagenet.js');
    const network = alexnet('paper');
    const weights = new Map(
      parametersOf(network).map((parameter, index) => [
        parameter.name,
        initialValues(parameter, index, 1),
      ]),
    );
    await writeModel(file, {
      network,
      weights,
      labels: imagenetLabels(),
      preprocessing: publishedPreprocessing('paper', 227),
      provenance: {},
    });
  },
  async convert(from, to) {
    const { main } = await import('../dist/cli/main.js');
    const quiet = { write: () => true, on: () => undefined };
    const code = await main(['convert', from, to], { stdout: quiet, stderr: quiet });
    if (code !== 0) throw new Error(`convert ${from} ${to} gave ${code}`);
  },
  async load(file, engine) {
    const { AlexNet } = await import('../dist/inference/alexnet.js');
    const start = performance.now();
    const alexnet = await AlexNet.load(file, { engine });
    const loaded = performance.now() - start;
    await alexnet.classify({
      width: 400,
      height: 300,
      data: Uint8Array.from({ length: 360_000 }, (_, i) => (i * 7919) % 256),
    });
    const answered = performance.now() - start;
    await alexnet.dispose();
    return { loaded, answered };
  },
};

if (process.argv[2] in jobs) {
  const start = performance.now();
  const found = await jobs[process.argv[2]](...process.argv.slice(3));
  console.log(
    JSON.stringify({
      milliseconds: performance.now() - start,
      whole: performance.now(),
      peak: process.resourceUsage().maxRSS / 1024,
      ...found,
    }),
  );
  process.exit(0);
}

const {
  values: { rounds },
  positionals: [folder],
} = parseArgs({ allowPositionals: true, options: { rounds: { type: 'string', default: '5' } } });
const place = mkdtempSync(join(tmpdir(), 'alexnet-formats-'));
const at = (name) => join(place, name);

function fresh(...args) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [own, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 24,
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

/** Milliseconds to write and flush the bytes of a file that exists. */
function disk(file) {
  const bytes = readFileSync(file);
  const start = performance.now();
  const out = openSync(at('disk'), 'w');
  writeSync(out, bytes);
  fsyncSync(out);
  closeSync(out);
  const milliseconds = performance.now() - start;
  rmSync(at('disk'));
  return milliseconds;
}

const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];
const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(2)} s`;

try {
  console.log(
    `${cpus()[0].model}, ${cpus().length} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB; ` +
      `Node ${process.version}; median of ${rounds} fresh processes\n`,
  );
  fresh('make', at('model.safetensors'));
  fresh('convert', at('model.safetensors'), at('model.onnx'));
  const others = ['torchvision.pth', 'bvlc_alexnet.npy', 'caffe-new.caffemodel']
    .map((name) => join(folder ?? '', name))
    .filter((file) => folder !== undefined && existsSync(file));
  const cases = [
    ...[
      [at('model.safetensors'), 'out.onnx'],
      [at('model.onnx'), 'out.safetensors'],
      [at('model.safetensors'), 'out.npz'],
      ...others.map((file) => [file, 'out.safetensors']),
    ].map(([from, to]) => ['convert', from, at(to)]),
    ...['onednn', 'wasm'].flatMap((engine) =>
      [at('model.safetensors'), at('model.onnx'), ...others.slice(0, 1)].map((file) => [
        'load',
        file,
        engine,
      ]),
    ),
  ];
  const results = cases.map(() => []);
  for (let round = 0; round <= Number(rounds); round++) {
    for (const [i, [job, from, to]] of cases.entries()) {
      const result = fresh(job, from, to);
      // The first round warms the page cache.
      if (round > 0) results[i].push({ ...result, disk: job === 'convert' ? disk(to) : 0 });
    }
  }
  console.log(
    '| what | time | of which disk | process with start-up | peak memory |\n|---|---|---|---|---|',
  );
  for (const [i, [job, from, to]] of cases.entries()) {
    const of = (key) => median(results[i].map((result) => result[key]));
    const megabytes = (statSync(from).size / 1e6).toFixed(0);
    const what = `${from.slice(from.lastIndexOf('/') + 1)} (${megabytes} MB)`;
    if (job === 'convert')
      console.log(
        `| convert ${what} → ${to.slice(to.lastIndexOf('.'))} | ` +
          `${seconds(of('milliseconds'))} | ${seconds(of('disk'))} | ${seconds(of('whole'))} | ` +
          `${of('peak').toFixed(0)} MiB |`,
      );
    else
      console.log(
        `| AlexNet.load ${what}, ${to}, first answer | ` +
          `${seconds(of('answered'))} (loaded after ${seconds(of('loaded'))}) | | ` +
          `${seconds(of('whole'))} | ${of('peak').toFixed(0)} MiB |`,
      );
  }
} finally {
  rmSync(place, { recursive: true, force: true });
}
