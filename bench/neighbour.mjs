// What one picture takes beside busy neighbours: programs of one thread each that never rest. Quiet
// and busy in turn, so that a machine that changes by itself is noticed; it must be quiet otherwise.
//   node neighbour.mjs [--variant paper] [--engine onednn] [--batch 1] [--neighbours 1] [--rounds 5]
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { initialise } from '../dist/engine/initialise.js';
import { findEngine } from '../dist/engine/registry.js';
import { alexnet } from '../dist/network/variants.js';
import { images as madeUp } from './made-up.mjs';

const { values } = parseArgs({
  options: {
    variant: { type: 'string', default: 'paper' },
    engine: { type: 'string', default: 'auto' },
    batch: { type: 'string', default: '1' },
    neighbours: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '5' },
    precision: { type: 'string', default: 'f32' },
  },
});
const batch = Number(values.batch);
const network = alexnet(values.variant);
const engine = await findEngine(values.engine);
const images = madeUp(network, batch);

async function neighbours() {
  const all = Array.from({ length: Number(values.neighbours) }, () =>
    spawn(process.execPath, ['-e', 'console.log(); for (;;);'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
  await Promise.all(all.map((one) => once(one.stdout, 'data')));
  return async () => {
    const gone = all.map((one) => once(one, 'exit'));
    for (const one of all) one.kill('SIGKILL');
    await Promise.all(gone);
  };
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

const session = await engine.prepare(network, {
  batch,
  mode: 'inference',
  precision: values.precision,
});
await initialise(session, 1);

/** Milliseconds of each pass, for two seconds. */
async function passes() {
  const taken = [];
  const end = performance.now() + 2000;
  do {
    const begin = performance.now();
    await session.forward(images);
    taken.push(performance.now() - begin);
  } while (performance.now() < end);
  return taken;
}

const [load] = loadavg();
console.log(
  `${engine.name}, ${values.variant}, ${values.precision}, batch ${batch}, ` +
    `${session.threads} threads; load before ${load.toFixed(1)}` +
    (load > 0.5 ? ': others compute here, so these numbers say little' : ''),
);
await passes();
const [quiet, busy] = [[], []];
for (let round = 0; round < Number(values.rounds); round++) {
  quiet.push(...(await passes()));
  const end = await neighbours();
  busy.push(...(await passes()));
  await end();
}
const p90 = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length * 0.9)];
for (const [what, taken] of [
  ['quiet', quiet],
  [`${values.neighbours} busy`, busy],
])
  console.log(
    `  ${what.padEnd(8)} median ${median(taken).toFixed(1)} ms, ` +
      `of ten the slowest ${p90(taken).toFixed(1)} ms`,
  );
console.log(`  ${(median(busy) / median(quiet)).toFixed(2)} times the quiet median`);
await session.dispose();
