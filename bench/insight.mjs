// What looking inside costs, against the engine's own speed, in one run: node bench/insight.mjs
// PHOTOS [ENGINE] Grad-CAM against a training step of one image; occlusion of a 227-pixel
// photograph; features of the folder against inference.
import { cpus, tmpdir } from 'node:os';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findEngine } from '../dist/engine/registry.js';
import { gradCam } from '../dist/insight/gradcam.js';
import { keepForExplain } from '../dist/insight/methods.js';
import { featuresOf } from '../dist/insight/node/features.js';
import { occlusion } from '../dist/insight/occlusion.js';
import { classTarget } from '../dist/insight/target.js';
import { initialValues, parametersOf } from '../dist/network/parameters.js';
import { alexnet } from '../dist/network/variants.js';

const [photos, name = 'auto'] = process.argv.slice(2);
const engine = await findEngine(name);
const network = alexnet('paper');
const weights = new Map(
  parametersOf(network).map((parameter, index) => [
    parameter.name,
    initialValues(parameter, index, 1),
  ]),
);
const image = Float32Array.from({ length: 3 * 227 * 227 }, (_, i) => ((i * 7919) % 255) - 127);
console.log(
  `${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}, ${engine.name} ` +
    'engine, AlexNet paper 227',
);

async function median(runs, run) {
  await run();
  const times = [];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  return times.toSorted((a, b) => a - b)[runs >> 1];
}

async function within(options, use) {
  const session = await engine.prepare(network, options);
  for (const [name, values] of weights) await session.setParameter(name, values);
  await use(session);
  await session.dispose();
}

let step = 0;
await within({ batch: 1, mode: 'training' }, async (session) => {
  step = await median(9, () =>
    session.step(image, [3], { learningRate: 1e-9, momentum: 0.9, weightDecay: 0 }),
  );
});
await within({ batch: 1, mode: 'inspection', keep: keepForExplain(network) }, async (session) => {
  const cam = await median(9, () => gradCam(session, image, classTarget(network, 3)));
  console.log(
    `Grad-CAM ${cam.toFixed(1)} ms, training step of batch 1 ${step.toFixed(1)} ms: ` +
      `${(cam / step).toFixed(2)} of it`,
  );
});
await within({ batch: 32, mode: 'inference', keep: ['softmax'] }, async (session) => {
  const target = { layer: 'softmax', unit: 3 };
  const start = performance.now();
  await occlusion(session, image, target, { patch: 32, stride: 8 });
  const whole = performance.now() - start;
  const windows = await median(3, () =>
    occlusion(session, image, target, { patch: 32, stride: 8, parts: { engine, weights } }),
  );
  console.log(
    `occlusion, 676 squares of 32 pixels 8 apart: ${(windows / 1000).toFixed(2)} s; by whole ` +
      `passes ${(whole / 1000).toFixed(2)} s, ${(677 / (whole / 1000)).toFixed(0)} images/s`,
  );
});
if (photos) {
  const labels = Array.from({ length: 1000 }, (_, i) => ({ name: `class ${i}` }));
  const preprocessing = {
    resize: { how: 'shorterSide', size: 256 },
    crop: 227,
    channels: 'RGB',
    scale: 1,
    mean: [123, 117, 104],
    deviation: [1, 1, 1],
  };
  const folder = await mkdtemp(join(tmpdir(), 'alexnet-bench-'));
  await within({ batch: 32, mode: 'inference', keep: ['relu7'] }, async (session) => {
    const many = new Float32Array(32 * image.length).map((_, i) => image[i % image.length]);
    const alone = [];
    const index = [];
    for (let round = 0; round < 2; round++) {
      alone.push(32000 / (await median(5, () => session.forward(many))));
      const start = performance.now();
      const { dataset } = await featuresOf(
        {
          model: { network, weights, labels, preprocessing, provenance: {} },
          session,
          engine,
          name: 'bench',
        },
        photos,
        'relu7',
        join(folder, `index${round}`),
        {},
      );
      index.push(dataset.samples.length / ((performance.now() - start) / 1000));
    }
    const shares = index.map((speed, i) => ((100 * speed) / alone[i]).toFixed(0));
    console.log(
      'fc7 index, images/s in two rounds: ' +
        `${index.map((speed) => speed.toFixed(1)).join(', ')}; inference alone ` +
        `${alone.map((speed) => speed.toFixed(1)).join(', ')}: ${shares.join(', ')} %`,
    );
  });
  await rm(folder, { recursive: true });
}
