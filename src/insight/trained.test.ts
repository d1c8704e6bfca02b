import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Session } from '../engine/engine.ts';
import { initialise } from '../engine/initialise.ts';
import { findEngine } from '../engine/registry.ts';
import { parseNetwork } from '../network/json.ts';
import { uniform } from '../random/draws.ts';
import { bits, purposes } from '../random/philox.ts';
import { gradCam } from './gradcam.ts';
import { keepForExplain } from './methods.ts';
import { occlusion } from './occlusion.ts';
import { classTarget } from './target.ts';

/** A network that learns to tell four shapes, each somewhere in noise: what an explanation must find is known to the pixel. */
const side = 32;
const thing = 12;
const shapes: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => Math.hypot(x - 5.5, y - 5.5) < 6,
  (x, y) => Math.abs(x - 5.5) < 2 || Math.abs(y - 5.5) < 2,
  (_, y) => y % 4 < 2,
  (x) => x % 4 < 2,
];
const rules = {
  weight: { initial: { distribution: 'normal', standardDeviation: 0.15 }, learningRate: 1, decay: 1 },
  bias: { initial: { distribution: 'constant', value: 0 }, learningRate: 1, decay: 0 },
};
const window = { rounding: 'floor', groups: 1, parameters: rules };
const network = parseNetwork([
  { type: 'input', name: 'input', shape: [3, side, side] },
  { type: 'convolution', name: 'conv1', kernels: 12, kernel: [5, 5], stride: [2, 2], padding: { top: 2, right: 2, bottom: 2, left: 2 }, ...window },
  { type: 'relu', name: 'relu1' },
  { type: 'convolution', name: 'conv2', kernels: 16, kernel: [3, 3], stride: [1, 1], padding: { top: 1, right: 1, bottom: 1, left: 1 }, ...window },
  { type: 'relu', name: 'relu2' },
  { type: 'adaptiveAveragePool', name: 'pool', output: [1, 1] },
  { type: 'dense', name: 'fc', outputs: shapes.length, parameters: rules },
  { type: 'softmax', name: 'softmax' },
]);

interface Drawn {
  readonly image: Float32Array;
  readonly label: number;
  readonly top: number;
  readonly left: number;
}

function drawn(number: number): Drawn {
  const noise = new Float32Array(3 * side * side + 2);
  uniform(bits({ seed: 1, purpose: purposes.test, index: 9, stream: number }), noise);
  const label = number % shapes.length;
  const [top, left] = [Math.floor(noise.at(-1)! * (side - thing)), Math.floor(noise.at(-2)! * (side - thing))];
  const image = Float32Array.from({ length: 3 * side * side }, (_, i) => {
    const [x, y] = [(i % side) - left, (Math.floor(i / side) % side) - top];
    const inside = x >= 0 && y >= 0 && x < thing && y < thing && shapes[label]!(x, y);
    return (inside ? 1 : 0) + 0.4 * (noise[i]! - 0.5);
  });
  return { image, label, top, left };
}

function stacked(all: readonly Drawn[]): Float32Array {
  const images = new Float32Array(all.length * 3 * side * side);
  all.forEach(({ image }, n) => images.set(image, n * image.length));
  return images;
}

const batch = 32;
const tested = Array.from({ length: 24 }, (_, n) => drawn(1e6 + n));
let session: Session;

before(async () => {
  const engine = await findEngine('auto');
  session = await engine.prepare(network, { batch, mode: 'training', keep: keepForExplain(network) });
  await initialise(session, 1);
  const lessons = Array.from({ length: 20 }, (_, lesson) => Array.from({ length: batch }, (_, n) => drawn(lesson * batch + n)));
  for (let step = 0; step < 200; step++) {
    const seen = lessons[step % lessons.length]!;
    await session.step(stacked(seen), seen.map(({ label }) => label), { learningRate: 0.1 * (1 - step / 200), momentum: 0.9, weightDecay: 1e-4 });
  }
});
after(() => session.dispose());

test('the network has learned the shapes', async () => {
  const probabilities = await session.forward(stacked(tested));
  const right = tested.filter(({ label }, n) => probabilities[n * shapes.length + label]! > 0.5);
  assert.ok(right.length >= 22, `${right.length} of 24 right`);
});

test("gradCam()'s mass lies on the thing, at least twice as much as its share of the area", async () => {
  let share = 0;
  for (const { image, label, top, left } of tested) {
    const { overInput } = await gradCam(session, image, classTarget(network, label));
    const total = overInput.reduce((sum, value) => sum + value, 0);
    const on = overInput.reduce((sum, value, i) => sum + (i % side >= left && i % side < left + thing && Math.floor(i / side) >= top && Math.floor(i / side) < top + thing ? value : 0), 0);
    share += total === 0 ? 0 : on / total / tested.length;
  }
  const area = thing ** 2 / side ** 2;
  assert.ok(share > 2 * area, `${share} of the mass on ${area} of the area`);
});

test('a blanked thing lowers its class, a blanked piece of noise hardly does', async () => {
  const blanked = (found: Drawn, top: number, left: number): Drawn => {
    const image = found.image.map((value, i) => (i % side >= left && i % side < left + thing && Math.floor(i / side) % side >= top && Math.floor(i / side) % side < top + thing ? 0 : value));
    return { ...found, image };
  };
  const elsewhere = ({ top, left }: Drawn): [number, number] => [top < 10 ? 20 : 0, left < 10 ? 20 : 0];
  const mean = async (all: readonly Drawn[]): Promise<number> => {
    const probabilities = await session.forward(stacked(all));
    return all.reduce((sum, { label }, n) => sum + probabilities[n * shapes.length + label]! / all.length, 0);
  };
  const whole = await mean(tested);
  const without = await mean(tested.map((found) => blanked(found, found.top, found.left)));
  const beside = await mean(tested.map((found) => blanked(found, ...elsewhere(found))));
  assert.ok(whole - without > 0.4, `${whole} fell to ${without}`);
  assert.ok(whole - beside < 0.2, `${whole} fell to ${beside} without a piece of noise`);
});

test('occlusion() is strongest on the thing', async () => {
  let hits = 0;
  for (const { image, label, top, left } of tested) {
    const { overInput } = await occlusion(session, image, { layer: 'softmax', unit: label }, { patch: 12, stride: 4 });
    const most = overInput.indexOf(Math.max(...overInput));
    const [y, x] = [Math.floor(most / side), most % side];
    if (y >= top - 4 && y < top + thing + 4 && x >= left - 4 && x < left + thing + 4) hits++;
  }
  assert.ok(hits >= 18, `${hits} of 24 on the thing`);
});
