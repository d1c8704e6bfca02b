import type { BatchSource } from '../../data/batch-source.ts';
import type { Batches, BatchesOptions } from '../../data/batches.ts';
import { samplesOf } from '../../data/dataset.ts';
import type { Split } from '../../data/dataset.ts';
import type { Blueprint } from './blueprint.ts';
import { inputsFor } from './inputs.ts';
import type { Inputs } from './inputs.ts';
import type { DataOrigin } from './record.ts';

/** A dataset's pictures as training takes them: a part of what `trainNetwork` is given. */
export interface Pictures {
  readonly data: DataOrigin;
  readonly inputs: Inputs;
  readonly training: Batches;
  /** Undefined where nothing was held out. */
  readonly validation: Batches | undefined;
  /** Undefined where there are none. */
  readonly test: (() => Promise<Batches>) | undefined;
  /** The source stays open. */
  close(): Promise<void>;
}

/** Measures the training pictures where the settings ask for it, and opens all as batches. */
export async function openPictures(source: BatchSource, blueprint: Blueprint): Promise<Pictures> {
  const { settings, batch } = blueprint;
  const { dataset } = source;
  const inputs = await inputsFor(blueprint, (resize, meanImage) =>
    source.measureColours({ resize, meanImage }),
  );
  const opened: Batches[] = [];
  const open = async (split: Split, more: Partial<BatchesOptions>): Promise<Batches> => {
    const batches = await source.batches({ split, batch, ...inputs, ...more });
    opened.push(batches);
    return batches;
  };
  const close = async (): Promise<void> => {
    for (const batches of opened.splice(0).toReversed()) await batches.close();
  };
  const has = (split: Split): boolean => samplesOf(dataset, split).length > 0;
  const { seed, augmentation } = settings;
  try {
    return {
      data: dataset.provenance,
      inputs,
      training: await open('train', { seed, augmentation }),
      validation: has('val') ? await open('val', { seed }) : undefined,
      test: has('test')
        ? () => open('test', { batch: settings.batch, maximumFailures: 1 })
        : undefined,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
