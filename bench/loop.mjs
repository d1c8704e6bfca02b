// What the training loop costs over the engine alone: steps of `train()` on kept photographs
// against the same engine's steps on images that are ready in memory, in turn, in one process; and,
// where the machine is not quiet enough for that, how much of the loop's own time is not spent
// inside the engine.
//
//   node bench/loop.mjs DIR [--pictures 640] [--batch 128] [--recipe paper] [--engine auto]
//     [--epochs 3]
//
// The first epoch, in which photographs are decoded, does not count, nor do evaluation and
// checkpoints, which come once an epoch.
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDataset } from '../dist/data/node/open.js';
import { benchmark } from '../dist/engine/bench.js';
import { findEngine } from '../dist/engine/registry.js';
import { alexnet } from '../dist/network/variants.js';
import { recipes } from '../dist/training/core/recipes.js';
import { train } from '../dist/training/node/train.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pictures: { type: 'string', default: '640' },
    batch: { type: 'string', default: '128' },
    recipe: { type: 'string', default: 'paper' },
    engine: { type: 'string', default: 'auto' },
    epochs: { type: 'string', default: '3' },
  },
});
const [batch, pictures, epochs] = [
  Number(values.batch),
  Number(values.pictures),
  Number(values.epochs),
];
const engine = await findEngine(values.engine);
const folder = await mkdtemp(join(tmpdir(), 'alexnet-bench-'));

/** So many training photographs, taken evenly, and a few to validate on. */
function some(dataset) {
  const samples = dataset.samples.filter(({ split }) => split === 'train');
  const every = samples.length / (pictures + 16);
  const chosen = Array.from({ length: pictures + 16 }, (_, i) => ({
    ...samples[Math.floor(i * every)],
    split: i < pictures ? 'train' : 'val',
  }));
  return { ...dataset, samples: chosen };
}

function median(list) {
  return list.toSorted((a, b) => a - b)[list.length >> 1];
}

const dataset = some(await openDataset(positionals[0]));
const network = alexnet(recipes[values.recipe].variant, { classes: dataset.classes.length });
const alone = async () => {
  const times = [];
  await benchmark(engine, network, {
    mode: 'train',
    batch,
    steps: 4,
    precision: 'f32',
    seed: 1,
    onStep: (_, milliseconds) => times.push(milliseconds),
  });
  return times;
};

/**
 * Milliseconds that `step` took since it was last asked, from outside: everything else of a step is
 * the loop.
 */
let inside = 0;
const prepare = engine.prepare.bind(engine);
engine.prepare = async (...given) => {
  const session = await prepare(...given);
  const step = session.step.bind(session);
  session.step = async (...images) => {
    const start = performance.now();
    const result = await step(...images);
    inside += performance.now() - start;
    return result;
  };
  return session;
};

try {
  console.log(
    `${cpus()[0].model}, ${cpus().length} cores; Node ${process.version}; ${engine.name}, ` +
      `${values.recipe}, batch ${batch}, ${pictures} photographs`,
  );
  const engineTimes = await alone();
  const loopTimes = [];
  const outside = [];
  let before = 0;
  let waiting = 0;
  const onEvent = (event) => {
    const now = performance.now();
    if (event.kind === 'step' && event.progress.epoch > 1) {
      if (event.progress.step > 1) {
        loopTimes.push(now - before);
        outside.push(now - before - inside);
      }
      waiting = event.progress.waiting;
    }
    before = now;
    inside = 0;
  };
  await train({
    data: dataset,
    out: join(folder, 'run'),
    recipe: values.recipe,
    settings: { epochs, batch, checkpointMinutes: 1000 },
    engine: values.engine,
    onEvent,
  });
  engineTimes.push(...(await alone()));
  const [one, other] = [median(engineTimes), median(loopTimes)];
  const best = [engineTimes, loopTimes].map((times) => Math.min(...times));
  console.log(
    `the engine alone  ${one.toFixed(0)} ms per step (best ${best[0].toFixed(0)}), ` +
      `${((1000 * batch) / one).toFixed(1)} images/s; ` +
      engineTimes.map((time) => time.toFixed(0)).join(' '),
  );
  console.log(
    `in the loop       ${other.toFixed(0)} ms per step (best ${best[1].toFixed(0)}), ` +
      `${((1000 * batch) / other).toFixed(1)} images/s; ` +
      loopTimes.map((time) => time.toFixed(0)).join(' '),
  );
  console.log(
    `the loop costs    ${(100 * (other / one - 1)).toFixed(1)} % (best against best ` +
      `${(100 * (best[1] / best[0] - 1)).toFixed(1)} %); ${(100 * waiting).toFixed(1)} % of the ` +
      'last epoch was waiting for photographs',
  );
  console.log(
    `outside the engine ${median(outside).toFixed(1)} ms of a step, ` +
      `${((100 * median(outside)) / other).toFixed(2)} %`,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
