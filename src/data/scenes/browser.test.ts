import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noBrowser, openPages } from '../../testing/pages.ts';
import { drawScene, sceneClasses } from './scene.ts';

const size = 64;
const addresses = sceneClasses.map((_, label) => ({ seed: 5, label, number: 2 }));

test(
  'a page draws the scenes that Node draws, but for the edges',
  { skip: noBrowser },
  async () => {
    const pages = await openPages();
    try {
      const found = (await pages.result(`
      const { drawScene } = await import('/dist/data/scenes/scene.js');
      const scenes = ${JSON.stringify(addresses)}.map((address) => drawScene(address, ${size}));
      const pictures = await Promise.all(scenes);
      globalThis.result = pictures.map(({ data }) => [...data]);`)) as number[][];
      for (const [label, address] of addresses.entries()) {
        const { data } = await drawScene(address, size);
        const here = found[label]!;
        assert.equal(here.length, data.length);
        const apart =
          data.filter((value, i) => Math.abs(value - here[i]!) > 2).length / data.length;
        assert.ok(apart < 0.1, `${sceneClasses[label]}: ${(100 * apart).toFixed(1)} % differ`);
      }
    } finally {
      await pages.close();
    }
  },
);
