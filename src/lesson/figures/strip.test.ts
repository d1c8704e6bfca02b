import assert from 'node:assert/strict';
import { test } from 'node:test';
import { windowStrip } from './strip.ts';

test('windowStrip() draws every window, and in red the cells that none sees', () => {
  const fits = windowStrip({ n: 227, k: 11, p: 0, s: 4 });
  assert.equal(fits.match(/f-one/g)!.length, 55);
  assert.ok(!fits.includes('f-warn') && fits.includes('227 cells; 55 windows of 11'));
  const trap = windowStrip({ n: 224, k: 11, p: 0, s: 4 });
  assert.equal(trap.match(/f-one/g)!.length, 54);
  assert.equal(trap.match(/f-warn/g)!.length, 1);
  const padded = windowStrip({ n: 13, k: 3, p: 1, s: 1 });
  assert.equal(padded.match(/f-one/g)!.length, 13);
  assert.ok(padded.includes('padding 1 on each side'));
});

test('windowStrip() can stand in a page alone: it uses nothing from outside itself', async () => {
  const text = `export default ${windowStrip.toString()}`;
  const alone = (await import(`data:text/javascript,${encodeURIComponent(text)}`)) as {
    default: typeof windowStrip;
  };
  const window = { n: 27, k: 5, p: 2, s: 1 };
  assert.equal(alone.default(window), windowStrip(window));
});
