#!/usr/bin/env node
// A model to start the explanation's kernels from: another model's network, labels and
// preprocessing with weights drawn anew, He et al.'s but for the first layer, which starts at a
// deviation of 0.02 instead of 0.074, so that what it learns is not hidden under where it began:
//
//     node scripts/lesson-start.mjs runs/photos/model.safetensors start.safetensors
//     npx alexnet train DATA --from start.safetensors --old-rate 1 --epochs 16 --out runs/kernels
//     node scripts/lesson-kernels.mjs runs/kernels/model.safetensors 'what it was trained on'
import { bits, f32Weights, normal, parametersOf, purposes } from '../dist/index.js';
import { readModel, writeModel } from '../dist/index.js';

const [from, to] = process.argv.slice(2);
if (to === undefined) {
  console.error('Usage: node scripts/lesson-start.mjs MODEL OUT');
  process.exit(2);
}
const firstDeviation = 0.02;
const model = await readModel(from);
const parameters = parametersOf(model.network);
const last = parameters.at(-2);

function deviationOf(parameter) {
  const fanIn = parameter.size / parameter.shape[0];
  if (parameter === parameters[0]) return firstDeviation;
  return Math.sqrt((parameter === last ? 1 : 2) / fanIn);
}

const weights = new Map();
for (const [index, parameter] of parameters.entries()) {
  const values = new Float32Array(parameter.size);
  const words = bits({ seed: 1, purpose: purposes.initialValues, index, stream: 0 });
  if (parameter.kind === 'weight') normal(words, values, deviationOf(parameter));
  weights.set(parameter.name, values);
}
await writeModel(to, { ...model, weights: f32Weights(weights) });
