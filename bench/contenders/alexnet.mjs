import { alexnet } from '../../dist/network/variants.js';
import { findEngine } from '../../dist/engine/registry.js';
import { images, weights } from '../made-up.mjs';

/** This project's own engines. */
export async function prepare({
  engine: name = 'wasm',
  variant,
  batch,
  threads,
  mode,
  precision = 'f32',
}) {
  const engine = await findEngine(name);
  const network = alexnet(variant);
  const session = await engine.prepare(network, {
    batch,
    threads,
    precision,
    mode: mode === 'train' ? 'training' : 'inference',
  });
  for (const [name, values] of weights(session.parameters))
    await session.setParameter(name, values);
  const input = images(network, batch);
  if (mode === 'infer')
    return {
      run: () => session.forward(input),
      details: `${precision}, ${(await engine.probe()).reason}`,
    };
  const labels = Array.from({ length: batch }, (_, i) => (i * 37) % 1000);
  let step = 0;
  return {
    run: async () => {
      await session.step(input, labels, {
        learningRate: 1e-6,
        momentum: 0.9,
        weightDecay: 5e-4,
        draw: { seed: 1, step: step++ },
      });
      return undefined;
    },
    details: `${precision}, ${(session.memoryBytes / 2 ** 20).toFixed(0)} MiB`,
  };
}
