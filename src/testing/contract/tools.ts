import { AlexNetError } from '../../errors.ts';
import type {
  Availability,
  Engine,
  PrepareOptions,
  Session,
  Tolerance,
  UpdateOptions,
} from '../../engine/engine.ts';
import { referenceEngine } from '../../engine/reference/index.ts';
import type { Network } from '../../network/layer.ts';
import { relativeError, testParameters } from '../data.ts';

export interface ContractCase {
  readonly name: string;
  /** Why this engine cannot be held to it, where it cannot yet. */
  readonly skip?: (engine: Engine, found: Availability) => string | undefined;
  readonly run: (engine: Engine) => Promise<void>;
}

/** Images of most cases. */
export const batch = 3;
export const draw = { seed: 20120930, step: 4 };
export const rates: UpdateOptions = { learningRate: 1e-4, momentum: 0.9, weightDecay: 5e-4 };

/** What an engine says of itself in f32. */
export function toleranceOf({ name, tolerances }: Engine): Tolerance {
  const { f32 } = tolerances;
  if (f32 === undefined) throw new Error(`The ${name} engine states no tolerance for f32.`);
  return f32;
}

/** All parameters; of gradients and velocities those that are not frozen. */
export async function allParameters(
  session: Session,
  part: 'value' | 'gradient' | 'velocity',
): Promise<Map<string, Float32Array>> {
  const values = new Map<string, Float32Array>();
  for (const { name } of session.parameters)
    values.set(name, await session.getParameter(name, part));
  return values;
}

export type Options = Omit<PrepareOptions, 'batch'> & { readonly batch?: number };

/** Prepares a session with the test's parameters, and disposes it whatever happens. */
export async function withSession<T>(
  engine: Engine,
  network: Network,
  options: Options,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await engine.prepare(network, { batch, ...options });
  try {
    for (const [name, values] of testParameters(network, 1))
      await session.setParameter(name, values);
    return await use(session);
  } finally {
    await session.dispose();
  }
}

export async function withBoth(
  engine: Engine,
  network: Network,
  options: Options,
  use: (ours: Session, truth: Session) => Promise<void>,
): Promise<void> {
  await withSession(engine, network, options, (ours) =>
    withSession(referenceEngine, network, options, (truth) => use(ours, truth)),
  );
}

export async function refused(call: () => Promise<unknown>, message: string): Promise<void> {
  const found = await call().then(
    () => 'no error at all',
    (error: unknown) =>
      error instanceof AlexNetError
        ? error.message
        : `an error that is no AlexNetError: ${String(error)}`,
  );
  check(found === message, `Expected the refusal\n  ${message}\nbut found\n  ${found}`);
}

export function near(
  found: ArrayLike<number>,
  truth: ArrayLike<number>,
  what: string,
  within: number,
): void {
  const error = relativeError(found, truth);
  check(
    error <= within,
    `${what}: expected at most ${within} from the reference but found ${error} ` +
      `(${found.length} numbers, the reference has ${truth.length}).`,
  );
}

export function equal(found: ArrayLike<unknown>, expected: ArrayLike<unknown>, what: string): void {
  const at = Array.from(expected).findIndex((value, i) => !Object.is(found[i], value));
  check(
    found.length === expected.length && at < 0,
    () =>
      `${what}: expected ${String(expected[at])} at ${at} of ${expected.length} but found ` +
      `${String(found[at])} of ${found.length}.`,
  );
}

export function check(condition: boolean, message: string | (() => string)): void {
  if (!condition) throw new Error(typeof message === 'string' ? message : message());
}
