import type { Augmentation, ColourNoise } from '../../data/augmentation.ts';
import { UsageError, nearest } from '../../errors.ts';
import { parseNetwork } from '../../network/json.ts';
import type { Network } from '../../network/layer.ts';
import { variants } from '../../network/variants.ts';
import type { Variant } from '../../network/variants.ts';
import {
  anything,
  choice,
  either,
  flawsOf,
  keysAt,
  kinds,
  list,
  nullable,
  number,
  object,
  ordered,
  text,
} from './rules.ts';
import type { Flaw, Rule } from './rules.ts';

/** Everything that decides what a run computes, but the data and the engine. */
export interface Settings {
  /** The recipe that these settings started from. */
  readonly recipe: string;
  /** Null: `network`, or else the network of the model in `from`. */
  readonly variant: Variant | null;
  /**
   * Any network instead of a variant; its last dense layer gets an output for each class.
   */
  readonly network?: Network;
  /** Height and width of the network's input; null: the variant's own. */
  readonly input: number | null;
  /** Factor on the number of kernels and dense units. */
  readonly width: number;
  /**
   * Where weights start: the variant's own rule, or He et al. 2015: N(0, √(2/fan-in)), biases 0,
   * the last layer small.
   */
  readonly initial: 'variant' | 'he';
  /** Rate of all dropout layers; null: the variant's own. */
  readonly dropout: number | null;
  readonly epochs: number;
  /** Pictures in a step. */
  readonly batch: number;
  /**
   * Pictures that are in the engine at once, gradients being summed over a step's; null: the whole
   * batch.
   */
  readonly microBatch: number | null;
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly schedule: Schedule;
  /** Of the biases' rate, where it has one of its own. */
  readonly biasSchedule?: Schedule;
  /**
   * Where ε stands: `inside` the velocity (default: the paper, Caffe), or `outside` (PyTorch), so
   * that a change of ε takes hold of the whole velocity at once. They are the same while ε stays.
   */
  readonly momentumForm?: 'inside' | 'outside';
  /** Epochs over which the rate rises from nothing. */
  readonly warmup: number;
  readonly labelSmoothing: number;
  /** The largest norm of a step's gradient; null: not clipped. */
  readonly clip: number | null;
  /**
   * A moving average of the weights, which is what is then evaluated and kept: taken every so many
   * steps; null: none.
   */
  readonly average: { readonly decay: number; readonly every: number } | null;
  /** Ends the run after so many epochs without a better validation; null: never. */
  readonly patience: number | null;
  /** The share of the training pictures kept for validation where the data has no `val`. */
  readonly holdOut: number;
  readonly checkpointMinutes: number;
  readonly augmentation: Augmentation;
  readonly preprocessing: PreprocessingSettings;
  readonly seed: number;
  readonly precision: 'f32' | 'bf16';
  /** A model file whose layers are taken over where they fit; null: from scratch. */
  readonly from: string | null;
  /** Layers that stay as they are. */
  readonly freeze: readonly string[];
  /** Factor on the learning rate of layers that were taken over. */
  readonly oldRate: number;
}

/**
 * - `steps`: ×factor after every so many epochs;
 * - `drops`: ×factor after each of these epochs;
 * - `exponential`: in so many steps of equal length the rate falls to the base divided by
 * `divisor`,   each step by the same factor (cuda-convnet's `dexp`);
 * - `plateau`: ×factor when validation's error has not fallen for `patience` epochs; after `drops`
 *   of them and as long again without gain, the run ends;
 * - `cosine`: half a cosine from the rate to `floor` times the rate over the whole run.
 */
export type Schedule =
  | { readonly kind: 'constant' }
  | { readonly kind: 'steps'; readonly every: number; readonly factor: number }
  | { readonly kind: 'drops'; readonly at: readonly number[]; readonly factor: number }
  | { readonly kind: 'exponential'; readonly steps: number; readonly divisor: number }
  | {
      readonly kind: 'plateau';
      readonly factor: number;
      readonly patience: number;
      readonly drops: number;
    }
  | { readonly kind: 'cosine'; readonly floor: number };

type Triple = readonly [number, number, number];

export interface PreprocessingSettings {
  readonly resize: 'shorterSide' | 'warp';
  /**
   * Pixels the picture is resized to; null: 256 for inputs of 224 to 256, in that proportion for
   * others.
   */
  readonly size: number | null;
  readonly channels: 'RGB' | 'BGR';
  readonly scale: number;
  /**
   * `image`, `imageAtCrop`, `colour`: the training pictures' own; or one number per channel in
   * units of pixel · scale, in the order of `channels`. Of an image the centre is taken off every
   * crop (the authors' code); or `AtCrop` what lies under it, mirrored with it (Caffe).
   */
  readonly mean: 'image' | 'imageAtCrop' | 'colour' | Triple;
  readonly deviation: 'colour' | Triple;
}

const whole = number({ whole: true, above: 0 });
const positive = number({ above: 0 });
const notNegative = number({ atLeast: 0 });
const fraction = number({ atLeast: 0, atMost: 1 });
const belowOne = number({ atLeast: 0, below: 1 });
const triple = list(number(), 3);
const range = list(positive, 2);

const augmentationRule = object<Augmentation>(
  {
    crop: kinds('from', {
      centre: {},
      square: {},
      picture: {},
      resized: { area: range, aspect: range },
      original: { area: range, aspect: range, kept: whole },
    }),
    mirror: fraction,
    chunk: whole,
    pca: object<ColourNoise>(
      {
        deviation: notNegative,
        scale: choice('eigenvalue', 'deviation'),
        until: number({ whole: true, atLeast: 0 }),
      },
      ['scale', 'until'],
    ),
    jitter: object<NonNullable<Augmentation['jitter']>>(
      { brightness: fraction, contrast: fraction, saturation: fraction },
      ['brightness', 'contrast', 'saturation'],
    ),
    grey: fraction,
    erase: object<NonNullable<Augmentation['erase']>>({ chance: fraction, area: range }),
  },
  ['mirror', 'chunk', 'pca', 'jitter', 'grey', 'erase'],
);

const scheduleRule = kinds('kind', {
  constant: {},
  steps: { every: positive, factor: fraction },
  drops: { at: list(positive), factor: fraction },
  exponential: { steps: number({ whole: true, atLeast: 2 }), divisor: positive },
  plateau: { factor: fraction, patience: whole, drops: number({ whole: true, atLeast: 0 }) },
  cosine: { floor: fraction },
});

const preprocessingRule = object<PreprocessingSettings>({
  resize: choice('shorterSide', 'warp'),
  size: nullable(whole),
  channels: choice('RGB', 'BGR'),
  scale: positive,
  mean: either(
    'Expected "image", "imageAtCrop", "colour" or three numbers',
    choice('image', 'imageAtCrop', 'colour'),
    triple,
  ),
  deviation: either('Expected "colour" or three numbers', choice('colour'), triple),
});

const settingsFields: { readonly [Key in keyof Settings]-?: Rule } = {
  recipe: text,
  variant: nullable(choice(...Object.keys(variants))),
  network: anything,
  input: nullable(whole),
  width: positive,
  initial: choice('variant', 'he'),
  dropout: nullable(belowOne),
  epochs: whole,
  batch: whole,
  microBatch: nullable(whole),
  learningRate: positive,
  momentum: belowOne,
  weightDecay: notNegative,
  schedule: scheduleRule,
  biasSchedule: scheduleRule,
  momentumForm: choice('inside', 'outside'),
  warmup: notNegative,
  labelSmoothing: belowOne,
  clip: nullable(positive),
  average: nullable(
    object<NonNullable<Settings['average']>>({
      decay: number({ above: 0, below: 1 }),
      every: whole,
    }),
  ),
  patience: nullable(whole),
  holdOut: number({ atLeast: 0, atMost: 0.5 }),
  checkpointMinutes: positive,
  augmentation: augmentationRule,
  preprocessing: preprocessingRule,
  seed: number({ whole: true, atLeast: 0 }),
  precision: choice('f32', 'bf16'),
  from: nullable(text),
  freeze: list(text),
  oldRate: notNegative,
};

const settingsRule = object<Settings>(settingsFields, ['network', 'biasSchedule', 'momentumForm']);

/**
 * Checks settings that are complete, as `settings.json` holds them.
 * @throws {UsageError} for unknown keys, with the nearest known one, and for values out of range,
 * with what was found.
 */
export function parseSettings(value: unknown): Settings {
  const flaws = [...flawsOf(settingsRule, value)];
  const flaw = flaws.find(({ unknownKey }) => unknownKey !== undefined) ?? flaws[0];
  if (flaw !== undefined) throw new UsageError(explain(flaw, value));
  const settings = ordered(settingsRule, value) as Settings;
  if (settings.momentumForm === 'outside' && settings.biasSchedule !== undefined)
    throw new UsageError(
      'The settings "momentumForm": "outside" and "biasSchedule" cannot stand together: the ' +
        'velocities of weights and biases would have to be changed apart. Leave one of them out.',
    );
  if (settings.network === undefined) return settings;
  return { ...settings, network: networkAlone(settings, settings.network) };
}

/** A network is all of itself: what else would decide on it is refused. */
function networkAlone({ variant, input, width }: Settings, network: Network): Network {
  const others = { variant, input, width: width === 1 ? null : width };
  const [other] = Object.entries(others).find(([, value]) => value !== null) ?? [];
  if (other !== undefined)
    throw new UsageError(
      `The settings "network" and "${other}" cannot stand together: a network is given whole. ` +
        'Leave one of them out.',
    );
  return parseNetwork(network);
}

function explain({ path, unknownKey, expected }: Flaw, value: unknown): string {
  if (unknownKey !== undefined) return explainUnknownKey(path, unknownKey);
  const found = path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null
        ? (inner as Readonly<Record<string, unknown>>)[key]
        : undefined,
    value,
  );
  const shown = found === undefined ? 'nothing' : JSON.stringify(found);
  return `The setting "${path.join('.')}" is not valid: found ${shown}. ${expected}.`;
}

function explainUnknownKey(path: readonly string[], key: string): string {
  const known = keysAt(settingsRule, path);
  const guess = nearest(key, known);
  const inside = path.length > 0;
  return [
    `There is no setting "${key}"${inside ? ` in "${path.join('.')}"` : ''}.`,
    ...(guess === undefined ? [] : [`Did you mean "${guess}"?`]),
    `The settings${inside ? ' there' : ''} are: ${known.join(', ')}.`,
  ].join(' ');
}
