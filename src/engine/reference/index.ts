import { ensure } from '../../errors.ts';
import type { Engine } from '../engine.ts';
import { makePlan } from '../session.ts';

/**
 * Plain TypeScript with float64 sums: slow, readable, and the truth that every other engine is
 * tested against. Its layers are imported when they are asked for.
 */
export const referenceEngine: Engine = {
  name: 'reference',
  determinism: 'anyThreads',
  // Between parts numbers are rounded to f32, inside a network they are not.
  tolerances: { f32: { pass: 1e-5, training: 1e-5, parts: 1e-6 } },
  probe: () =>
    Promise.resolve({
      available: true,
      reason:
        'Plain TypeScript in float64 on one thread: for truth and for reading, not for speed.',
      details: { precision: 'f64' },
      integers: true,
    }),
  prepare: async (network, options) => {
    const plan = makePlan(network, options);
    ensure(
      plan.precision === 'f32',
      'The reference engine takes and gives f32 only (it computes in f64), but precision ' +
        "'bf16' was asked for.",
    );
    const { ReferenceSession } = await import('./session.ts');
    return new ReferenceSession(plan);
  },
};
