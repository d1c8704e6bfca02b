import { createRequire } from 'node:module';
import type * as zod from 'zod';
import { UsageError, nearest } from '../../errors.ts';
import { recipes } from './recipes.ts';
import type { RecipeName } from './recipes.ts';
import { makeSettingsSchema } from './schema.ts';

type Schema = ReturnType<typeof makeSettingsSchema>;

let loaded: { readonly z: typeof zod; readonly schema: Schema } | undefined;

/**
 * zod and the schema, from the first settings on. Not by `import()`, because these functions answer
 * at once.
 */
function load(): { readonly z: typeof zod; readonly schema: Schema } {
  if (loaded === undefined) {
    const z = createRequire(import.meta.url)('zod') as typeof zod;
    loaded = { z, schema: makeSettingsSchema(z) };
  }
  return loaded;
}

/** Everything that decides what a run computes, but the data and the engine. */
export type Settings = Readonly<zod.infer<Schema>>;

/**
 * Some of the settings; those inside an object (`augmentation`, `preprocessing`, …) one by one too.
 */
export type SettingsOverrides =
  { readonly [K in keyof Settings]?: Settings[K] } | Readonly<Record<string, unknown>>;

/** @throws {UsageError} with the list of recipes and the nearest name. */
export function parseRecipe(name: string): RecipeName {
  if (Object.hasOwn(recipes, name)) return name as RecipeName;
  const guess = nearest(name, Object.keys(recipes));
  throw new UsageError(
    `There is no recipe "${name}". ${guess === undefined ? '' : `Did you mean "${guess}"? `}The recipes are: ${Object.keys(recipes).join(', ')}.`,
  );
}

const perRun = { seed: 1, precision: 'f32', from: null, freeze: [], oldRate: 0.1 } as const;

/**
 * A recipe with overrides, checked.
 * @throws {UsageError} for unknown keys, with the nearest known one, and for values out of range,
 * with what was found.
 */
export function resolveSettings(recipe: string, overrides: SettingsOverrides = {}): Settings {
  const name = parseRecipe(recipe);
  const { about: _, ...base } = recipes[name];
  const variant = overrides['from' as const] == null ? base.variant : null;
  const own = {
    ...base,
    ...perRun,
    variant,
    input: isOtherNetwork(overrides, variant) ? null : base.input,
  };
  return parseSettings({ ...merge(own, overrides), recipe: name });
}

/** The size of input that a recipe names is meant for the recipe's own network. */
function isOtherNetwork(
  { variant }: { readonly variant?: unknown },
  own: Settings['variant'],
): boolean {
  return own === null || (variant !== undefined && variant !== own);
}

/** Checks settings that are complete, as `settings.json` holds them. */
export function parseSettings(value: unknown): Settings {
  const result = load().schema.safeParse(value);
  if (result.success) return result.data;
  const { issues } = result.error;
  throw new UsageError(
    explain(issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0], value),
  );
}

/**
 * Objects of another kind (`schedule.kind`, `crop.from`) replace each other, others are merged key
 * by key.
 */
function merge(
  base: Readonly<Record<string, unknown>>,
  over: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key];
    merged[key] =
      isObject(before) && isObject(value) && sameKind(before, value) ? merge(before, value) : value;
  }
  return merged;
}

function sameKind(
  before: Readonly<Record<string, unknown>>,
  value: Readonly<Record<string, unknown>>,
): boolean {
  return ['kind', 'from'].every((key) => !(key in value) || value[key] === before[key]);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function explain(issue: zod.core.$ZodIssue | undefined, value: unknown): string {
  if (issue === undefined) return 'The settings are not valid.';
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys')
    return unknownKey(path, issue.keys[0] ?? '', known(issue.path));
  const found = issue.path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null
        ? (inner as Record<PropertyKey, unknown>)[key]
        : undefined,
    value,
  );
  return `The setting "${path}" is not valid: found ${found === undefined ? 'nothing' : JSON.stringify(found)}. ${issue.message.replace(/\.?$/, '.')}`;
}

function unknownKey(path: string, key: string, candidates: readonly string[]): string {
  const guess = nearest(key, candidates);
  const where = path === '' ? '' : ` in "${path}"`;
  const list =
    candidates.length === 0
      ? ''
      : ` The settings${where === '' ? '' : ' there'} are: ${candidates.join(', ')}.`;
  return `There is no setting "${key}"${where}. ${guess === undefined ? '' : `Did you mean "${guess}"?`}${list}`.replace(
    '. The',
    '. The',
  );
}

/** The keys that an object at `path` of the settings may have, of all its kinds together. */
function known(path: readonly PropertyKey[]): string[] {
  const { z, schema } = load();
  let schemas: zod.core.$ZodType[] = [schema];
  for (const key of path)
    schemas = schemas
      .flatMap(variantsOf)
      .flatMap((inner) =>
        inner instanceof z.ZodObject && String(key) in inner.shape
          ? [inner.shape[String(key)] as zod.core.$ZodType]
          : [],
      );
  return [
    ...new Set(
      schemas
        .flatMap(variantsOf)
        .flatMap((inner) => (inner instanceof z.ZodObject ? Object.keys(inner.shape) : [])),
    ),
  ];
}

/** The objects inside an optional, a nullable or a union. */
function variantsOf(schema: zod.core.$ZodType): zod.core.$ZodType[] {
  const { z } = load();
  if (
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodExactOptional ||
    schema instanceof z.ZodReadonly
  )
    return variantsOf(schema.unwrap());
  if (schema instanceof z.ZodDiscriminatedUnion || schema instanceof z.ZodUnion)
    return schema.options.flatMap((option) => variantsOf(option));
  return [schema];
}
