import { ensure } from '../../errors.ts';
import type { Engine } from '../engine.ts';
import { makePlan } from '../session.ts';
import { ReferenceSession } from './session.ts';

/** Plain TypeScript with float64 sums: slow, readable, and the truth that every other engine is tested against. */
export const referenceEngine: Engine = {
  name: 'reference',
  probe: () => Promise.resolve({ available: true, reason: 'Plain TypeScript in float64 on one thread: for truth and for reading, not for speed.', details: { precision: 'f64' } }),
  prepare: (network, options) => {
    try {
      const plan = makePlan(network, options);
      ensure(plan.precision === 'f32', "The reference engine takes and gives f32 only (it computes in f64), but precision 'bf16' was asked for.");
      return Promise.resolve(new ReferenceSession(plan));
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  },
};
