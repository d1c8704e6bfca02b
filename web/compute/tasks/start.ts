import {
  alexnet,
  amounts,
  engines,
  findEngine,
  initialise,
  referenceEngine,
  signs,
} from 'alexnet/browser';
import type { Engine } from 'alexnet/browser';
import type { Task } from '../context.ts';
import type { Started } from '../protocol.ts';

/** Which engines run here, and whether the chosen one computes what the reference does. */
export const start: Task<{ engine: string }, Started> = async ({ engine }) => {
  const found = await Promise.all(
    engines.map(async (one) => {
      const { available, reason } = await one.probe();
      return { name: one.name, available, reason };
    }),
  );
  const chosen = await findEngine(engine);
  return {
    engines: found,
    chosen: chosen.name,
    reason: found.find(({ name }) => name === chosen.name)!.reason,
    difference: await differenceFromReference(chosen),
    tolerance: chosen.tolerances.f32?.pass ?? 0,
    canvasTrue: canvasTrue(),
    palettes: { amounts: amounts.slice(), signs: signs.slice() },
  };
};

/** On the smallest network that has every kind of layer, with weights and a picture by chance. */
async function differenceFromReference(engine: Engine): Promise<number> {
  const network = alexnet('small', { width: 0.125, classes: 10 });
  const image = Float32Array.from({ length: 3 * 32 * 32 }, (_, i) => ((i * 7919) % 255) - 127);
  const answers: Float32Array[] = [];
  for (const one of [engine, referenceEngine]) {
    const session = await one.prepare(network, { batch: 1, mode: 'inference' });
    try {
      await initialise(session, 1);
      answers.push(await session.forward(image));
    } finally {
      await session.dispose();
    }
  }
  const [found, expected] = answers;
  return expected!.reduce((most, value, i) => Math.max(most, Math.abs(value - found![i]!)), 0);
}

/** Browsers that hide who one is change pixels that are read back, and with them every answer. */
function canvasTrue(): boolean {
  const side = 16;
  const canvas = new OffscreenCanvas(side, side);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  const drawn = context.createImageData(side, side);
  for (let i = 0; i < drawn.data.length; i++)
    drawn.data[i] = i % 4 === 3 ? 255 : (i * 37 + (i >> 5) * 11) % 256;
  context.putImageData(drawn, 0, 0);
  const { data } = context.getImageData(0, 0, side, side);
  return data.every((byte, i) => byte === drawn.data[i]);
}
