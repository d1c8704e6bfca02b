// Prints the SHA-256 of the weights of short training runs, on every engine that runs here, and of
// a run that was interrupted and resumed. Before and after a change that must not move numbers:
//   node scripts/check-bits.mjs [path of another checkout]
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { writeScenes } from '../dist/data/node/write-scenes.js';

const checkout = resolve(process.argv[2] ?? '.');
const folder = await mkdtemp(join(tmpdir(), 'alexnet-bits-'));
const pictures = join(folder, 'pictures');
const common = ['train', pictures, '--threads', '2', '--quiet', '--json', '--set', 'microBatch=8'];

const networks = {
  small: [
    '--variant',
    'small',
    '--set',
    'width=0.25',
    '--batch',
    '16',
    '--lr',
    '0.02',
    '--epochs',
    '3',
  ],
  paper: [
    '--set',
    'input=67',
    '--set',
    'width=0.125',
    '--batch',
    '16',
    '--epochs',
    '2',
    '--set',
    'average.decay=0.9',
    '--set',
    'average.every=2',
  ],
};

/** The weights and nothing else of the file: in the order of their names, little-endian f32. */
async function hashOf(run, name) {
  const bytes = await readFile(join(run, name));
  const headerLength = Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.subarray(8, 8 + headerLength).toString());
  const hash = createHash('sha256');
  for (const tensor of Object.keys(header).toSorted()) {
    if (!tensor.endsWith('.weight') && !tensor.endsWith('.bias')) continue;
    const [begin, end] = header[tensor].data_offsets;
    hash.update(tensor).update(bytes.subarray(8 + headerLength + begin, 8 + headerLength + end));
  }
  return hash.digest('hex');
}

async function train(...options) {
  await promisify(execFile)(process.execPath, [
    join(checkout, 'bin/alexnet'),
    ...common,
    ...options,
  ]);
}

/**
 * Interrupts the run as soon as its first epoch is written down, in the middle of what comes then.
 */
async function interrupted(run, ...options) {
  const child = spawn(
    process.execPath,
    [join(checkout, 'bin/alexnet'), ...common, '--out', run, ...options],
    { stdio: 'ignore' },
  );
  const closed = new Promise((done) => {
    child.on('close', done);
  });
  const begun = async () => {
    const log = await readFile(join(run, 'log.jsonl'), 'utf8').catch(() => '');
    return log.includes('"kind":"epoch"') || child.exitCode !== null;
  };
  while (!(await begun())) await setTimeout(5);
  child.kill('SIGINT');
  if ((await closed) === 0) throw new Error('The run ended before it could be interrupted.');
}

try {
  await writeScenes(pictures, { seed: 5, perClass: { train: 16, val: 4, test: 2 } });
  const { stdout } = await promisify(execFile)(process.execPath, [
    join(checkout, 'bin/alexnet'),
    'doctor',
    '--json',
  ]);
  const engines = JSON.parse(stdout).engines.filter(({ available }) => available);
  for (const { name: engine } of engines) {
    for (const [network, options] of Object.entries(networks)) {
      if (engine === 'reference' && network === 'paper') continue;
      const run = join(folder, `${engine}-${network}`);
      await train('--engine', engine, ...options, '--out', run);
      for (const file of ['model.safetensors', 'last.safetensors'])
        console.log(`${await hashOf(run, file)}  ${engine} ${network} ${file}`);
    }
  }
  const resumed = join(folder, 'resumed');
  await interrupted(resumed, '--engine', 'wasm', ...networks.small);
  await promisify(execFile)(process.execPath, [
    join(checkout, 'bin/alexnet'),
    'train',
    pictures,
    '--threads',
    '2',
    '--quiet',
    '--json',
    '--out',
    resumed,
    '--resume',
  ]);
  console.log(`${await hashOf(resumed, 'last.safetensors')}  wasm small, interrupted and resumed`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
