// Holds a quantised model as ONNX against onnxruntime: the integers of every layer without its
// optimiser, the answers and the operators with it. Needs Python with onnx and onnxruntime.
//   node scripts/check-onnx-int8.mjs small.safetensors [python3]
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wasmEngine } from '../dist/engine/wasm/index.js';
import { exportOnnx, readModel } from '../dist/index.js';
import { loadModel } from '../dist/model/integers.js';
import { edgesOf } from '../dist/network/quantisation.js';
import { inferShapes, volume } from '../dist/network/shapes.js';

const [file, python = 'python3'] = process.argv.slice(2);
const model = await readModel(file);
const { network, quantisation } = model;
const folder = mkdtempSync(join(tmpdir(), 'alexnet-onnx-'));
const put = (name, numbers) => writeFileSync(join(folder, name), Buffer.from(numbers.buffer));
try {
  writeFileSync(join(folder, 'model.onnx'), Buffer.concat([...exportOnnx(model)]));
  const shapes = inferShapes(network);
  const images = Float32Array.from(
    { length: 2 * volume(shapes[0].output) },
    (_, i) => Math.sin(i * 0.37) * 1.5 + Math.cos(i * 0.0013),
  );
  put('images', images);
  const session = await wasmEngine.prepare(network, {
    batch: 2,
    mode: 'inference',
    keep: 'all',
    quantisation,
  });
  await loadModel(session, model);
  put('probabilities', await session.forward(images));
  const edges = edgesOf(shapes, quantisation);
  const grids = {};
  for (const [index, { name }] of network.entries()) {
    put(name, await session.activation(name));
    if (edges[index] !== 'f32') grids[name] = edges[index];
  }
  await session.dispose();
  const told = { shape: [2, ...shapes[0].output], grids };
  writeFileSync(join(folder, 'grids.json'), JSON.stringify(told));
  const script = new URL('check-onnx-int8.py', import.meta.url).pathname;
  execFileSync(python, [script, folder], { stdio: 'inherit' });
} finally {
  rmSync(folder, { recursive: true });
}
