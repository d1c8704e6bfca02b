import { engines } from '#engines';
import { AlexNetError, UsageError } from '../errors.ts';
import type { Engine } from './engine.ts';

/** Every engine of this place, the fastest first: the order in which `auto` tries them. */
export { engines };

/**
 * An engine by name; `auto` is the first that runs here, and computes quantised networks where
 * `integers` are wanted.
 * @throws {UsageError} for an unknown name. @throws {AlexNetError} for an engine that does not run
 * here, with its reason.
 */
export async function findEngine(name = 'auto', { integers = false } = {}): Promise<Engine> {
  if (name === 'auto') {
    for (const engine of engines) {
      const found = await engine.probe();
      if (found.available && (!integers || found.integers === true)) return engine;
    }
    throw new AlexNetError(
      'No engine runs on this machine. "alexnet doctor" says what each one needs.',
    );
  }
  const engine = engines.find((candidate) => candidate.name === name);
  if (engine === undefined)
    throw new UsageError(
      `There is no engine "${name}". The engines are: auto, ` +
        `${engines.map((candidate) => candidate.name).join(', ')}.`,
    );
  const { available, reason } = await engine.probe();
  if (!available) throw new AlexNetError(`The ${name} engine does not run here: ${reason}`);
  return engine;
}
