/**
 * Rules for values that come from outside as JSON, as data: so that one can ask what a rule knows,
 * not only whether a value passes, which is all that files need (`network/check.ts`). Our own,
 * because a schema library takes longer to load than everything else behind the package's door.
 */
export type Rule =
  | NumberRule
  | TextRule
  | ChoiceRule
  | ListRule
  | ObjectRule
  | KindsRule
  | EitherRule
  | NullableRule
  | AnyRule;

/** A finite number within its limits. */
interface NumberRule {
  readonly is: 'number';
  readonly whole?: boolean;
  readonly above?: number;
  readonly atLeast?: number;
  readonly below?: number;
  readonly atMost?: number;
}

interface TextRule {
  readonly is: 'text';
}

interface ChoiceRule {
  readonly is: 'choice';
  readonly texts: readonly string[];
}

/** A list, of so many items where `length` is given. */
interface ListRule {
  readonly is: 'list';
  readonly item: Rule;
  readonly length?: number;
}

/** An object with these fields and no others; those named in `optional` may be left out. */
interface ObjectRule {
  readonly is: 'object';
  readonly fields: Readonly<Record<string, Rule>>;
  readonly optional: readonly string[];
}

/** An object whose field `key` names the rule that the rest of it follows. */
interface KindsRule {
  readonly is: 'kinds';
  readonly key: string;
  readonly kinds: Readonly<Record<string, ObjectRule>>;
}

interface EitherRule {
  readonly is: 'either';
  readonly rules: readonly Rule[];
  /** What a value may be, in words. */
  readonly expected: string;
}

interface NullableRule {
  readonly is: 'nullable';
  readonly rule: Rule;
}

/** Passes here: whoever uses the value checks it with what it knows. */
interface AnyRule {
  readonly is: 'any';
}

export const anything: AnyRule = { is: 'any' };

export function number(limits: Omit<NumberRule, 'is'> = {}): NumberRule {
  return { is: 'number', ...limits };
}

export const text: TextRule = { is: 'text' };

export function choice(...texts: readonly string[]): ChoiceRule {
  return { is: 'choice', texts };
}

export function list(item: Rule, length?: number): ListRule {
  return { is: 'list', item, ...(length !== undefined && { length }) };
}

/** An object with a rule for each field of `T`. */
export function object<T>(
  fields: { readonly [Key in keyof T]-?: Rule },
  optional: readonly (keyof T & string)[] = [],
): ObjectRule {
  return { is: 'object', fields: { ...fields }, optional };
}

/** @param kinds the other fields of each kind. */
export function kinds(
  key: string,
  fieldsOf: Readonly<Record<string, Readonly<Record<string, Rule>>>>,
): KindsRule {
  const rules = Object.entries(fieldsOf).map(
    ([kind, fields]) => [kind, object({ [key]: choice(kind), ...fields })] as const,
  );
  return { is: 'kinds', key, kinds: Object.fromEntries(rules) };
}

export function either(expected: string, ...rules: readonly Rule[]): EitherRule {
  return { is: 'either', rules, expected };
}

export function nullable(rule: Rule): NullableRule {
  return { is: 'nullable', rule };
}

/** What is wrong with a value, and where in it. */
export interface Flaw {
  readonly path: readonly string[];
  /** Set where the flaw is a key that the object at `path` may not have. */
  readonly unknownKey?: string;
  /** What was expected, as a sentence. */
  readonly expected: string;
}

/** Everything that is wrong with a value, in the order of the rule's fields. */
export function* flawsOf(
  rule: Rule,
  value: unknown,
  path: readonly string[] = [],
): Generator<Flaw, void, undefined> {
  switch (rule.is) {
    case 'any':
      return;
    case 'nullable':
      if (value !== null) yield* flawsOf(rule.rule, value, path);
      return;
    case 'object':
      yield* flawsOfObject(rule, value, path);
      return;
    case 'kinds':
      yield* flawsOfKinds(rule, value, path);
      return;
    case 'list':
      yield* flawsOfList(rule, value, path);
      return;
    case 'either':
      if (rule.rules.every((one) => hasFlaw(one, value))) yield { path, expected: rule.expected };
      return;
    case 'number':
    case 'text':
    case 'choice': {
      const expected = flawOfScalar(rule, value);
      if (expected !== undefined) yield { path, expected };
    }
  }
}

/** A value without flaws, copied; objects with their keys in the order of the rule's fields. */
export function ordered(rule: Rule, value: unknown): unknown {
  if (value === null) return null;
  switch (rule.is) {
    case 'nullable':
      return ordered(rule.rule, value);
    case 'object': {
      const given = value as Readonly<Record<string, unknown>>;
      const keys = Object.keys(rule.fields).filter((key) => Object.hasOwn(given, key));
      return Object.fromEntries(keys.map((key) => [key, ordered(rule.fields[key]!, given[key])]));
    }
    case 'kinds': {
      const kind = (value as Readonly<Record<string, unknown>>)[rule.key] as string;
      return ordered(rule.kinds[kind]!, value);
    }
    case 'list':
      return (value as readonly unknown[]).map((item) => ordered(rule.item, item));
    case 'either':
      return ordered(
        rule.rules.find((one) => !hasFlaw(one, value))!,
        value,
      );
    default:
      return value;
  }
}

/** The keys that an object at `path` may have, of all its kinds together. */
export function keysAt(rule: Rule, path: readonly string[]): string[] {
  let objects = objectsIn(rule);
  for (const key of path) {
    objects = objects.flatMap(({ fields }) =>
      Object.hasOwn(fields, key) ? objectsIn(fields[key]!) : [],
    );
  }
  return [...new Set(objects.flatMap(({ fields }) => Object.keys(fields)))];
}

function objectsIn(rule: Rule): ObjectRule[] {
  switch (rule.is) {
    case 'object':
      return [rule];
    case 'kinds':
      return Object.values(rule.kinds);
    case 'nullable':
      return objectsIn(rule.rule);
    case 'either':
      return rule.rules.flatMap(objectsIn);
    default:
      return [];
  }
}

function* flawsOfObject(
  { fields, optional }: ObjectRule,
  value: unknown,
  path: readonly string[],
): Generator<Flaw, void, undefined> {
  if (!isObject(value)) {
    yield { path, expected: notA('object', value) };
    return;
  }
  for (const [key, rule] of Object.entries(fields)) {
    const leftOut = optional.includes(key) && !Object.hasOwn(value, key);
    if (!leftOut) yield* flawsOf(rule, value[key], [...path, key]);
  }
  const unknownKey = Object.keys(value).find((key) => !Object.hasOwn(fields, key));
  if (unknownKey !== undefined)
    yield { path, unknownKey, expected: `Unrecognized key: "${unknownKey}"` };
}

function* flawsOfKinds(
  { key, kinds: rules }: KindsRule,
  value: unknown,
  path: readonly string[],
): Generator<Flaw, void, undefined> {
  if (!isObject(value)) {
    yield { path, expected: notA('object', value) };
    return;
  }
  const kind = value[key];
  if (typeof kind === 'string' && Object.hasOwn(rules, kind))
    yield* flawsOf(rules[kind]!, value, path);
  else yield { path: [...path, key], expected: notAmong(Object.keys(rules)) };
}

function* flawsOfList(
  { item, length }: ListRule,
  value: unknown,
  path: readonly string[],
): Generator<Flaw, void, undefined> {
  if (!Array.isArray(value)) {
    yield { path, expected: notA(length === undefined ? 'array' : 'tuple', value) };
    return;
  }
  if (length !== undefined && value.length !== length) {
    const expected = value.length > length ? 'Too big' : 'Too small';
    yield { path, expected: `${expected}: expected a list of ${length} numbers` };
    return;
  }
  for (const [i, entry] of value.entries()) yield* flawsOf(item, entry, [...path, String(i)]);
}

function hasFlaw(rule: Rule, value: unknown): boolean {
  return flawsOf(rule, value).next().done !== true;
}

function flawOfScalar(
  rule: NumberRule | TextRule | ChoiceRule,
  value: unknown,
): string | undefined {
  switch (rule.is) {
    case 'number':
      return flawOfNumber(rule, value);
    case 'text':
      return typeof value === 'string' ? undefined : notA('string', value);
    case 'choice':
      return rule.texts.includes(value as string) ? undefined : notAmong(rule.texts);
  }
}

function flawOfNumber(
  { whole, above, atLeast, below, atMost }: NumberRule,
  value: unknown,
): string | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return notA('number', value);
  if (whole && !Number.isSafeInteger(value)) return notA('int', value);
  if (above !== undefined && !(value > above)) return `Too small: expected number to be >${above}`;
  if (atLeast !== undefined && !(value >= atLeast))
    return `Too small: expected number to be >=${atLeast}`;
  if (below !== undefined && !(value < below)) return `Too big: expected number to be <${below}`;
  if (atMost !== undefined && !(value <= atMost))
    return `Too big: expected number to be <=${atMost}`;
  return undefined;
}

function notA(type: string, value: unknown): string {
  return `Invalid input: expected ${type}, received ${typeName(value)}`;
}

function notAmong(texts: readonly string[]): string {
  return `Invalid option: expected one of ${texts.map((known) => `"${known}"`).join('|')}`;
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return typeof value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
