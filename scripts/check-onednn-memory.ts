/**
 * Prepares and disposes 1,000 sessions of the oneDNN engine and watches the process's memory:
 * what one leaves behind, all leave behind.
 *
 *     node scripts/check-onednn-memory.ts          (Node 24; after `make build`)
 *
 * Under valgrind or AddressSanitizer fewer rounds do, given as the argument.
 */
import { onednnEngine } from '../dist/engine/onednn/index.js';
import { alexnet } from '../dist/network/variants.js';
import { narrowVariants } from '../dist/testing/networks.js';
import { testImages, testLabels } from '../dist/testing/data.js';

const rounds = Number(process.argv[2] ?? 1000);
/** The caches of oneDNN and of the allocator are full after this many. */
const warm = Math.ceil(rounds / 10);
/**
 * In turn: channels that oneDNN computes everywhere, and channels in eights, which our own loops
 * compute on CPUs with AVX2 only.
 */
const networks = [
  narrowVariants.paper,
  alexnet('paper', { width: 1 / 2, input: 67, classes: 7 }),
].map((network) => ({
  network,
  images: testImages(network, 4, 1),
  labels: testLabels(network, 4, 1),
}));

let before = 0;
for (let round = 1; round <= rounds; round++) {
  const { network, images, labels } = networks[round % 2];
  const session = await onednnEngine.prepare(network, { mode: 'training', batch: 4 });
  await session.step(images, labels, {
    learningRate: 0.01,
    momentum: 0.9,
    weightDecay: 5e-4,
    draw: { seed: 1, step: round },
  });
  await session.forward(images.subarray(0, images.length / 2));
  await session.dispose();
  if (round === warm) before = megabytes();
  if (round % warm === 0) console.log(`${round} sessions: ${megabytes().toFixed(1)} MB`);
}
const grown = megabytes() - before;
console.log(`Grown by ${grown.toFixed(1)} MB in the last ${rounds - warm} sessions.`);
if (rounds >= 1000 && grown > 16) process.exitCode = 1;

function megabytes(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss() / 1e6;
}
