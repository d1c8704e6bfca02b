import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawScene, drawThingMask, sceneClasses } from './scene.ts';
import { classesOf, hardScenes, plainScenes } from './style.ts';

type Colour = readonly [number, number, number];

async function meanColours(from: number, to: number): Promise<{ label: number; colour: Colour }[]> {
  const addresses = sceneClasses.flatMap((_, label) =>
    Array.from({ length: to - from }, (_unused, i) => ({ seed: 1, label, number: from + i })),
  );
  return Promise.all(
    addresses.map(async (address) => ({
      label: address.label,
      colour: meanColour((await drawScene(address)).data),
    })),
  );
}

function meanColour(data: Uint8Array): Colour {
  const sums: [number, number, number] = [0, 0, 0];
  data.forEach((value, i) => (sums[(i % 3) as 0 | 1 | 2] += (3 * value) / data.length));
  return sums;
}

function distance(a: Colour, b: Colour): number {
  return a.reduce((sum, value, c) => sum + (value - b[c]!) ** 2, 0);
}

test('drawScene() is a function of its address', async () => {
  const address = { seed: 3, label: 2, number: 7 };
  const scene = await drawScene(address);
  assert.deepEqual(await drawScene(address), scene);
  assert.notDeepEqual((await drawScene({ ...address, number: 8 })).data, scene.data);
  assert.notDeepEqual((await drawScene({ ...address, seed: 4 })).data, scene.data);
  assert.equal(scene.data.length, 48 * 48 * 3);
});

test('mean colours hardly give the classes of scenes away', async () => {
  const known = await meanColours(0, 40);
  const asked = await meanColours(40, 60);
  const hits = asked.filter(
    ({ label, colour }) =>
      known.reduce((best, one) =>
        distance(one.colour, colour) < distance(best.colour, colour) ? one : best,
      ).label === label,
  ).length;
  const accuracy = hits / asked.length;
  assert.ok(
    accuracy < 0.35,
    `nearest mean colour names ${(100 * accuracy).toFixed(1)} % rightly, guessing 16.7 %`,
  );
});

test('drawThingMask() says where the thing is: some of the picture, not most', async () => {
  for (const label of sceneClasses.keys()) {
    const address = { seed: 1, label, number: 5 };
    const { data } = await drawThingMask(address);
    const covered = data.filter((value) => value === 255).length / data.length;
    assert.equal(data.length, (await drawScene(address)).data.length);
    assert.ok(
      covered > 0.05 && covered < 0.6 && data.every((value) => value === 0 || value === 255),
      `${sceneClasses[label]}: ${covered}`,
    );
  }
});

test('hard scenes have the kinds of the plain ones and four more, and draws of their own', async () => {
  const [plain, hard] = [classesOf(plainScenes), classesOf(hardScenes)];
  assert.deepEqual(hard.slice(0, plain.length), plain);
  assert.deepEqual(hard.slice(plain.length), ['tree', 'cup', 'flower', 'key']);
  const address = { seed: 1, label: 0, number: 3 };
  const scene = await drawScene(address, 48, hardScenes);
  assert.deepEqual(await drawScene(address, 48, hardScenes), scene);
  assert.notDeepEqual(await drawScene(address), scene);
  for (const label of hard.keys()) {
    const { data } = await drawThingMask({ seed: 1, label, number: 2 }, 48, hardScenes);
    const covered = data.filter((value) => value === 255).length / data.length;
    assert.ok(covered > 0.02 && covered < 0.6, `${hard[label]}: ${covered}`);
  }
});
