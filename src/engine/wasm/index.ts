import { canShareMemory, cores, yieldToEvents } from '#platform';
import { AlexNetError, ensure } from '../../errors.ts';
import type { Availability, Engine, PrepareOptions, Session } from '../engine.ts';
import type { Network } from '../../network/layer.ts';
import { gigabytes } from '../../text.ts';
import { makePlan } from '../session.ts';
import type { Plan } from '../session.ts';
import { kernels, supportedSimd, tileRows } from './build.ts';
import { layOut } from './model.ts';
import type { Model } from './model.ts';
import { WasmSession } from './session.ts';
import { Team } from './team.ts';

const page = 65536;
/**
 * WebAssembly's addresses have 32 bits; the last page is left out so that no sum of address and
 * slack runs over.
 */
const maximumBytes = 65535 * page;
const noSimd =
  'This platform does not run WebAssembly SIMD, which the wasm engine is made of. Use Node ' +
  '20.19 or later, or a browser of 2023 or later.';

/**
 * The default engine: AssemblyScript kernels on WebAssembly SIMD and threads, in Node and in the
 * browser.
 */
export const wasmEngine: Engine = {
  name: 'wasm',
  determinism: 'anyThreads',
  tolerances: { f32: { pass: 1e-4, training: 1e-3, parts: 0 } },
  probe: () => Promise.resolve(probe()),
  prepare,
};

function probe(): Availability {
  const simd = supportedSimd();
  if (simd === undefined) return { available: false, reason: noSimd, details: {} };
  const shared = canShareMemory();
  const build = simd === 'relaxed' ? 'relaxed SIMD (fused multiply-add)' : 'plain SIMD';
  const threads = shared
    ? `${cores()} threads`
    : 'one thread, because this page is not cross-origin isolated and threads cannot share memory';
  return {
    available: true,
    reason: `WebAssembly with ${build}, ${threads}.`,
    integers: true,
    details: { simd, threads: shared ? cores() : 1, sharedMemory: shared },
  };
}

async function prepare(network: Network, options: PrepareOptions): Promise<Session> {
  const plan = makePlan(network, options);
  ensure(
    plan.precision === 'f32',
    "The wasm engine computes in f32, but precision 'bf16' was asked for: WebAssembly has no " +
      'bf16 instructions. Use f32, or the onednn engine.',
  );
  const simd = supportedSimd();
  if (simd === undefined) throw new AlexNetError(noSimd);
  const shared = canShareMemory();
  const threads = shared ? (options.threads ?? cores()) : 1;
  const team = new Team(threads);
  try {
    await yieldToEvents();
    const model = await fit(plan, threads, tileRows[simd]);
    const module = await kernels(simd, shared);
    await team.begin({
      module,
      memory: makeMemory(model.bytes, shared),
      control: model.control.at,
      scratch: model.scratch.at,
      scratchBytes: model.scratchBytes,
    });
    const session = new WasmSession(plan, model, team, threads);
    await session.setUp();
    return session;
  } catch (error) {
    await team.end();
    throw error;
  }
}

/** Lays the network out, or says which batch would fit. */
async function fit(plan: Plan, threads: number, rows: number): Promise<Model> {
  const model = layOut(plan, plan.batch, threads, rows);
  if (model.bytes <= maximumBytes) return model;
  let fits = 0;
  let tooLarge = plan.batch;
  while (tooLarge - fits > 1) {
    await yieldToEvents();
    const middle = (fits + tooLarge) >> 1;
    if (layOut(plan, middle, threads, rows).bytes <= maximumBytes) fits = middle;
    else tooLarge = middle;
  }
  const needs =
    `A batch of ${plan.batch} in mode '${plan.mode}' needs ${gigabytes(model.bytes)} of memory, ` +
    `but WebAssembly has at most ${gigabytes(maximumBytes)}`;
  throw new AlexNetError(
    fits === 0
      ? `${needs}, and even a batch of 1 does not fit. Use the onednn engine.`
      : `${needs}. The largest batch that fits is ${fits}.`,
  );
}

/**
 * Memory that threads share, or the number of pages that the one worker makes its own memory of.
 */
function makeMemory(bytes: number, shared: boolean): WebAssembly.Memory | number {
  const pages = Math.ceil(bytes / page) + 1;
  if (!shared) return pages;
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
  } catch {
    throw new AlexNetError(
      `This machine would not give ${gigabytes(bytes)} of memory. ` +
        'Use a smaller batch, or close other programs.',
    );
  }
}
