import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { noBrowser, openPages } from '../../testing/pages.ts';
import type { Pages } from '../../testing/pages.ts';

/** Runs the contract suite inside the page. */
const script = `
  const { contractCases } = await import('/dist/testing/contract.js');
  const { wasmEngine } = await import('/dist/engine/wasm/index.js');
  const failures = [];
  const availability = await wasmEngine.probe();
  const skips = ({ skip }) => skip?.(wasmEngine, availability) !== undefined;
  const cases = contractCases.filter((each) => !skips(each));
  for (const { name, run } of cases)
    await run(wasmEngine).catch((error) => failures.push(name + ': ' + error.message));
  const isolated = crossOriginIsolated;
  globalThis.result = { cases: cases.length, failures, isolated, availability };`;

describe('the wasm engine in Chromium', { skip: noBrowser, concurrency: true }, () => {
  let pages: Pages;
  before(async () => {
    pages = await openPages();
  });
  after(() => pages?.close());

  for (const isolated of [true, false]) {
    const which = isolated ? 'is' : 'is not';
    test(`keeps the whole contract on a page that ${which} cross-origin isolated`, async () => {
      const result = (await pages.result(script, { isolated })) as {
        cases: number;
        failures: string[];
        isolated: boolean;
        availability: { available: boolean; details: Record<string, unknown> };
      };
      assert.deepEqual(result.failures, []);
      assert.ok(result.cases > 40);
      assert.equal(result.isolated, isolated);
      assert.equal(result.availability.details['sharedMemory'], isolated);
    });
  }
});
