import { openWorkers } from '#workers';
import { ensure } from '../errors.ts';
import { meanPlanes, movesWithCrop } from '../images/colour.ts';
import { checkCrops } from '../images/preprocess.ts';
import type { Preprocessing } from '../images/preprocessing.ts';
import { makeBuffer } from '../platform/buffer.ts';
import { readingFor } from './augmentation.ts';
import type { Augmentation } from './augmentation.ts';
import { samplesOf } from './dataset.ts';
import type { Dataset, Split } from './dataset.ts';
import { epochOrder } from './order.ts';
import type { ColourStatistics } from './statistics.ts';
import type { Failure, PictureStore } from './picture-store.ts';
import type { DataWorkers } from './workers.ts';

/** A batch that is ready for the engine. Its arrays are valid until the next one is asked for. */
export interface Batch {
  /** Its place in the epoch, from 0. */
  readonly number: number;
  /** `[size · crops, 3, crop, crop]`, over shared memory where there is such. */
  readonly images: Float32Array;
  /** `[size]`. */
  readonly labels: Int32Array;
  /** `[size]`: which of `dataset.samples`. */
  readonly indices: Int32Array;
  /**
   * How many pictures: the batch's length, fewer at the end of an epoch and where pictures could
   * not be read. Never 0.
   */
  readonly size: number;
  /** Milliseconds from asking for this batch to having it: what the pipeline cost the run. */
  readonly waited: number;
}

export interface BatchesOptions {
  readonly split: Split;
  /** Pictures in a batch. */
  readonly batch: number;
  readonly preprocessing: Preprocessing;
  /** `[3, resize.size, resize.size]` where `preprocessing.mean` names a tensor. */
  readonly meanImage?: Float32Array;
  /**
   * Training: pictures in an order drawn per epoch, and changed by chance. Without it: in the
   * dataset's order, centre or ten crops.
   */
  readonly augmentation?: Augmentation;
  /** Needed by `augmentation.pca` and `.erase`. */
  readonly statistics?: ColourStatistics;
  /** Without augmentation: 10 gives each picture's ten crops, one after another. Default 1. */
  readonly crops?: 1 | 10;
  /** Default 0. */
  readonly seed?: number;
  /**
   * Whether a last batch that is not full is given. Default: without augmentation yes, with it only
   * where it is the only one.
   */
  readonly partial?: boolean;
  /**
   * The share of the pictures that may be unreadable. Default 0.05; 1 to go on whatever happens.
   */
  readonly maximumFailures?: number;
  /** Batches made ahead. Default 2. */
  readonly prefetch?: number;
  /**
   * Shared by several `Batches`, so that they share the pictures kept; default: its own, closed
   * with it.
   */
  readonly workers?: DataWorkers;
}

/**
 * The batches of one split, epoch after epoch. Everything in them is a function of dataset, options
 * and epoch.
 */
export interface Batches {
  /** How many batches an epoch has. */
  readonly length: number;
  /** Samples in the split. */
  readonly samples: number;
  /** Pictures of this dataset that could not be read so far, each once. */
  readonly failures: readonly Failure[];
  /**
   * The batches number `from` (default 0) and up of an epoch, each the same bits whatever the
   * number of workers and wherever one starts. A batch whose pictures can all not be read is left
   * out. One epoch at a time.
   * @throws {AlexNetError} when more than `maximumFailures` of the samples cannot be read.
   */
  epoch(epoch: number, from?: number): AsyncGenerator<Batch, void, undefined>;
  /** Gives back the batches' memory; and the workers where they are its own. */
  close(): Promise<void>;
}

/**
 * Opens one split of a dataset as batches. @throws {AlexNetError} where the split is empty or the
 * options do not fit together.
 */
export async function openBatches(dataset: Dataset, options: BatchesOptions): Promise<Batches> {
  const { resize, crop } = options.preprocessing;
  const { pca, erase } = options.augmentation ?? {};
  const indices = samplesOf(dataset, options.split);
  ensure(
    indices.length > 0,
    () => `The dataset ${dataset.provenance.root} has no pictures for ${options.split}.`,
  );
  ensure(
    Number.isInteger(options.batch) && options.batch >= 1,
    `Expected a batch of at least 1 picture but found ${options.batch}.`,
  );
  ensure(
    crop <= resize.size,
    `Expected a crop no larger than the resized picture's ${resize.size} pixels but found ${crop}.`,
  );
  checkCrops(options.crops ?? 1);
  const cropFrom = options.augmentation?.crop.from ?? 'square';
  ensure(
    cropFrom === 'square' || !movesWithCrop(options.preprocessing),
    'Expected crops of the central square (crop.from "square"), because the mean image moves ' +
      `with the crop, but found "${cropFrom}".`,
  );
  ensure(
    !(pca || erase) || options.statistics !== undefined,
    'Colour noise and erasing need the colour statistics of the training pictures: ' +
      'measure them with measureColours().',
  );
  return new PictureBatches(dataset, indices, options, options.workers ?? (await openWorkers()));
}

/** Pictures in one task: small enough that the workers end a batch together. */
const imagesPerTask = 8;

class PictureBatches implements Batches {
  readonly length: number;
  readonly samples: number;
  readonly #indices: Uint32Array;
  readonly #options: BatchesOptions;
  readonly #workers: DataWorkers;
  readonly #store: PictureStore;
  readonly #slots: Float32Array[];
  readonly #plan: number;
  /** Numbers in one picture's input. */
  readonly #inputSize: number;
  #open = false;

  constructor(
    dataset: Dataset,
    indices: Uint32Array,
    options: BatchesOptions,
    workers: DataWorkers,
  ) {
    const {
      preprocessing,
      batch,
      augmentation,
      statistics,
      crops = 1,
      seed = 0,
      meanImage,
    } = options;
    const partial = options.partial ?? (augmentation === undefined || indices.length < batch);
    this.length = partial ? Math.ceil(indices.length / batch) : Math.floor(indices.length / batch);
    this.samples = indices.length;
    this.#indices = indices;
    this.#options = options;
    this.#workers = workers;
    this.#store = workers.store(dataset, readingFor(preprocessing, augmentation));
    this.#inputSize = (augmentation ? 1 : crops) * 3 * preprocessing.crop ** 2;
    const count = Math.max(1, Math.min(this.length, 1 + (options.prefetch ?? 2)));
    const slots = Array.from({ length: count }, () =>
      makeBuffer(Math.min(batch, indices.length) * this.#inputSize * 4),
    );
    this.#slots = slots.map((slot) => new Float32Array(slot));
    this.#plan = workers.addPlan({
      preprocessing,
      mean: meanPlanes(preprocessing, meanImage),
      augmentation,
      statistics,
      crops,
      seed,
      slots,
    });
  }

  get failures(): readonly Failure[] {
    const members = new Set(this.#indices);
    return this.#store.failures.filter(({ index }) => members.has(index));
  }

  async *epoch(epoch: number, from = 0): AsyncGenerator<Batch, void, undefined> {
    ensure(
      !this.#open,
      'Expected the epoch before to be over or left before another is begun: ' +
        'only one at a time can be read.',
    );
    this.#open = true;
    const order = this.#options.augmentation
      ? epochOrder(this.#indices, this.#options.seed ?? 0, epoch)
      : this.#indices;
    const free = this.#slots.map((_, slot) => slot);
    const coming: { slot: number; batch: Promise<Omit<Batch, 'waited'>> }[] = [];
    let next = from;
    const makeAhead = (): void => {
      while (free.length > 0 && next < this.length) {
        const slot = free.shift()!;
        const batch = this.#make(order, epoch, next++, slot);
        batch.catch(() => {}); // told when its turn comes
        coming.push({ slot, batch });
      }
    };
    try {
      for (let asked = performance.now(); ; asked = performance.now()) {
        makeAhead();
        const first = coming[0];
        if (!first) return;
        const batch = await first.batch;
        coming.shift();
        this.#store.refuseTooMany(this.#indices, this.#options.maximumFailures);
        if (batch.size > 0) yield { ...batch, waited: performance.now() - asked };
        free.push(first.slot);
      }
    } finally {
      await Promise.allSettled(coming.map(({ batch }) => batch));
      this.#open = false;
    }
  }

  async close(): Promise<void> {
    this.#workers.removePlan(this.#plan);
    if (!this.#options.workers) await this.#workers.close();
  }

  async #make(
    order: Uint32Array,
    epoch: number,
    number: number,
    slot: number,
  ): Promise<Omit<Batch, 'waited'>> {
    const { batch } = this.#options;
    const all = order.subarray(number * batch, (number + 1) * batch);
    const wanted = all.filter((index) => !this.#store.failed(index));
    const leaders = this.#leaders(all);
    const tasks: Promise<unknown>[] = [];
    for (let position = 0; position < wanted.length; position += imagesPerTask) {
      const part = wanted.subarray(position, position + imagesPerTask);
      const led = leaders?.slice(position, position + imagesPerTask);
      tasks.push(
        this.#workers.run(this.#store, part, {
          do: 'fill',
          plan: this.#plan,
          slot,
          epoch,
          position,
          ...(led && { leaders: led }),
        }),
      );
    }
    const ended = await Promise.allSettled(tasks);
    for (const end of ended) if (end.status === 'rejected') throw end.reason;
    return this.#assemble(wanted, number, slot);
  }

  /** Of a batch's pictures that can be read: the first of the chunk that each belongs to. */
  #leaders(all: Uint32Array): number[] | undefined {
    const chunk = this.#options.augmentation?.chunk;
    if (chunk === undefined) return undefined;
    const leaders = Array.from(all, (_, i) => all[i - (i % chunk)]!);
    return leaders.filter((_, i) => !this.#store.failed(all[i]!));
  }

  /** Closes the gaps of pictures that could not be read. */
  #assemble(wanted: Uint32Array, number: number, slot: number): Omit<Batch, 'waited'> {
    const { samples } = this.#store.dataset;
    const images = this.#slots[slot]!;
    const indices: number[] = [];
    wanted.forEach((index, position) => {
      if (this.#store.failed(index)) return;
      if (position !== indices.length)
        images.copyWithin(
          indices.length * this.#inputSize,
          position * this.#inputSize,
          (position + 1) * this.#inputSize,
        );
      indices.push(index);
    });
    const size = indices.length;
    return {
      number,
      size,
      images: images.subarray(0, size * this.#inputSize),
      labels: Int32Array.from(indices, (index) => samples[index]!.label),
      indices: Int32Array.from(indices),
    };
  }
}
