import type { Network } from '../../network/layer.ts';
import type { Availability, Engine, PrepareOptions, Session } from '../engine.ts';

/**
 * The fast CPU engine: every layer forward and backward by oneDNN, in C++ behind Node-API
 * (`native/`). It is built on the machine against the system's library (`make native`, `npx alexnet
 * native`); where that has not been done it says so, and whoever asked for `auto` gets another
 * engine. Only Node's list of engines has it (`engine/node/`); all of it is imported when it is
 * asked for.
 */
export const onednnEngine: Engine = {
  name: 'onednn',
  // oneDNN's backward-weights primitives sum over as many parts of a batch as there are threads.
  determinism: 'sameThreads',
  tolerances: {
    f32: { pass: 1e-4, training: 1e-3, parts: 1e-6 },
    bf16: { pass: 0.025, training: 0.1, parts: 0.025 },
  },
  probe,
  prepare,
};

async function probe(): Promise<Availability> {
  const { probe } = await import('./node/native.ts');
  return probe();
}

async function prepare(network: Network, options: PrepareOptions): Promise<Session> {
  const { prepareSession } = await import('./node/session.ts');
  return prepareSession(network, options);
}
