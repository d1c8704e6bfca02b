/**
 * Checks of values that come from outside as JSON. Our own, because a schema library takes longer
 * to load than everything else behind the package's door (docs/performance.md, "Loading").
 *
 * These are functions: a file's numbers have conditions of any kind, and its first flaw is told.
 * Settings have rules that are data (`training/core/rules.ts`), because there one must ask what a
 * rule knows: which keys there are, for "did you mean", and in which order they are written.
 */

/** What is wrong with a value, and where in it. */
export interface Flaw {
  readonly path: readonly string[];
  /** Goes on from "expected … to be". */
  readonly expected: string;
  readonly found: string;
}

/** Nothing where the value is as it should be. */
export type Check = (value: unknown) => Flaw | undefined;

/** A check in one condition. */
export function check(expected: string, holds: (value: unknown) => boolean): Check {
  return (value) => (holds(value) ? undefined : { path: [], expected, found: describe(value) });
}

/** A finite number. */
export function number(
  expected = 'a number',
  holds: (value: number) => boolean = () => true,
): Check {
  return check(
    expected,
    (value) => typeof value === 'number' && Number.isFinite(value) && holds(value),
  );
}

export function whole(expected: string, holds: (value: number) => boolean): Check {
  return number(expected, (value) => Number.isSafeInteger(value) && holds(value));
}

export const notNegative = number('a number not below 0', (n) => n >= 0);
export const positive = number('a number above 0', (n) => n > 0);
export const size = whole('a whole number above 0', (n) => n > 0);

export const text = check('a text', (value) => typeof value === 'string');

export function oneOf(...texts: readonly string[]): Check {
  return check(
    texts.map((known) => `"${known}"`).join(' or '),
    (value) => typeof value === 'string' && texts.includes(value),
  );
}

/** An array, of so many items where `length` is given. */
export function list(item: Check, length?: number): Check {
  const isList = check(
    `a list${length === undefined ? '' : ` of ${length}`}`,
    (value) => Array.isArray(value) && (length ?? value.length) === value.length,
  );
  return (value) =>
    isList(value) ??
    first(value as unknown[], (entry, index) => within(String(index), item(entry)));
}

/**
 * An object with a check for each field of `T`, and no other field; those named in `optional` may
 * be left out.
 */
export function fields<T>(
  checks: { readonly [Key in keyof T]-?: Check },
  optional: readonly (keyof T & string)[] = [],
): Check {
  const names = Object.keys(checks) as (keyof T & string)[];
  return (value) => {
    const noObject = object(value);
    if (noObject !== undefined) return noObject;
    const given = value as Readonly<Record<string, unknown>>;
    const extra = Object.keys(given).find((name) => !Object.hasOwn(checks, name));
    if (extra !== undefined)
      return {
        path: [extra],
        expected: `left out (the fields are ${names.join(', ')})`,
        found: describe(given[extra]),
      };
    return first(names, (name) =>
      optional.includes(name) && given[name] === undefined
        ? undefined
        : within(name, checks[name](given[name])),
    );
  };
}

/** An object whose field `key` names the check that it must pass. */
export function kinds(key: string, checks: Readonly<Record<string, Check>>): Check {
  const known = oneOf(...Object.keys(checks));
  return (value) => {
    const noObject = object(value);
    if (noObject !== undefined) return noObject;
    const kind = (value as Readonly<Record<string, unknown>>)[key];
    return within(key, known(kind)) ?? checks[kind as string]!(value);
  };
}

export const object = check(
  'an object',
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);

/** `expected its "kernels" to be a whole number above 0 but found -1`. */
export function explain({ path, expected, found }: Flaw): string {
  return (
    `expected ${path.length === 0 ? 'it' : `its "${path.join('.')}"`} to be ${expected} but ` +
    `found ${found}`
  );
}

/** A value as a sentence shows it. */
export function describe(value: unknown): string {
  const shown = value === undefined ? 'nothing' : asJson(value);
  return shown.length > 60 ? `${shown.slice(0, 57)}…` : shown;
}

/** What has no JSON, or is nested too deeply for it, by its type. */
function asJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? `a ${typeof value}`;
  } catch {
    return `a ${typeof value}`;
  }
}

function within(name: string, flaw: Flaw | undefined): Flaw | undefined {
  return flaw && { ...flaw, path: [name, ...flaw.path] };
}

function first<Item>(
  items: readonly Item[],
  flawOf: (item: Item, index: number) => Flaw | undefined,
): Flaw | undefined {
  for (const [index, item] of items.entries()) {
    const flaw = flawOf(item, index);
    if (flaw !== undefined) return flaw;
  }
  return undefined;
}
