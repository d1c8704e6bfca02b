import { readFile } from 'node:fs/promises';
import { UsageError } from '../errors.ts';

/** Settings from a JSON file: an object of them, or a run's settings.json that holds one. */
export async function settingsFile(path: string): Promise<Record<string, unknown>> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UsageError(
      `The settings file ${path} cannot be read: ` +
        `${error instanceof Error ? error.message : String(error)}.`,
    );
  });
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new Error('expected an object of settings');
    const { settings } = value as { settings?: unknown };
    return { ...((settings as Record<string, unknown> | undefined) ?? value) };
  } catch (error) {
    throw new UsageError(
      `The settings file ${path} is not valid: ` +
        `${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}

/** `schedule.kind=constant`; the value is JSON, or text where it is not. */
export function assign(settings: Record<string, unknown>, assignment: string): void {
  const at = assignment.indexOf('=');
  if (at < 1) throw new UsageError(`Expected --set key=value but found "${assignment}".`);
  const path = assignment.slice(0, at).split('.');
  let inner = settings;
  for (const key of path.slice(0, -1)) {
    if (!Object.hasOwn(inner, key)) setOwn(inner, key, {});
    const value = inner[key];
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new UsageError(
        `"${assignment}" sets a part of "${key}", which is set to ${JSON.stringify(value)} before.`,
      );
    inner = value as Record<string, unknown>;
  }
  setOwn(inner, path.at(-1)!, parseValue(assignment.slice(at + 1)));
}

/** Sets a key of the object's own, whatever it is called: `__proto__` is then told as unknown. */
function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(object, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
