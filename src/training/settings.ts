import { z } from 'zod';
import type { Augmentation } from '../data/augmentation.ts';
import { UsageError, nearest } from '../errors.ts';
import { variants } from '../network/variants.ts';
import type { Variant } from '../network/variants.ts';
import { recipes } from './recipes.ts';
import type { RecipeName } from './recipes.ts';

const whole = z.int().positive();
const positive = z.number().positive();
const fraction = z.number().min(0).max(1);
const triple = z.tuple([z.number(), z.number(), z.number()]).readonly();
const range = z.tuple([positive, positive]).readonly();

const crop = z.discriminatedUnion('from', [
  z.strictObject({ from: z.literal('square') }),
  z.strictObject({ from: z.literal('picture') }),
  z.strictObject({ from: z.literal('resized'), area: range, aspect: range }),
]);

const augmentation = z.strictObject({
  crop,
  mirror: fraction.exactOptional(),
  pca: z.strictObject({ deviation: z.number().min(0) }).exactOptional(),
  jitter: z.strictObject({ brightness: fraction.exactOptional(), contrast: fraction.exactOptional(), saturation: fraction.exactOptional() }).exactOptional(),
  grey: fraction.exactOptional(),
  erase: z.strictObject({ chance: fraction, area: range }).exactOptional(),
}) satisfies z.ZodType<Augmentation>;

const schedule = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant') }),
  /** ×factor after every so many epochs. */
  z.strictObject({ kind: z.literal('steps'), every: positive, factor: fraction }),
  /** ×factor when validation's error has not fallen for `patience` epochs; after `drops` of them and as long again without gain, the run ends. */
  z.strictObject({ kind: z.literal('plateau'), factor: fraction, patience: whole, drops: z.int().min(0) }),
  /** Half a cosine from the rate to `floor` times the rate over the whole run. */
  z.strictObject({ kind: z.literal('cosine'), floor: fraction }),
]);

const preprocessing = z.strictObject({
  resize: z.enum(['shorterSide', 'warp']),
  /** Pixels the picture is resized to; null: 256 for inputs of 224 to 256, in that proportion for others. */
  size: whole.nullable(),
  channels: z.enum(['RGB', 'BGR']),
  scale: positive,
  /** `image`, `colour`: the training pictures' own; or one number a channel in units of pixel · scale, in the order of `channels`. */
  mean: z.union([z.enum(['image', 'colour']), triple]),
  deviation: z.union([z.literal('colour'), triple]),
});

export const settingsSchema = z.strictObject({
  /** The recipe that these settings started from. */
  recipe: z.string(),
  /** Null: the network of the model in `from`. */
  variant: z.enum(Object.keys(variants) as [Variant, ...Variant[]]).nullable(),
  /** Height and width of the network's input; null: the variant's own. */
  input: whole.nullable(),
  /** Factor on the number of kernels and dense units. */
  width: positive,
  /** Where weights start: the variant's own rule, or He et al. 2015: N(0, √(2/fan-in)), biases 0, the last layer small. */
  initial: z.enum(['variant', 'he']),
  /** Rate of all dropout layers; null: the variant's own. */
  dropout: z.number().min(0).lt(1).nullable(),
  epochs: whole,
  /** Pictures in a step. */
  batch: whole,
  /** Pictures that are in the engine at once, gradients being summed over a step's; null: the whole batch. */
  microBatch: whole.nullable(),
  learningRate: positive,
  momentum: z.number().min(0).lt(1),
  weightDecay: z.number().min(0),
  schedule,
  /** Epochs over which the rate rises from nothing. */
  warmup: z.number().min(0),
  labelSmoothing: z.number().min(0).lt(1),
  /** The largest norm of a step's gradient; null: not clipped. */
  clip: positive.nullable(),
  /** A moving average of the weights, which is what is then evaluated and kept: taken every so many steps; null: none. */
  average: z.strictObject({ decay: z.number().gt(0).lt(1), every: whole }).nullable(),
  /** Ends the run after so many epochs without a better validation; null: never. */
  patience: whole.nullable(),
  /** The share of the training pictures kept for validation where the data has no `val`. */
  holdOut: z.number().min(0).max(0.5),
  checkpointMinutes: positive,
  augmentation,
  preprocessing,
  seed: z.int().min(0),
  precision: z.enum(['f32', 'bf16']),
  /** A model file whose layers are taken over where they fit; null: from scratch. */
  from: z.string().nullable(),
  /** Layers that stay as they are. */
  freeze: z.array(z.string()).readonly(),
  /** Factor on the learning rate of layers that were taken over. */
  oldRate: z.number().min(0),
});

/** Everything that decides what a run computes, but the data and the engine. */
export type Settings = Readonly<z.infer<typeof settingsSchema>>;

/** Some of the settings; those inside an object (`augmentation`, `preprocessing`, …) one by one too. */
export type SettingsOverrides = { readonly [K in keyof Settings]?: Settings[K] } | Readonly<Record<string, unknown>>;

/** @throws {UsageError} with the list of recipes and the nearest name. */
export function parseRecipe(name: string): RecipeName {
  if (Object.hasOwn(recipes, name)) return name as RecipeName;
  const guess = nearest(name, Object.keys(recipes));
  throw new UsageError(`There is no recipe "${name}". ${guess === undefined ? '' : `Did you mean "${guess}"? `}The recipes are: ${Object.keys(recipes).join(', ')}.`);
}

const perRun = { seed: 1, precision: 'f32', from: null, freeze: [], oldRate: 0.1 } as const;

/**
 * A recipe with overrides, checked.
 * @throws {UsageError} for unknown keys, with the nearest known one, and for values out of range, with what was found.
 */
export function resolveSettings(recipe: string, overrides: SettingsOverrides = {}): Settings {
  const name = parseRecipe(recipe);
  const { about: _, ...base } = recipes[name];
  const variant = overrides['from' as const] == null ? base.variant : null;
  return parseSettings({ ...merge({ ...base, ...perRun, variant }, overrides), recipe: name });
}

/** Checks settings that are complete, as `settings.json` holds them. */
export function parseSettings(value: unknown): Settings {
  const result = settingsSchema.safeParse(value);
  if (result.success) return result.data;
  const { issues } = result.error;
  throw new UsageError(explain(issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0], value));
}

/** Objects of another kind (`schedule.kind`, `crop.from`) replace each other, others are merged key by key. */
function merge(base: Readonly<Record<string, unknown>>, over: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key];
    merged[key] = isObject(before) && isObject(value) && sameKind(before, value) ? merge(before, value) : value;
  }
  return merged;
}

function sameKind(before: Readonly<Record<string, unknown>>, value: Readonly<Record<string, unknown>>): boolean {
  return ['kind', 'from'].every((key) => !(key in value) || value[key] === before[key]);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function explain(issue: z.core.$ZodIssue | undefined, value: unknown): string {
  if (issue === undefined) return 'The settings are not valid.';
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') return unknownKey(path, issue.keys[0] ?? '', known(issue.path));
  const found = issue.path.reduce<unknown>((inner, key) => (typeof inner === 'object' && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined), value);
  return `The setting "${path}" is not valid: found ${found === undefined ? 'nothing' : JSON.stringify(found)}. ${issue.message.replace(/\.?$/, '.')}`;
}

function unknownKey(path: string, key: string, candidates: readonly string[]): string {
  const guess = nearest(key, candidates);
  const where = path === '' ? '' : ` in "${path}"`;
  const list = candidates.length === 0 ? '' : ` The settings${where === '' ? '' : ' there'} are: ${candidates.join(', ')}.`;
  return `There is no setting "${key}"${where}. ${guess === undefined ? '' : `Did you mean "${guess}"?`}${list}`.replace('. The', '. The');
}

/** The keys that an object at `path` of the settings may have, of all its kinds together. */
function known(path: readonly PropertyKey[]): string[] {
  let schemas: z.core.$ZodType[] = [settingsSchema];
  for (const key of path) schemas = schemas.flatMap(variantsOf).flatMap((schema) => (schema instanceof z.ZodObject && String(key) in schema.shape ? [schema.shape[String(key)] as z.core.$ZodType] : []));
  return [...new Set(schemas.flatMap(variantsOf).flatMap((schema) => (schema instanceof z.ZodObject ? Object.keys(schema.shape) : [])))];
}

/** The objects inside an optional, a nullable or a union. */
function variantsOf(schema: z.core.$ZodType): z.core.$ZodType[] {
  if (schema instanceof z.ZodNullable || schema instanceof z.ZodOptional || schema instanceof z.ZodExactOptional || schema instanceof z.ZodReadonly) return variantsOf(schema.unwrap());
  if (schema instanceof z.ZodDiscriminatedUnion || schema instanceof z.ZodUnion) return schema.options.flatMap((option) => variantsOf(option));
  return [schema];
}
