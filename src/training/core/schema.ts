import type * as zod from 'zod';
import type { Augmentation } from '../../data/augmentation.ts';
import { variants } from '../../network/variants.ts';
import type { Variant } from '../../network/variants.ts';

/**
 * The schema of {@link Settings}, one long declaration. It is handed zod instead of importing it,
 * because zod takes longer to load than everything else behind the package's door.
 */
export function makeSettingsSchema(z: typeof zod) {
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
    jitter: z
      .strictObject({
        brightness: fraction.exactOptional(),
        contrast: fraction.exactOptional(),
        saturation: fraction.exactOptional(),
      })
      .exactOptional(),
    grey: fraction.exactOptional(),
    erase: z.strictObject({ chance: fraction, area: range }).exactOptional(),
  }) satisfies zod.ZodType<Augmentation>;

  const schedule = z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('constant') }),
    /** ×factor after every so many epochs. */
    z.strictObject({ kind: z.literal('steps'), every: positive, factor: fraction }),
    /**
     * ×factor when validation's error has not fallen for `patience` epochs; after `drops` of them
     * and as long again without gain, the run ends.
     */
    z.strictObject({
      kind: z.literal('plateau'),
      factor: fraction,
      patience: whole,
      drops: z.int().min(0),
    }),
    /** Half a cosine from the rate to `floor` times the rate over the whole run. */
    z.strictObject({ kind: z.literal('cosine'), floor: fraction }),
  ]);

  const preprocessing = z.strictObject({
    resize: z.enum(['shorterSide', 'warp']),
    /**
     * Pixels the picture is resized to; null: 256 for inputs of 224 to 256, in that proportion for
     * others.
     */
    size: whole.nullable(),
    channels: z.enum(['RGB', 'BGR']),
    scale: positive,
    /**
     * `image`, `colour`: the training pictures' own; or one number a channel in units of pixel ·
     * scale, in the order of `channels`.
     */
    mean: z.union([z.enum(['image', 'colour']), triple]),
    deviation: z.union([z.literal('colour'), triple]),
  });

  return z.strictObject({
    /** The recipe that these settings started from. */
    recipe: z.string(),
    /** Null: the network of the model in `from`. */
    variant: z.enum(Object.keys(variants) as [Variant, ...Variant[]]).nullable(),
    /** Height and width of the network's input; null: the variant's own. */
    input: whole.nullable(),
    /** Factor on the number of kernels and dense units. */
    width: positive,
    /**
     * Where weights start: the variant's own rule, or He et al. 2015: N(0, √(2/fan-in)), biases 0,
     * the last layer small.
     */
    initial: z.enum(['variant', 'he']),
    /** Rate of all dropout layers; null: the variant's own. */
    dropout: z.number().min(0).lt(1).nullable(),
    epochs: whole,
    /** Pictures in a step. */
    batch: whole,
    /**
     * Pictures that are in the engine at once, gradients being summed over a step's; null: the
     * whole batch.
     */
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
    /**
     * A moving average of the weights, which is what is then evaluated and kept: taken every so
     * many steps; null: none.
     */
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
}
