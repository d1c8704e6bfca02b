// How long the thread that calls the wasm engine is kept from its event loop: the longest gap
// between two ticks of a timer, and (Node 24) the longest the thread itself computed between two,
// which other programs on the machine cannot lengthen.
//   node event-loop.mjs [--variant paper] [--batch 32] [--engine wasm]
import { parseArgs } from 'node:util';
import { initialise } from '../dist/engine/initialise.js';
import { findEngine } from '../dist/engine/registry.js';
import { alexnet } from '../dist/network/variants.js';
import { images as madeUp } from './made-up.mjs';

const { values } = parseArgs({
  options: {
    variant: { type: 'string', default: 'paper' },
    batch: { type: 'string', default: '32' },
    engine: { type: 'string', default: 'wasm' },
  },
});
const batch = Number(values.batch);
const network = alexnet(values.variant);
const engine = await findEngine(values.engine);
const images = madeUp(network, batch);
const labels = Int32Array.from({ length: batch }, (_, i) => i);

const own = () =>
  process.threadCpuUsage === undefined
    ? NaN
    : Object.values(process.threadCpuUsage()).reduce((sum, part) => sum + part, 0) / 1000;
let phase;
let [tick, spent] = [performance.now(), own()];
setInterval(() => {
  const [now, cpu] = [performance.now(), own()];
  if (phase !== undefined) {
    phase.gaps.push(now - tick - 1);
    phase.cpu = Math.max(phase.cpu, cpu - spent);
  }
  [tick, spent] = [now, cpu];
}, 1).unref();

async function watch(what, work) {
  await new Promise((resolve) => setTimeout(resolve, 20));
  phase = { gaps: [], cpu: -Infinity };
  const start = performance.now();
  const result = await work();
  await new Promise((resolve) => setTimeout(resolve, 5));
  const took = performance.now() - start;
  const gaps = phase.gaps.toSorted((a, b) => b - a);
  const computed = Number.isFinite(phase.cpu)
    ? `, computed ${phase.cpu.toFixed(1)} ms at once`
    : '';
  const longest = gaps.slice(0, 3).map((gap) => gap.toFixed(1));
  console.log(
    `  ${what.padEnd(34)} ${took.toFixed(0).padStart(6)} ms; ` +
      `longest gaps ${longest.join(', ')} ms, ` +
      `${gaps.filter((gap) => gap > 20).length} above 20${computed}`,
  );
  phase = undefined;
  return result;
}

console.log(`${values.engine}, ${values.variant}, batch ${batch}, Node ${process.versions.node}`);
for (const mode of ['training', 'inference']) {
  console.log(mode);
  const session = await watch('prepare', () => engine.prepare(network, { batch, mode }));
  await watch('initialise', () => initialise(session, 1));
  if (mode === 'training') {
    for (let step = 0; step < 3; step++)
      await watch('step', () =>
        session.step(images, labels, {
          learningRate: 1e-5,
          momentum: 0.9,
          weightDecay: 5e-4,
          draw: { seed: 1, step },
        }),
      );
    await watch('gradientNorm', () => session.gradientNorm());
  }
  for (let i = 0; i < 2; i++) await watch('forward', () => session.forward(images));
  const weights = await watch('getParameter fc6.weight', () => session.getParameter('fc6.weight'));
  await watch('setParameter fc6.weight', () => session.setParameter('fc6.weight', weights));
  await watch('all parameters out and in', async () => {
    for (const { name } of session.parameters)
      await session.setParameter(name, await session.getParameter(name));
  });
  await watch('dispose', () => session.dispose());
}
