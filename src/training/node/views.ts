import { realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import { samplesOf } from '../../data/dataset.ts';
import type { Dataset } from '../../data/dataset.ts';
import { openWorkers } from '#workers';
import { measureColours } from '../../data/measure.ts';
import type { MeasureOptions, Measured } from '../../data/measure.ts';
import { openDataset } from '../../data/node/open.ts';
import { epochOrder } from '../../data/order.ts';
import { finishDataset } from '../../data/split.ts';
import type { ViewPlan } from '../../data/view.ts';
import { UsageError } from '../../errors.ts';
import { loadPicture } from '../../images/preprocess.ts';
import { importWeights } from '../../model/import.ts';
import type { Model } from '../../model/model.ts';
import { counted } from '../../text.ts';
import { blueprintOf } from '../core/blueprint.ts';
import { inputsFor, sizeFor } from '../core/inputs.ts';
import { recipes } from '../core/recipes.ts';
import type { RecipeName } from '../core/recipes.ts';
import { mergeSettings, resolveSettings } from '../core/resolve.ts';
import type { SettingsOverrides } from '../core/resolve.ts';
import type { Settings } from '../core/settings.ts';

/** How one photograph goes into training. */
export interface PhotographViews {
  /** Whose training: of a recipe, or of a model. */
  readonly name: string;
  readonly settings: Settings;
  readonly plan: ViewPlan;
  /** Which of the dataset's samples the photograph is, or stands for. */
  readonly sample: number;
  /** In an epoch, counted from 0. */
  readonly inEpoch: (epoch: number) => InEpoch;
  /** What one should know. */
  readonly remarks: readonly string[];
}

export interface InEpoch {
  /** The sample whose crop and mirror image it shares: its own, or the first of its chunk. */
  readonly leader: number;
  /** Whether the epoch shows it: a last batch that is not full is left out. */
  readonly shown: boolean;
}

export interface ViewsOptions {
  /** A recipe's name, or a model that was trained by `train`. */
  readonly of: { readonly recipe: string } | { readonly model: string };
  /** Of a model that does not say how it was trained: by which recipe it is looked at. */
  readonly recipe?: string;
  /** What differs from the recipe, or from the model's settings. */
  readonly settings?: SettingsOverrides;
  readonly seed?: number;
  /** What is trained on. The photograph is then the sample that it is there. */
  readonly data?: string;
  readonly depth?: number;
  /** Of one picture: more are refused. Default 100 million. */
  readonly maximumPixels?: number;
  /** Before training's colours are measured, which takes time. */
  readonly onMeasure?: (pictures: number) => void;
}

/**
 * How training by a recipe, or as a model was trained, takes a photograph in.
 * @throws {AlexNetError} where the model does not say how it was trained.
 */
export async function photographViews(
  file: string,
  options: ViewsOptions,
): Promise<PhotographViews> {
  await refuseUnreadable(file, options);
  const { name, model, settings } = await settingsFor(options);
  const { holdOut, seed } = settings;
  const { depth } = options;
  const dataset =
    options.data === undefined
      ? undefined
      : await openDataset(options.data, { holdOut, seed, ...(depth !== undefined && { depth }) });
  const found = dataset === undefined ? 0 : await sampleOf(dataset, file);
  const { plan, batch, measured } = await planFor(
    settings,
    model,
    dataset ?? (await alone(file)),
    options,
  );
  const remarks = [
    ...(measured && dataset === undefined ? [measuredAlone] : []),
    ...(dataset === undefined ? [] : placeRemarks(dataset, found, file)),
  ];
  const sample = found ?? dataset?.samples.length ?? 0;
  const order = dataset === undefined ? undefined : samplesOf(dataset, 'train');
  const inEpoch = (epoch: number): InEpoch =>
    order?.includes(sample) === true
      ? placeIn(epochOrder(order, seed, epoch), sample, batch, settings)
      : { leader: sample, shown: true };
  return { name, settings, plan, sample, inEpoch, remarks };
}

/** What is wrong with the photograph is told as such, not as a dataset's trouble. */
async function refuseUnreadable(file: string, { maximumPixels }: ViewsOptions): Promise<void> {
  const resize = { how: 'shorterSide', size: 16 } as const;
  await loadPicture(file, { resize, ...(maximumPixels !== undefined && { maximumPixels }) });
}

const measuredAlone =
  'Colours were measured on this photograph alone, where training measures all of its own: ' +
  'give them with --data DIR.';

async function settingsFor({
  of,
  recipe,
  settings: overrides = {},
  seed,
}: ViewsOptions): Promise<{ name: string; model: Model | undefined; settings: Settings }> {
  const withSeed = seed === undefined ? overrides : { ...overrides, seed };
  if ('recipe' in of) {
    const settings = resolveSettings(of.recipe, withSeed);
    const { variant, network, from } = settings;
    const needed = variant === null && network === undefined && from !== null;
    const model = needed ? (await importWeights(from)).model : undefined;
    return { name: `recipe ${of.recipe}`, model, settings };
  }
  const { model } = await importWeights(of.model);
  const own = recipe === undefined ? settingsIn(model, of.model) : { recipe };
  const merged = mergeSettings(own, withSeed);
  const settings = resolveSettings(recipe ?? String(own['recipe']), merged);
  return { name: basename(of.model), model, settings };
}

/** What `train` writes into its models. */
function settingsIn({ provenance }: Model, file: string): Record<string, unknown> {
  const { settings } = provenance;
  if (typeof settings === 'string') return JSON.parse(settings) as Record<string, unknown>;
  throw new UsageError(
    `${file} does not say how it was trained, as models of alexnet train do. Name the recipe ` +
      'whose way with photographs is to be seen: --recipe torchvision.',
  );
}

async function planFor(
  settings: Settings,
  model: Model | undefined,
  dataset: Dataset,
  { onMeasure, maximumPixels }: ViewsOptions,
): Promise<{ plan: ViewPlan; batch: number; measured: boolean }> {
  const pictures = samplesOf(dataset, 'train').length;
  const { augmentation, seed } = settings;
  const classes = dataset.classes.length > 1 ? dataset.classes : ['one', 'another'];
  const { input, batch } =
    model === undefined
      ? blueprintOf({ settings, classes, pictures: Math.max(1, pictures) })
      : { input: model.preprocessing.crop, batch: Math.min(settings.batch, pictures) };
  let measured = false;
  const drawn = augmentation.pca !== undefined || augmentation.erase !== undefined;
  const inputs =
    model !== undefined && !drawn
      ? undefined
      : await inputsFor({ settings, model: undefined, input }, (resize, meanImage) => {
          measured = true;
          onMeasure?.(pictures);
          return measure(dataset, { resize, meanImage }, maximumPixels);
        });
  const { preprocessing, meanImage } = model ?? inputs!;
  const plan: ViewPlan = {
    preprocessing,
    augmentation,
    seed,
    ...(meanImage && { meanImage }),
    ...(inputs?.statistics && { statistics: inputs.statistics }),
  };
  return { plan, batch, measured };
}

async function measure(
  dataset: Dataset,
  wanted: MeasureOptions,
  maximumPixels: number | undefined,
): Promise<Measured> {
  const limit = maximumPixels !== undefined && { maximumPixels };
  const workers = await openWorkers({ cacheDirectory: null, cacheBytes: 0, ...limit });
  try {
    return await measureColours(dataset, { ...wanted, workers });
  } finally {
    await workers.close();
  }
}

/** A dataset of nothing else. */
async function alone(file: string): Promise<Dataset> {
  const sample = {
    source: { path: file },
    name: basename(file),
    label: 0,
    split: 'train',
  } as const;
  return finishDataset(
    { classes: ['photograph'], samples: [sample], remarks: [], kind: 'folder', root: file },
    {},
  );
}

async function sampleOf({ samples }: Dataset, file: string): Promise<number | undefined> {
  const own = await realpath(file);
  for (const [i, { source, name }] of samples.entries()) {
    if (source.offset !== undefined || basename(name) !== basename(file)) continue;
    if ((await realpath(source.path)) === own) return i;
  }
  return undefined;
}

function placeRemarks(
  { samples, provenance }: Dataset,
  found: number | undefined,
  file: string,
): string[] {
  if (found === undefined)
    return [
      `${basename(file)} is none of the ${counted(samples.length, 'picture')} of ` +
        `${provenance.root}: it is drawn for as if it were one more.`,
    ];
  const { split } = samples[found]!;
  if (split === 'train') return [];
  return [
    `${basename(file)} is kept for ${split === 'val' ? 'validation' : 'the test'}: training ` +
      'never sees it, and these are the views that it would have.',
  ];
}

function placeIn(
  order: Uint32Array,
  sample: number,
  batch: number,
  { augmentation: { chunk } }: Settings,
): InEpoch {
  const at = order.indexOf(sample);
  const leader = chunk === undefined ? sample : order[at - ((at % batch) % chunk)]!;
  const full = order.length - (order.length % batch);
  return { leader, shown: at < full || order.length < batch };
}

/** What each recipe does to photographs. */
export function recipeViews(): {
  readonly name: RecipeName;
  readonly how: 'shorterSide' | 'warp';
  readonly size: number;
  readonly crop: number;
  readonly augmentation: Settings['augmentation'];
}[] {
  return (Object.keys(recipes) as RecipeName[]).map((name) => {
    const settings = resolveSettings(name);
    const { input: crop } = blueprintOf({ settings, classes: ['one', 'another'], pictures: 1 });
    const { resize: how, size } = settings.preprocessing;
    const { augmentation } = settings;
    return { name, how, size: size ?? sizeFor(crop), crop, augmentation };
  });
}
