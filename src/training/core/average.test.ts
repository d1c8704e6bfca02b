import assert from 'node:assert/strict';
import { test } from 'node:test';
import { referenceEngine } from '../../engine/reference/index.ts';
import type { Session } from '../../engine/engine.ts';
import { narrowVariants } from '../../testing/networks.ts';
import { WeightAverage, setWeights, weightsOf } from './average.ts';

async function withSession(use: (session: Session) => Promise<void>): Promise<void> {
  const session = await referenceEngine.prepare(narrowVariants.small, {
    batch: 1,
    mode: 'training',
  });
  try {
    await use(session);
  } finally {
    await session.dispose();
  }
}

/** All weights set to one value. */
async function set(session: Session, value: number): Promise<void> {
  await setWeights(
    session,
    new Map(
      [...(await weightsOf(session))].map(([name, { length }]) => [
        name,
        new Float32Array(length).fill(value),
      ]),
    ),
  );
}

test('WeightAverage follows every so many steps, faster while it is young', async () => {
  await withSession(async (session) => {
    await set(session, 1);
    const average = await WeightAverage.start(session, { decay: 0.5, every: 2 });
    let expected = 1;
    for (let step = 1; step <= 40; step++) {
      await set(session, step);
      await average.follow(step);
      if (step % 2 === 0) {
        const kept = Math.min(0.5, (1 + step) / (10 + step)) ** 2;
        expected = kept * expected + (1 - kept) * step;
      }
      for (const values of average.values.values())
        assert.ok(
          Math.abs(values[0]! - expected) < 1e-5 * expected,
          `step ${step}: ${values[0]} is not ${expected}`,
        );
    }
  });
});

test('WeightAverage lends the session its values and takes them back in any case', async () => {
  await withSession(async (session) => {
    await set(session, 1);
    const average = await WeightAverage.start(session, { decay: 0.5, every: 1 });
    await set(session, 2);
    const seen = await average.during(async () => (await session.getParameter('conv1.weight'))[0]);
    assert.equal(seen, 1);
    await assert.rejects(
      average.during(() => Promise.reject(new Error('looked away'))),
      { message: 'looked away' },
    );
    for (const values of (await weightsOf(session)).values())
      assert.ok(values.every((value) => value === 2));
  });
});
