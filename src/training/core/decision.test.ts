import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as door from '../../browser.ts';
import { referenceEngine } from '../../engine/reference/index.ts';
import { madeUpTraining } from '../../testing/made-up.ts';
import { decide } from './decision.ts';
import type { Decision } from './decision.ts';
import { firstState } from './state.ts';

const { blueprint } = madeUpTraining(door, referenceEngine, { checkpointMinutes: 2 });

/** What is decided at a moment, in seconds, of a run that began and was last saved at others. */
function decided({
  now = 100,
  savedAt = 100,
  budget = null as number | null,
  batch = 1,
  aborted = false,
}): Decision {
  const signal = aborted ? AbortSignal.abort() : undefined;
  const job = { blueprint, budget, clock: () => 1000 * now, began: 0, signal };
  return decide(job, { state: { ...firstState(3), batch }, savedAt: 1000 * savedAt });
}

test('decide() has a checkpoint written when it is due', () => {
  assert.deepEqual(
    [219.9, 220, 500].map((now) => decided({ now })),
    ['step', 'save', 'save'],
  );
});

test('decide() leaves an epoch when the time is up, but not before its first step', () => {
  assert.equal(decided({ budget: 101 }), 'step');
  assert.equal(decided({ budget: 100 }), 'endEpoch');
  assert.equal(decided({ budget: 100, batch: 0 }), 'step');
  assert.equal(decided({ budget: 50, now: 500 }), 'endEpoch');
});

test('decide() interrupts before all else', () => {
  assert.equal(decided({ aborted: true, budget: 50, now: 500 }), 'interrupt');
});
