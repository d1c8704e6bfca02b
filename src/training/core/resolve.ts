import { UsageError, nearest } from '../../errors.ts';
import { recipes } from './recipes.ts';
import type { RecipeName } from './recipes.ts';
import { parseSettings } from './settings.ts';
import type { Settings } from './settings.ts';

/**
 * Some of the settings; those inside an object (`augmentation`, `preprocessing`, …) one by one too.
 */
export type SettingsOverrides =
  { readonly [K in keyof Settings]?: Settings[K] } | Readonly<Record<string, unknown>>;

/** @throws {UsageError} with the list of recipes and the nearest name. */
export function parseRecipe(name: string): RecipeName {
  if (Object.hasOwn(recipes, name)) return name as RecipeName;
  const known = Object.keys(recipes);
  const guess = nearest(name, known);
  throw new UsageError(
    [
      `There is no recipe "${name}".`,
      ...(guess === undefined ? [] : [`Did you mean "${guess}"?`]),
      `The recipes are: ${known.join(', ')}.`,
    ].join(' '),
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
  const { from, network } = overrides as Readonly<Record<string, unknown>>;
  const variant = from == null && network === undefined ? base.variant : null;
  const own = {
    ...base,
    ...perRun,
    variant,
    input: isOtherNetwork(overrides, variant) ? null : base.input,
  };
  return parseSettings({ ...mergeSettings(own, overrides), recipe: name });
}

/** The size of input that a recipe names is meant for the recipe's own network. */
function isOtherNetwork(
  { variant }: { readonly variant?: unknown },
  own: Settings['variant'],
): boolean {
  return own === null || (variant !== undefined && variant !== own);
}

/**
 * Objects of another kind (`schedule.kind`, `crop.from`) replace each other, others are merged key
 * by key.
 */
export function mergeSettings(
  base: Readonly<Record<string, unknown>>,
  over: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    // It would not become a key of its own, and so not be refused as one that is not known.
    if (key === '__proto__') throw new UsageError(`There is no setting "${key}".`);
    const before = Object.hasOwn(merged, key) ? merged[key] : undefined;
    merged[key] =
      isObject(before) && isObject(value) && sameKind(before, value)
        ? mergeSettings(before, value)
        : value;
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
